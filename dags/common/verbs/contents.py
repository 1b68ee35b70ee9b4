"""What a run learns of the files it read: the days that each holds, and whether some were left out."""

from __future__ import annotations

import logging
from datetime import date, timedelta

import duckdb

from common.io import file_index, lake
from common.io.sources import Source
from common.transforms.operations import Frame
from common.utils.errors import StaleError
from common.utils.settings import Settings
from common.verbs.references import Extracted
from common.verbs.subject import Intake

log = logging.getLogger(__name__)

SHOWN = 5  # names or days in one warning


def remember_contents(
    intake: Intake,
    settings: Settings,
    extracted: Extracted,
    source: Source,
    duck: duckdb.DuckDBPyConnection,
) -> None:
    """Warns of records before the window in files that no run has read before, and adds these to the index.

    Args:
        intake: Whose files.
        settings: Where the lake is.
        extracted: The run's bronze.
        source: How the items are understood; one whose items have no digest has nothing to remember.
        duck: Holds the table ``cleaned``.
    """
    uri = lake.table_uri(settings, "files", intake.domain, intake.name)
    dialect = source.dialect
    if not dialect or extracted.run.replay:
        return
    known = file_index.read(uri, dialect)
    spans = {
        digest: file_index.Span(first, last)
        for digest, first, last in duck.sql(
            "SELECT _digest, min(_event_at), max(_event_at) FROM cleaned GROUP BY ALL"
        ).fetchall()
    }
    new = spans.keys() - known.keys()
    _warn_of_days_before(intake, extracted, new, duck)
    if new and not extracted.run.dry_run:
        file_index.write(uri, dialect, {**known, **spans}, extracted.run.id)


def demand_contents(source: Source, replayed: Frame) -> None:
    """Raises StaleError where an item that records come back from has another content by now.

    Args:
        source: As it is now.
        replayed: The records, by ``ORIGIN``.
    """
    now = {item.name: item.digest for item in source.items()}
    contents = replayed.select("_item", "_digest").unique().to_native().fetchall()
    if changed := sorted(name for name, digest in contents if now.get(name, digest) != digest):
        raise StaleError(
            f"{_some(changed)} has another content than the dead letters came from.",
            where=source.name,
            next_step="Nothing was replayed. Run the replay again from its first task.",
        )


def _warn_of_days_before(
    intake: Intake, extracted: Extracted, new: set[str], duck: duckdb.DuckDBPyConnection
) -> None:
    found = duck.execute(
        "SELECT CAST(_event_at AS DATE) AS day, count(*), list(DISTINCT _item ORDER BY _item) "
        "FROM cleaned WHERE _place = 'before' AND list_contains($new, _digest) GROUP BY day ORDER BY day",
        {"new": sorted(new)},
    ).fetchall()
    if not found:
        return
    days: list[date] = [day for day, _, _ in found]
    files = sorted({name for _, _, names in found for name in names})
    log.warning(
        "%d records of new files (%s) lie before the window, on %d days (%s): this run does not load them. "
        "If no other run has, trigger %s with window_start=%s and window_end=%s.",
        sum(count for _, count, _ in found),
        _some(files),
        len(days),
        _some([day.isoformat() for day in days]),
        intake.subject.dag_id,
        days[0],
        days[-1] + timedelta(days=1),
    )


def _some(names: list[str]) -> str:
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {more} more" if more > 0 else "")
