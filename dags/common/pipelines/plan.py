"""What a pipeline does: its tables and steps with their columns, and the SQL that they come to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from common.pipelines.expressions.types import DATE, Column, Columns, Type
from common.pipelines.format import FieldSpec, Source
from common.pipelines.steps import DAY, Planned
from common.utils.marked_yaml import Place
from common.utils.quoting import identifier

MAX_PRECISION, MOST_DECIMALS = 18, 9
"""Digits of a decimal that every store holds exactly, and how many of them may be after the point."""

RESULT = "collection"
"""The table that the collection's rows are of; no source or table of a file may have its name."""


@dataclass(frozen=True, slots=True)
class PlannedStep:
    """A step of a table.

    Attributes:
        name: Of the step: ``filter``.
        place: Where it stands in the file.
    """

    name: str
    place: Place
    planned: Planned


@dataclass(frozen=True, slots=True)
class PlannedTable:
    """A table of a pipeline; the last is :data:`RESULT`.

    Attributes:
        source: The source or table that it begins with.
        input: Columns of that.
    """

    name: str
    source: str
    input: Columns
    steps: tuple[PlannedStep, ...]

    @property
    def columns(self) -> Columns:
        """Of its rows."""
        return self.steps[-1].planned.columns if self.steps else self.input


@dataclass(frozen=True, slots=True)
class Plan:
    """What a pipeline does.

    Attributes:
        sources: Columns of each.
        tables: Each after those that it needs.
    """

    sources: Mapping[str, Columns]
    tables: tuple[PlannedTable, ...]

    @property
    def result(self) -> PlannedTable:
        """The rows of the collection."""
        return self.tables[-1]

    @property
    def columns(self) -> Columns:
        """Of the collection's rows; decimals in as many digits as every store holds exactly."""
        return {name: stored(column) for name, column in self.result.columns.items()}

    @property
    def mixing(self) -> PlannedStep | None:
        """The first step that lets rows of several days into one."""
        mixed = (step for table in self.tables for step in table.steps if not step.planned.by_day)
        return next(mixed, None)

    @property
    def by_day(self) -> bool:
        """Whether the rows of a day come from the records of that day alone."""
        alone = len(self.sources) == 1 and self.mixing is None
        day = self.columns.get(DAY)
        return alone and day is not None and day.type == DATE and DAY in next(iter(self.sources.values()))

    def sql(self, upto: int | None = None) -> str:
        """One query for the rows of the collection; sources are views of their names.

        Args:
            upto: After so many of the steps of :attr:`result`.
        """
        tables = [_ctes(table) for table in self.tables[:-1]]
        last = self.result if upto is None else replace(self.result, steps=self.result.steps[:upto])
        names = ", ".join(_stored_sql(name, column) for name, column in last.columns.items())
        listed_tables = ",\n".join(cte for table in [*tables, _ctes(last)] for cte in table)
        return f"WITH {listed_tables}\nSELECT {names} FROM {identifier(RESULT)}"


def stored(column: Column) -> Column:
    """A column as it stands in a collection."""
    kind = column.type
    if kind.name != "decimal" or kind.precision <= MAX_PRECISION:
        return column
    return replace(column, type=Type("decimal", MAX_PRECISION, kind.scale))


def _stored_sql(name: str, column: Column) -> str:
    """A value that does not fit is an error of the engine."""
    kind = stored(column).type
    return (
        identifier(name)
        if kind == column.type
        else f"CAST({identifier(name)} AS {kind.sql}) AS {identifier(name)}"
    )


def _ctes(table: PlannedTable) -> Iterator[str]:
    current = identifier(table.source)
    for at, step in enumerate(table.steps, 1):
        named = identifier(f"{table.name} {at} {step.name}")
        yield f"{named} AS ({step.planned.sql.format(input=current)})"
        current = named
    yield f"{identifier(table.name)} AS (SELECT * FROM {current})"  # noqa: S608


def columns_of(source: Source) -> dict[str, Column]:
    """The columns of a source: the day of its event time, and its fields."""
    day = {DAY: Column(DATE, required=True)} if source.event_time else {}
    return day | {name: _column(source, name, field) for name, field in source.fields.items()}


def _column(source: Source, name: str, field: FieldSpec) -> Column:
    return Column(Type.of(field.type), field.required or name == source.event_time, field.personal)
