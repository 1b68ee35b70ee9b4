"""What a new pipeline is to be, before it is written in YAML or in Python."""

from __future__ import annotations

from dataclasses import dataclass

from common.pipelines.expressions.types import Type
from common.pipelines.steps import DAY
from common.utils.quoting import identifier

SOURCE = "records"
"""What the one source of a new pipeline is called."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the source.

    Attributes:
        theirs: Its name there.
        required: A record without it is a dead letter.
    """

    name: str
    theirs: str
    type: Type
    required: bool = False

    @property
    def is_parsed(self) -> bool:
        """Whether its text becomes a value of another type."""
        return self.type.name != "string"


@dataclass(frozen=True, slots=True)
class Measure:
    """A column that is summed up.

    Attributes:
        of: The columns whose product is summed; none counts records.
    """

    name: str
    of: tuple[str, ...]
    type: Type

    @property
    def expression(self) -> str:
        """As a pipeline's file says it."""
        return f"sum({' * '.join(self.of)})" if self.of else "count()"

    @property
    def sql(self) -> str:
        """As the engine says it."""
        return f"sum({' * '.join(map(identifier, self.of))})" if self.of else "count(*)"


@dataclass(frozen=True, slots=True)
class Draft:
    """A pipeline of one source.

    Attributes:
        path: Where the source's files stand; empty where they are a sample.
        event: The column that tells the day of a record; empty where none does.
        key: The columns that identify a record of the source.
        updated_at: The column that tells the later of two records of one key; empty where none does.
        by: The columns whose values make a row of the collection; none: a row is a record.
        measures: What is summed up of the records of a row.
        sums: Columns whose sums are the same in source and collection, where a row is a record.
        rows: Of the source, that were looked at.
    """

    domain: str
    subject: str
    description: str
    path: str
    columns: tuple[Column, ...]
    event: str = ""
    key: tuple[str, ...] = ()
    updated_at: str = ""
    by: tuple[str, ...] = ()
    measures: tuple[Measure, ...] = ()
    sums: tuple[str, ...] = ()
    rows: int = 0

    @property
    def title(self) -> str:
        """The subject in words."""
        return self.subject.replace("_", " ").capitalize()

    @property
    def own_day(self) -> bool:
        """Whether the records have a column ``date``, by which they are told apart."""
        return self.event == DAY

    @property
    def collection_key(self) -> tuple[str, ...]:
        """The key of the collection; with days, the day is in it."""
        day = (DAY,) if self.event else ()
        return self.by or tuple(dict.fromkeys((*day, *self.key)))

    @property
    def named(self) -> dict[str, Column]:
        """The columns by name."""
        return {column.name: column for column in self.columns}
