"""A pipeline tried out: its result from the first records of its sources, with nothing written anywhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

import duckdb
import narwhals.stable.v2 as nw
import pyarrow as pa

from common.io.sources import ORIGIN, Item, Part, Scope, columns
from common.io.sources.configured import Configured
from common.io.sources.declared import Declared
from common.io.sources.types import fitted, merged
from common.pipelines.compiled import Compiled
from common.transforms import operations
from common.transforms.operations import Frame
from common.utils.quoting import identifier
from common.utils.settings import Settings
from common.utils.window import Window
from common.verbs.continuity import demand_key
from common.verbs.extract import source_of
from common.verbs.subject import Intake, Subject
from common.verbs.sums import counts
from common.verbs.tables import texts

FIRST = 1000
"""How many records of each source are read; a join or an aggregate knows of no others."""


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of one source.

    Attributes:
        records: How many, at most about :data:`FIRST`.
        rejected: How many of them would be dead letters, by rule.
    """

    records: int
    rejected: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows of the result in the order of their key, and what they were computed from, by source."""

    rows: pa.Table
    read: Mapping[str, Read]


def sample(subject: Subject, transforms: Compiled, settings: Settings, now: datetime, rows: int) -> Sample:
    """Computes some rows of a pipeline's result. The engine works in memory; no store and no lake is opened.

    Args:
        subject: Of the pipeline.
        transforms: Of the pipeline.
        settings: By which the sources' Connections are looked up.
        now: What ``now()`` is, and the end of what is asked of the sources.
        rows: How many at most.

    Raises:
        VitrineError: A source cannot be read, or lacks columns.
    """
    read: dict[str, Read] = {}
    silver: dict[str, Frame] = {}
    with duckdb.connect(config={"memory_limit": settings.memory_limit, "temp_directory": ""}) as duck:
        duck.execute("SET TimeZone = 'UTC'")
        for intake in subject.intakes():
            cleaned = _cleaned(duck, intake, settings, Window(None, now))
            found = cleaned.filter(~nw.col("_rule").is_null())
            read[intake.source] = Read(_count(cleaned), counts(found, "_rule"))
            silver[intake.source] = operations.latest(cleaned.filter(nw.col("_rule").is_null()))
        key = ", ".join(map(identifier, transforms.of.contract.key))
        result = transforms.aggregate(silver, now).to_native().order(key).limit(rows)
        return Sample(result.to_arrow_table().cast(transforms.GOLD), read)


def _cleaned(duck: duckdb.DuckDBPyConnection, intake: Intake, settings: Settings, window: Window) -> Frame:
    """The first records of a source, typed and judged."""
    found = source_of(intake, settings)
    demand_key(found)
    records = intake.records
    received = _received(duck, found, window)
    theirs = [name for name in received.schema.names if name not in ORIGIN.names]
    columns.demand(found, found.source.name, theirs, records.needed(found.settings.columns))
    name = f"received of {intake.source}"  # the engine looks for tables of Python by no such name
    duck.register(name, received)
    ours = {name: found.settings.columns.get(name, name) for name in records.columns}
    frame = operations.received(
        texts(duck.table(f'"{name}"')), ours, found.settings.key, found.settings.updated_at
    )
    records.clean(frame).to_native().create(f'"cleaned of {intake.source}"')
    return nw.from_native(duck.table(f'"cleaned of {intake.source}"'))


def _first(found: Configured, items: Sequence[Item], window: Window) -> Iterator[Part]:
    left = FIRST
    for item in items:
        for part in _parts(found, item, window):
            yield part
            left -= part.records.num_rows
            if left <= 0:
                return


def _parts(found: Configured, item: Item, window: Window) -> Iterator[Part]:
    """The parts of one item; what the source holds open is freed where no more are wanted."""
    with closing(found.source.read(item, Scope(window))) as parts:  # type: ignore[type-var]
        yield from parts


def _received(duck: duckdb.DuckDBPyConnection, found: Configured, window: Window) -> pa.Table:
    """The first records in one schema."""
    items, declared = found.source.items(), Declared(found.settings.types, f"{found.variables}TYPES")
    parts = [part.records.slice(0, FIRST) for part in _first(found, items, window)]
    batches = [declared.parse(duck, records)[0] for records in parts]
    known = [batch.schema for batch in batches] or [item.schema for item in items if item.schema is not None]
    schema = merged([*known, ORIGIN])
    return pa.Table.from_batches([fitted(batch, schema) for batch in batches], schema).slice(0, FIRST)


def _count(frame: Frame) -> int:
    ((found,),) = frame.select(nw.len()).to_native().fetchall()
    return int(found)
