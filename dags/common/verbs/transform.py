"""Transform: the run's bronze becomes silver and gold, and every record is accounted for."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from common.io import lake
from common.utils.errors import SourceError
from common.utils.ledger import Ledger
from common.utils.settings import Settings
from common.utils.window import Window
from common.verbs import gold
from common.verbs.references import READ, Extracted, Transformed
from common.verbs.silver import Laid, lay
from common.verbs.spans import EVER
from common.verbs.subject import Subject

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Before:
    """What is known of a subject's sources from before the run; nothing of a subject with one source.

    Attributes:
        sources: Of each, what the live version's bookmark says.
        errors: Why some could not be read in this run, by name: all that were not, and are known.
        fingerprint: Of the sources of the live version together; empty where nothing is live.
    """

    sources: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    fingerprint: str = ""


def transform(
    subject: Subject, settings: Settings, extracted: Sequence[Extracted], before: Before | None = None
) -> Transformed:
    """Lays the run's records over silver and computes gold for the days that the run answers for.

    Run again, it starts from the silver that the run found, so it comes to the same.

    Args:
        subject: Whose.
        settings: Of the house.
        extracted: Of each source that was read, at least one; silver of the others stands as it was.
        before: Of a subject with several sources.

    Raises:
        SourceError: No source could be read.
        TransformError: A sum does not fit its type.
        ConflictError: Another run wrote the same days meanwhile; the task can be run again.
    """
    _demand_some(subject, extracted, before := before or Before())
    base = gold.standing(subject, settings, extracted[0].run)
    others = _others(subject, settings, extracted, before)
    laid = [lay(subject.intake(one.intake), settings, one) for one in extracted]
    known = _sources(laid, before)
    fingerprint = _fingerprint(known)
    every = before.fingerprint not in ("", fingerprint)
    computed = gold.compute(subject, settings, laid, base=base, others=others, every=every)
    transformed = Transformed(
        run=extracted[0].run,
        window=_window(extracted, every=every),
        source=extracted[0].source if subject.alone else fingerprint,
        source_name=", ".join(one.source_name for one in extracted),
        gold=computed.table,
        ledger=replace(_together(laid), silver=dict(computed.silver_totals), gold=dict(computed.gold_totals)),
        watermark=max((one.watermark for one in laid if one.watermark), default=None),
        partitions=_days(laid, computed.days if every else ()),
        bookmark=laid[0].bookmark if subject.alone else {"sources": known},
        whole=subject.module().WHOLE,
        oldest=extracted[0].oldest,
    )
    return _logged(transformed)


def _demand_some(subject: Subject, extracted: Sequence[Extracted], before: Before) -> None:
    for name, error in before.errors.items():
        log.warning("%s: the source %s stands as it was: %s", subject.collection, name, error)
    if not extracted:
        failed = "; ".join(f"{name}: {error}" for name, error in before.errors.items())
        raise SourceError(
            f"No source of {subject.collection} could be read. {failed or 'None is configured.'}",
            where=f"the variables VITRINE_{subject.domain}_{subject.name}_*".upper(),
            next_step="Mend or configure one of them; nothing was published.",
        )


def _others(
    subject: Subject, settings: Settings, extracted: Sequence[Extracted], before: Before
) -> dict[str, int]:
    """Of each source that was not read, the version of silver that the live version came from; -1 for none.

    Raises:
        SourceError: It is lost: what was published of that source could not be computed again.
    """
    found, read = {}, {one.intake for one in extracted}
    for intake in (one for one in subject.intakes() if one.source not in read):
        entry = before.sources.get(intake.source, {})
        uri = lake.table_uri(settings, "silver", intake.domain, intake.name)
        latest = lake.version(uri)
        at = int(entry.get("silver_at", latest)) if entry.get("fingerprint") else -1
        if at < 0 and intake.records.complete:
            raise SourceError(
                f"The source {intake.source} of {intake.collection} was never read, and the steps need it: "
                f"{before.errors.get(intake.source)}",
                where=f"run {extracted[0].run.id}",
                next_step="Nothing was published. Mend the source and run it again.",
            )
        if at > latest:
            raise SourceError(
                f"Silver of {intake.collection}, source {intake.source}, is lost, and it was not read: "
                f"{before.errors.get(intake.source)}",
                where=uri,
                next_step="Bring it back, or mend the source and trigger the DAG with full_refresh.",
            )
        found[intake.source] = at
    return found


def _days(laid: Sequence[Laid], more: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted({*more, *(day for one in laid for day in one.days)}))


def _logged(transformed: Transformed) -> Transformed:
    log.info("%s: %s", transformed.window or READ, transformed.ledger)
    log.info("rejected: %s", dict(transformed.ledger.rejected) or "none")
    told = (transformed.gold.rows, len(transformed.partitions), transformed.watermark or "never")
    log.info("gold: %d rows of %d days; data as of %s", *told)
    return transformed


def _sources(laid: Sequence[Laid], before: Before) -> dict[str, dict[str, Any]]:
    """What is kept of each source: how far it was read, when, and why it was not."""
    known: dict[str, dict[str, Any]] = {name: dict(entry) for name, entry in before.sources.items()}
    for one in laid:
        extracted, entry = one.extracted, known.get(one.extracted.intake, {})
        goes_on = entry.get("fingerprint") == extracted.source and not extracted.run.full_refresh
        was = (entry.get("data_as_of") or "") if goes_on else ""
        told = entry if extracted.run.replay else {"read_at": extracted.read_at}  # a replay reads no source
        known[extracted.intake] = {
            **one.bookmark,
            "fingerprint": extracted.source,
            "data_as_of": max(was, one.watermark or "") or None,
            "silver_at": one.version,
            "read_at": told.get("read_at"),
            "error": told.get("error", ""),
        }
    for name, error in before.errors.items():
        known[name] = {**known.get(name, {}), "error": error}
    return known


def _fingerprint(sources: Mapping[str, Mapping[str, Any]]) -> str:
    """Of the sources together, as far as they were ever read."""
    named = sorted((name, one["fingerprint"]) for name, one in sources.items() if one.get("fingerprint"))
    return hashlib.sha256(repr(named).encode()).hexdigest()[:16]


def _window(extracted: Sequence[Extracted], *, every: bool) -> Window | None:
    """What the sources answer for together; ``None`` where it is the days of what all of them read.

    Whatever is live of other sources than these together is to go, whenever it was.
    """
    if every:
        return EVER
    windows = [one.window for one in extracted if one.window]
    if not windows:
        return None
    starts = [window.start for window in windows if window.start]
    start = min(starts) if len(starts) == len(windows) else None
    return Window(start, max(window.end for window in windows))


def _together(laid: Sequence[Laid]) -> Ledger:
    """The ledgers of all sources as one."""
    ledgers = [one.ledger for one in laid]
    filtered, rejected = Counter[str](), Counter[str]()
    for ledger in ledgers:
        filtered.update(ledger.filtered)
        rejected.update(ledger.rejected)
    sums = {
        name: sum(getattr(ledger, name) for ledger in ledgers)
        for name in ("read", "written", "unchanged", "deduplicated", "deleted")
    }
    return Ledger(**sums, filtered=dict(filtered), rejected=dict(rejected))
