"""What days of data each content holds, so that a run need not read files that have nothing for it.

A pure cache: an entry follows from the content and the mapping alone. Whatever is missing is read again.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa

from common.io import lake
from common.utils.arrow import schema_of
from common.utils.window import Window

log = logging.getLogger(__name__)

MOMENT = pa.timestamp("us", tz="UTC")
SCHEMA = schema_of(
    digest=pa.string(),
    dialect=pa.string(),
    first=MOMENT,
    last=MOMENT,
)


@dataclass(frozen=True, slots=True)
class Span:
    """From the first to the last moment of a content's records; ``None`` where none has a time."""

    first: datetime | None
    last: datetime | None

    def touches(self, window: Window) -> bool:
        """Whether a record of the content may lie in the window.

        Where none has a time the content is every run's, else a broken file would fail one run and no other.
        """
        if self.first is None or self.last is None:
            return True
        return self.first < window.end and (window.start is None or self.last >= window.start)


def read(uri: str, dialect: str) -> dict[str, Span]:
    """The spans known, by content digest.

    Args:
        uri: Of the index.
        dialect: Fingerprint of what decides how a content is understood.
    """
    table = lake.existing(uri)
    rows = [] if table is None else table.to_pyarrow_table().to_pylist()
    return {row["digest"]: Span(row["first"], row["last"]) for row in rows if row["dialect"] == dialect}


def write(uri: str, dialect: str, spans: Mapping[str, Span], run_id: str) -> None:
    """Makes ``spans`` all that is known; entries of another dialect are of no use any more.

    Losing a race loses entries, which costs the next run some reading and nothing else.
    """
    rows = [
        {"digest": digest, "dialect": dialect, "first": span.first, "last": span.last}
        for digest, span in sorted(spans.items())
    ]
    try:
        lake.replace(uri, pa.Table.from_pylist(rows, SCHEMA), run_id=run_id)
    except lake.ConflictError:
        log.info("another run wrote the file index meanwhile; the next run reads some files again")
