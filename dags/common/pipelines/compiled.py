"""A pipeline as a subject's transforms: what :class:`common.verbs.subject.Transforms` asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import duckdb
import narwhals.stable.v2 as nw
import pyarrow as pa

from common.io.sources.settings import fingerprint
from common.pipelines.checked import Checked, checked
from common.pipelines.cleaning import clean
from common.pipelines.expressions.compiler import compiled
from common.pipelines.expressions.types import Column, Columns
from common.pipelines.format import Source
from common.pipelines.plan import columns_of
from common.pipelines.planner import plan
from common.pipelines.steps import DAY
from common.pipelines.values import filled
from common.transforms.operations import Frame, Records
from common.utils.contract import Field
from common.utils.quoting import identifier


def module(path: Path) -> Compiled:
    """The transforms of a pipeline's file.

    Raises:
        PipelineError: The file is wrong.
    """
    return Compiled(checked(path))


@dataclass(frozen=True)
class Compiled:
    """The transforms of one pipeline. Names are those of a module of transforms."""

    of: Checked

    @cached_property
    def SOURCES(self) -> Mapping[str, Records]:
        """What each source holds."""
        made = _made_of_them(self.of)
        return {name: _records(source, made) for name, source in self.of.pipeline.spec.sources.items()}

    @cached_property
    def GOLD(self) -> pa.Schema:
        """The columns of the collection."""
        return schema(self.of.plan.columns)

    @property
    def WHOLE(self) -> bool:
        """Whether all rows are computed each time."""
        return not self.of.plan.by_day

    def aggregate(self, silver: Mapping[str, Frame], as_of: datetime) -> Frame:
        """Gold: the rows that come of all steps.

        Raises:
            SettingsError: A value that a step names cannot be looked up.
        """
        pipeline = self.of.pipeline
        planned = plan(pipeline, as_of)
        assert planned is not None  # noqa: S101 (for the types: it was planned before)
        return run(silver, filled(planned.sql(), f"steps of {pipeline.name}"), planned.sources)

    def silver_totals(self, silver: Mapping[str, Frame]) -> Frame | None:
        """The totals over the first source; ``None`` where the file asks for none."""
        name = next(iter(self.of.plan.sources))
        return self._totals(silver[name], self.of.plan.sources[name], "source")

    def gold_totals(self, gold: Frame) -> Frame | None:
        """The same over the collection."""
        return self._totals(gold, self.of.plan.columns, "collection")

    def _totals(self, frame: Frame, columns: Columns, side: str) -> Frame | None:
        now = datetime(1970, 1, 1, tzinfo=UTC)  # a total of what depends on the clock would be none
        sums = {
            name: compiled(getattr(total, side), columns, now=now, groups=()).sql
            for name, total in self.of.pipeline.spec.totals.items()
        }
        if not sums:
            return None
        listed = ", ".join(f"{sql} AS {identifier(name)}" for name, sql in sums.items())
        sums_of_all: Frame = nw.from_native(frame.to_native().aggregate(listed))
        return sums_of_all


def run(silver: Mapping[str, Frame], sql: str, sources: Mapping[str, Columns]) -> Frame:
    """The rows that a plan's query gives.

    Args:
        silver: Of each source, all on one connection.
        sql: From :meth:`common.pipelines.plan.Plan.sql`.
        sources: Columns of each that the query sees.
    """
    ctes, relation = [], next(iter(silver.values())).to_native()
    for name, frame in silver.items():
        view = f"silver of {name}"  # no name of a source or of a table of the verbs has blanks
        frame.to_native().create_view(view, replace=True)
        listed = ", ".join(map(identifier, sources[name]))
        ctes.append(f"{identifier(name)} AS (SELECT {listed} FROM {identifier(view)})")  # noqa: S608 (quoted)
    query = f"WITH {', '.join(ctes)}, {sql.removeprefix('WITH ')}"
    found: duckdb.DuckDBPyRelation = relation.query("silver", query)
    rows: Frame = nw.from_native(found)
    return rows


def schema(columns: Columns) -> pa.Schema:
    """Columns as Arrow has them; all of them may be null, as gold before it is judged."""
    return pa.schema([_arrow(name, column) for name, column in columns.items()])


def _arrow(name: str, column: Column) -> pa.Field[Any]:
    kind = column.type
    return Field(name, kind.name, precision=max(kind.precision, 1), scale=kind.scale).arrow


def _made_of_them(of: Checked) -> str:
    """What becomes of records: where days are computed one by one, all of them must be by the same steps."""
    return fingerprint(of.pipeline.major, of.plan.sql() if of.plan.by_day else "")


def _records(source: Source, made: str) -> Records:
    fields = columns_of(source)
    day = [] if source.event_time else [pa.field(DAY, pa.date32())]
    return Records(
        tuple(source.fields),
        pa.schema([*day, *schema(fields)]),
        partial(clean, source),
        snapshot=not source.event_time,
        default=_settings(source, made),
        optional=tuple(name for name, field in source.fields.items() if field.optional),
        complete=True,
    )


def _settings(source: Source, made: str) -> dict[str, Any]:
    """What the environment would say of the source; values are looked up where it is read."""
    theirs = {name: field.name or name for name, field in source.fields.items()}
    said: dict[str, Any] = {name.upper(): value for name, value in source.settings.items()}
    types = [(name, field.type) for name, field in source.fields.items()]
    said["SHAPE"] = fingerprint(made, types, source.event_time)
    said |= {"SOURCE": source.kind, "COLUMNS": {name: one for name, one in theirs.items() if name != one}}
    if source.key:
        said["KEY"] = tuple(theirs[name] for name in source.key)
    if source.updated_at:
        said["UPDATED_AT"] = theirs[source.updated_at]
    return said
