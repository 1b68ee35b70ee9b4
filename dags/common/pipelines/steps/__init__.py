"""The steps of a pipeline. A step is one module of this folder, and its name there is its name in YAML.

The module has a class ``Step``: a pydantic model of what stands in YAML under the step's name, with a method
:meth:`Plan.plan` that says which columns come of it and by which SQL. No other place knows it.
"""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Protocol

from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

from common.pipelines.expressions.compiler import ExpressionError, Typed, compiled
from common.pipelines.expressions.literals import Value, sql_of
from common.pipelines.expressions.types import Column, Columns, Type
from common.utils.errors import did_you_mean
from common.utils.marked_yaml import MarkedYaml, Place
from common.utils.quoting import identifier

NAME = re.compile("[a-z][a-z0-9_]{0,62}")
DAY = "date"
"""The column by whose days a pipeline may be computed."""


def _text(value: object) -> object:
    """``true``, ``3`` and ``null`` are expressions, though YAML does not read them as texts."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    return repr(value) if isinstance(value, int | float) else value


Expression = Annotated[
    str, BeforeValidator(_text), WithJsonSchema({"type": ["string", "number", "boolean", "null"]})
]
"""An expression as it stands in YAML."""


@dataclass(frozen=True, slots=True)
class Planned:
    """What a step does.

    Attributes:
        columns: That come out of it.
        sql: A ``SELECT`` from ``{input}``, and from other tables by :meth:`Scope.table`'s names. A brace of
            its own is doubled.
        by_day: Rows of one day come from rows of the same day of its input alone.
    """

    columns: Columns
    sql: str
    by_day: bool = True


class Plan(Protocol):
    """A step with its parameters."""

    def plan(self, scope: Scope) -> Planned:
        """What comes of the step; what is wrong with it is reported to the scope, and planning goes on."""


class Model(BaseModel):
    """Base of what stands under a step's name as a mapping."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a step sees, and where it says what is wrong.

    Places are below the step: ``("by", 0)`` is the first of what stands under ``by``, ``()`` all of it.

    Attributes:
        columns: Of its input.
        tables: Columns of all sources and tables that it may name, beside its input.
        file: That it stands in.
        at: Where it stands.
        now: What ``now()`` is.
    """

    columns: Columns
    tables: Mapping[str, Columns]
    file: MarkedYaml
    at: Place
    now: datetime

    def report(self, place: Place, problem: str) -> None:
        """Notes that something is wrong."""
        self.file.report((*self.at, *place), problem)

    def column(self, place: Place, name: str, columns: Columns | None = None) -> Column | None:
        """A column of the input, or of other columns; ``None``, and a problem noted, where there is none.

        Of an input without columns nothing is noted: what is wrong there is noted already.
        """
        known = self.columns if columns is None else columns
        if known and name not in known:
            self.report(place, f"unknown column '{name}': {did_you_mean(name, known)}")
        return known.get(name)

    def those(self, place: Place, names: Iterable[str], columns: Columns | None = None) -> list[str]:
        """Those of a list of names that are columns, each once; the others are noted."""
        found = [
            name for at, name in enumerate(names) if self.column((*place, at), name, columns) is not None
        ]
        return list(dict.fromkeys(found))

    def new(self, place: Place, name: str) -> None:
        """Notes it where a name cannot be a column's."""
        if not NAME.fullmatch(name):
            problem = "must be small letters, digits and _, begin with a letter, and have at most 63 of them"
            self.report(place, f"the name '{name}' {problem}")

    def added(self, place: Place, name: str, columns: Collection[str]) -> None:
        """Notes it where a column cannot have its name, or one that it comes to has it already."""
        self.new(place, name)
        if name in columns:
            self.report(place, f"'{name}' is a column already: give this one another name")

    def table(self, place: Place, name: str) -> Columns:
        """The columns of another source or table; none, and a problem noted, where there is none."""
        if name not in self.tables:
            self.report(place, f"unknown source or table '{name}': {did_you_mean(name, self.tables)}")
        return self.tables.get(name, {})

    def expression(
        self, place: Place, text: str, groups: Collection[str] | None = None, columns: Columns | None = None
    ) -> Typed | None:
        """An expression over the input's columns; ``None``, and a problem noted, where it is wrong.

        Args:
            place: Where it stands.
            text: As it stands there.
            groups: See :func:`common.pipelines.expressions.compiler.compiled`.
            columns: Others than the input's.
        """
        known = columns or self.columns
        if not known:  # what is wrong there is noted already
            return None
        try:
            return compiled(text, known, now=self.now, groups=groups)
        except ExpressionError as error:
            self.file.report((*self.at, *place), str(error), (error.line, error.column))
            return None

    def type(self, place: Place, text: str) -> Type | None:
        """The type that a text names; ``None``, and a problem noted, where there is none."""
        try:
            return Type.of(text)
        except ValueError as error:
            self.report(place, str(error))
            return None

    def literal(self, place: Place, value: Value, kind: Type) -> str | None:
        """A value of YAML as SQL of a type; ``None``, and a problem noted, where it is none of that type."""
        try:
            return sql_of(value, kind)
        except ValueError as error:
            self.report(place, str(error))
            return None


def braced(sql: str) -> str:
    """SQL with its braces doubled, as :attr:`Planned.sql` takes it."""
    return sql.replace("{", "{{").replace("}", "}}")


def selected(columns: Mapping[str, str], rest: str = "FROM {input}") -> str:
    """``SELECT expression AS name, … FROM …``.

    Args:
        columns: SQL of each column, by its name.
        rest: As :attr:`Planned.sql` takes it.
    """
    listed = ", ".join(f"{sql} AS {identifier(name)}" for name, sql in columns.items())
    return f"SELECT {braced(listed)} {rest}"


def named(names: Iterable[str]) -> dict[str, str]:
    """Columns as they are, for :func:`selected`."""
    return {name: identifier(name) for name in names}


def listed(names: Sequence[str]) -> str:
    """Names with commas between, for SQL."""
    return braced(", ".join(map(identifier, names)))


def ordered(descending: Iterable[str] = (), ascending: Iterable[str] = ()) -> str:
    """An order for SQL; null is the last in either direction."""
    falling = [f"{identifier(name)} DESC NULLS LAST" for name in descending]
    return braced(", ".join([*falling, *(f"{identifier(name)} ASC NULLS LAST" for name in ascending)]))


@lru_cache(maxsize=1)
def steps() -> Mapping[str, type[BaseModel]]:
    """All steps there are, by name."""
    names = [module.name for module in pkgutil.iter_modules(__path__)]
    return {name: importlib.import_module(f"{__name__}.{name}").Step for name in names}
