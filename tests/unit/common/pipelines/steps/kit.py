"""One step at a time: planned as it stands in a file, and run on the engine over small tables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from pydantic import TypeAdapter

from common.io import lake
from common.pipelines.expressions.types import Column, Columns, Type
from common.pipelines.steps import Planned, Scope, steps
from common.utils.marked_yaml import MarkedYaml
from common.utils.quoting import identifier
from common.utils.settings import Settings

NOW = datetime(2026, 1, 31, 8, tzinfo=UTC)
Rows = list[tuple[Any, ...]]
Given = Mapping[str, str]
"""Types of columns by name; ``!`` after one says that it is required, ``*`` that it is personal."""


def columns(given: Given) -> dict[str, Column]:
    return {name: Column(Type.of(text.strip("!*")), "!" in text, "*" in text) for name, text in given.items()}


def shown(found: Columns) -> dict[str, str]:
    """Columns as :func:`columns` takes them."""
    return {
        name: f"{column.type}{'!' * column.required}{'*' * column.personal}" for name, column in found.items()
    }


@dataclass
class Done:
    """A step that was planned.

    Attributes:
        problems: ``line:column: what``, of a file whose second line is ``  - <step>``.
    """

    planned: Planned
    problems: list[str]

    @property
    def columns(self) -> dict[str, str]:
        return shown(self.planned.columns)


@dataclass
class Bench:
    """Plans and runs steps."""

    engine: duckdb.DuckDBPyConnection
    folder: Path

    def plan(self, step: str, given: Given, tables: Mapping[str, Given] | None = None) -> Done:
        """A step as it stands in YAML, ``filter: quantity > 0``."""
        path = self.folder / "pipeline.yaml"
        path.write_text(f"steps:\n  - {step}\n", encoding="utf-8")
        file = MarkedYaml(path, plain=True)
        ((name, value),) = file.data["steps"][0].items()
        others = {other: columns(one) for other, one in (tables or {}).items()}
        scope = Scope(columns(given), others, file, ("steps", 0, name), NOW)
        planned = TypeAdapter(steps()[name]).validate_python(value).plan(scope)
        return Done(planned, [problem.removeprefix(f"{path}:") for problem in file.problems])

    def table(self, name: str, given: Given, rows: Sequence[Sequence[Any]]) -> None:
        """Puts a table into the engine."""
        texts = pa.table(
            {
                column: pa.array([None if row[at] is None else str(row[at]) for row in rows], pa.string())
                for at, column in enumerate(given)
            }
        )
        typed = ", ".join(
            f"CAST({identifier(column)} AS {one.type.sql}) AS {identifier(column)}"
            for column, one in columns(given).items()
        )
        self.engine.register("texts", texts)
        self.engine.execute(f"CREATE OR REPLACE TEMP TABLE {identifier(name)} AS SELECT {typed} FROM texts")

    def run(
        self,
        step: str,
        given: Given,
        rows: Sequence[Sequence[Any]],
        tables: Mapping[str, tuple[Given, Sequence[Sequence[Any]]]] | None = None,
        *,
        ordered: bool = False,
    ) -> Rows:
        """The rows that come of a step, sorted unless they are ``ordered``, of the types promised."""
        others = tables or {}
        done = self.plan(step, given, {name: one for name, (one, _) in others.items()})
        assert done.problems == []
        self.table("a { table", given, rows)
        for name, (one, theirs) in others.items():
            self.table(name, one, theirs)
        sql = done.planned.sql.format(input=identifier("a { table"))
        found = self.engine.sql(sql)
        promised = {name: column.type.sql for name, column in done.planned.columns.items()}
        given_types = {name: str(kind) for name, kind in zip(found.columns, found.types, strict=True)}
        assert given_types == {name: real(sql) for name, sql in promised.items()}
        assert found.columns == list(promised)
        result = found.fetchall()
        for at, column in enumerate(done.planned.columns.values()):
            assert not column.required or all(row[at] is not None for row in result)
        return result if ordered else sorted(result, key=repr)


def real(sql: str) -> str:
    """A type as the engine prints it."""
    return sql.replace(", ", ",").replace("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE")


@contextmanager
def bench(folder: Path) -> Iterator[Bench]:
    with lake.connect(Settings(home=folder)) as engine:
        yield Bench(engine, folder)
