"""The lake as one run sees it: what it found there and what it writes."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date

import duckdb
import narwhals.stable.v2 as nw
import pyarrow as pa

from common.io import lake
from common.io.partitions import Condition, as_sql
from common.transforms.operations import Frame
from common.utils.settings import Settings
from common.verbs.references import Extracted
from common.verbs.subject import Subject

log = logging.getLogger(__name__)


class Tables:
    """The Delta tables of one subject during one run. A dry run reads the lake and writes beside it.

    Args:
        subject: Whose tables.
        settings: Where the lake is.
        extracted: The run and its source.
        duck: The run's engine.

    Attributes:
        anew: Silver starts from nothing: a full refresh, or what it holds came from another source.
        tried: Days of silver that an earlier try of the run wrote; they hold what it made of them.
    """

    def __init__(
        self, subject: Subject, settings: Settings, extracted: Extracted, duck: duckdb.DuckDBPyConnection
    ) -> None:
        self._subject, self._settings, self._duck = subject, settings, duck
        self._run, self._bronze, self._source = extracted.run, extracted.bronze, extracted.source
        # The latest versions are asked for first: what another run commits in between is then a conflict
        self._latest = {layer: lake.version(self.uri(layer)) for layer in ("silver", "gold")}
        self._found = lake.found_by(self.uri("silver"), self._run.id)
        self.tried = self._days_since_found()
        another = self._found.source not in ("", self._source)
        self.anew = self._run.full_refresh or another
        if another:
            log.warning("silver came from another source or mapping: it starts anew from this run's records")

    def uri(self, layer: lake.Layer, *, write: bool = False) -> str:
        """Where a table stands, to read or to write."""
        dry_run = write and self._run.dry_run
        return lake.table_uri(
            self._settings, layer, self._subject.domain, self._subject.name, dry_run=dry_run
        )

    def _days_since_found(self) -> set[date]:
        if not 0 <= self._found.version < self._latest["silver"]:
            return set()
        return lake.days_between(self.uri("silver"), self._found.version, self._latest["silver"])

    def bronze(self) -> Frame:
        """The run's slice."""
        keep: Condition = [[("_run", "=", self._run.id)]]
        return nw.from_native(lake.scan(self._duck, self._bronze.uri, self._bronze.version, keep=keep))

    def found(self, schema: pa.Schema, keep: Condition) -> Frame:
        """Silver as it was before the run."""
        at = -1 if self.anew else self._found.version
        return nw.from_native(lake.scan(self._duck, self.uri("silver"), at, schema=schema, keep=keep))

    def written(self, layer: lake.Layer, at: int, keep: Condition) -> Frame:
        """What the run wrote, as :meth:`replace` gave its version."""
        return nw.from_native(lake.scan(self._duck, self.uri(layer, write=True), at, keep=keep))

    def replace(  # noqa: PLR0913 (what is replaced, and what that rests on)
        self,
        layer: lake.Layer,
        rows: Frame,
        schema: pa.Schema,
        keep: Condition,
        *,
        exclusive: bool = False,
        reach: str = "",
    ) -> int:
        """Replaces some days of silver or gold, or all of it; a dry run's table holds nothing else.

        Args:
            layer: Which table.
            rows: In any order and with any columns more.
            schema: What is written.
            keep: The days; all rows must be of them.
            exclusive: The rows follow from other days too.
            reach: See :func:`common.io.lake.replace`.

        Returns:
            The version that holds the rows.

        Raises:
            ConflictError: Another run wrote the same days (``exclusive``: any) since this one began.
        """
        ordered = rows.to_native().order("date")
        return lake.replace(
            self.uri(layer, write=True),
            pa.RecordBatchReader.from_batches(schema, stream(ordered, schema)),
            run_id=self._run.id,
            source=self._source,
            predicate=None if self._run.dry_run else as_sql(keep),
            partition_by=("date",),
            base=None if self._run.dry_run else self._latest[layer],
            exclusive=exclusive and not self._run.dry_run,
            reach=reach,
        )


def stream(rows: duckdb.DuckDBPyRelation, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Rows of the engine in a schema's columns and types."""
    for batch in rows.to_arrow_reader(65_536):
        yield batch.select(schema.names).cast(schema)
