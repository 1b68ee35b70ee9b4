"""The lake as one run sees one source of a subject: what it found there and what it writes."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import date

import duckdb
import narwhals.stable.v2 as nw
import pyarrow as pa

from common.io import history, lake
from common.io.partitions import Condition, as_sql, run_condition
from common.io.sources import ORIGIN
from common.transforms.operations import Frame
from common.utils.quoting import identifier
from common.utils.settings import Settings
from common.verbs.references import Extracted, TableRef
from common.verbs.subject import Intake

log = logging.getLogger(__name__)

OWN = (*ORIGIN.names, "_run")


class Tables:
    """The Delta tables of one source during one run. A dry run reads the lake and writes beside it.

    Args:
        intake: Whose tables.
        settings: Where the lake is.
        extracted: The run and its source.
        duck: The run's engine.

    Attributes:
        anew: Silver starts from nothing: a full refresh, or what it holds came from another source.
        tried: Days of silver that an earlier try of the run wrote; they hold what it made of them.
        unpublished: Days of silver that were written since the live version was computed, where a bookmark
            tells.
    """

    def __init__(
        self, intake: Intake, settings: Settings, extracted: Extracted, duck: duckdb.DuckDBPyConnection
    ) -> None:
        self._intake, self._settings, self._duck = intake, settings, duck
        self._run, self._bronze, self._source = extracted.run, extracted.bronze, extracted.source
        self._keys = extracted.keys
        # The latest version is asked for first: what another run commits in between is then a conflict
        self._latest = lake.version(self.uri)
        # Laid by key over what an earlier try made, records come to the same, and none of it may be taken
        # back: the bookmark is past it once that try has published. Files begin where the first try began.
        again = extracted.bookmark is not None or self._run.replay
        self._found = history.found_by(self.uri, "" if again else self._run.id)
        self.tried = self._days_since(self._found.version)
        self.unpublished = self._days_since(extracted.bookmark.silver if extracted.bookmark else -1)
        another = self._found.source not in ("", self._source)
        self.anew = self._run.full_refresh or another
        if another:
            log.warning("silver came from another source or mapping: it starts anew from this run's records")

    @property
    def uri(self) -> str:
        """Where silver stands, to read."""
        return lake.table_uri(self._settings, "silver", self._intake.domain, self._intake.name)

    @property
    def written_uri(self) -> str:
        """Where silver stands, to write."""
        intake, dry_run = self._intake, self._run.dry_run
        return lake.table_uri(self._settings, "silver", intake.domain, intake.name, dry_run=dry_run)

    def _days_since(self, version: int) -> set[date]:
        if not 0 <= version < self._latest:
            return set()
        return history.days_between(self.uri, version, self._latest)

    def bronze(self) -> Frame:
        """The run's slice, all columns as text."""
        return self._slice(self._bronze)

    def keys(self) -> Frame | None:
        """The keys that the source has now, where the run has listed them; all columns as text."""
        return self._slice(self._keys) if self._keys else None

    def _slice(self, table: TableRef) -> Frame:
        """The run's rows of a table, as :func:`texts`."""
        return texts(lake.scan(self._duck, table.uri, table.version, keep=run_condition(self._run.id)))

    def found(self, schema: pa.Schema, keep: Condition) -> Frame:
        """Silver as it was before the run."""
        at = -1 if self.anew else self._found.version
        return nw.from_native(lake.scan(self._duck, self.uri, at, schema=schema, keep=keep))

    def written(self, at: int, keep: Condition) -> Frame:
        """What the run wrote, as :meth:`replace` gave its version."""
        return nw.from_native(lake.scan(self._duck, self.written_uri, at, keep=keep))

    def replace(
        self, rows: Frame, schema: pa.Schema, keep: Condition, *, exclusive: bool = False, reach: str = ""
    ) -> int:
        """Replaces some days of silver, or all of it; a dry run's table holds nothing else.

        Args:
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
            self.written_uri,
            pa.RecordBatchReader.from_batches(schema, stream(ordered, schema)),
            run_id=self._run.id,
            source=self._source,
            predicate=None if self._run.dry_run else as_sql(keep),
            partition_by=("date",),
            base=None if self._run.dry_run else self._latest,
            exclusive=exclusive and not self._run.dry_run,
            anew=self.anew or self._run.dry_run,
            reach=reach,
        )


def texts(rows: duckdb.DuckDBPyRelation) -> Frame:
    """Records as received, all columns but the house's own as text, nested ones as JSON."""
    columns = (
        identifier(name) if name in OWN else f"{_text(name, str(kind))} AS {identifier(name)}"
        for name, kind in zip(rows.columns, rows.types, strict=True)
    )
    frame: Frame = nw.from_native(rows.project(", ".join(columns)))
    return frame


def _text(name: str, kind: str) -> str:
    """A column of any type as text; what is nested as JSON."""
    column = identifier(name)
    if kind == "VARCHAR":
        return column
    nested = kind.startswith(("STRUCT", "MAP")) or kind.endswith("]")
    return f"CAST({f'to_json({column})' if nested else column} AS VARCHAR)"


def stream(rows: duckdb.DuckDBPyRelation, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    """Rows of the engine in a schema's columns and types."""
    for batch in rows.to_arrow_reader(65_536):
        yield batch.select(schema.names).cast(schema)
