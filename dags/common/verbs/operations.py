"""What is done to a collection beside running it: look at its versions, go back, hold, release, tidy up."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from common.io.collections.manifest import difference
from common.io.collections.protocol import Asked, Collection, Event, Vacuumed, Version, VersionGone
from common.utils.contract import Contract
from common.utils.settings import MAIN, Settings
from common.verbs.references import RollBack
from common.verbs.spans import spans
from common.verbs.stores import opened

log = logging.getLogger(__name__)

ABANDONED = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class History:
    """The retained versions of a collection in one store.

    Attributes:
        versions: Newest first, without their manifests. Numbers have no gaps: what a roll-back went back from
            is the version before its own number, and what it went back to is its ``restored``.
        hold: Who stops scheduled runs from publishing, why and since when; ``None`` where nobody does.
        events: Who went back or released, from where to where, why and when; newest first, and kept for
            longer than the versions.
    """

    versions: list[Version]
    hold: Asked | None
    events: list[Event]


@dataclass(frozen=True, slots=True)
class Tidied:
    """What was tidied up.

    Attributes:
        merged: The version in which old days stand merged by month; ``None`` where nothing was due.
        taken: What no reader can ask for any more.
    """

    merged: int | None
    taken: Vacuumed

    def __str__(self) -> str:
        """In words."""
        merged = f"old days merged in version {self.merged}, " if self.merged else ""
        return (
            f"{merged}{len(self.taken.versions)} versions retired, {len(self.taken.attempts)} attempts "
            f"abandoned, {self.taken.chunks} chunks ({self.taken.rows} rows) deleted"
        )


def history(contract: Contract, settings: Settings, store: str = MAIN) -> History:
    """The retained versions and the hold; no versions where nothing has been published."""
    with opened(contract, settings, store, read_only=True) as collection:
        return History(collection.history(), collection.hold(), collection.events())


def choose(contract: Contract, settings: Settings, to: int | None = None, store: str = MAIN) -> RollBack:
    """What a roll-back would do. Deciding it before it is done lets it be repeated: see :func:`roll_back`.

    Args:
        contract: Of the collection.
        settings: Where the stores are.
        to: A retained version; ``None`` for the latest one with other content than the live version has,
            after a roll-back for one from before what that went back to: never forward again.
        store: The main one or a target.

    Raises:
        VersionGone: Nothing is published, ``to`` is not retained, or no such version is.
    """
    with opened(contract, settings, store, read_only=True) as collection:
        live = collection.live()
        if live is None:
            raise VersionGone("Nothing is published, so nothing can be rolled back.", where=contract.name)
        for number in [to] if to is not None else _before(collection.history()):
            changed = difference(live.manifest, collection.version(number).manifest)
            if changed or to is not None:
                return RollBack(live.number, number, _days(contract, changed))
    raise VersionGone(
        f"No version to go back to from {live.number} is retained.",
        where=contract.name,
        next_step="VITRINE_KEEP_VERSIONS says how many are retained; for older content: a full refresh.",
    )


def _before(history: list[Version]) -> list[int]:
    """The versions that one can go back to, newest first: not what the last roll-back went back from."""
    last = next(version for version in history if version.kind != "merge" or version is history[-1])
    oldest = last.restored or last.number
    return [version.number for version in history if version.number < oldest]


def roll_back(  # noqa: PLR0913 (who, where to, why: all of it is recorded)
    contract: Contract,
    settings: Settings,
    chosen: RollBack,
    *,
    by: str,
    reason: str,
    hold: bool = False,
    store: str = MAIN,
) -> RollBack:
    """Publishes a new version with the content of an old one; readers see it at once.

    Done again, it changes nothing: the content is live already. Nor does it undo what nobody has looked at.

    Args:
        contract: Of the collection.
        settings: Where the stores are.
        chosen: From :func:`choose`.
        by: Who asks.
        reason: Why; who and why are kept with the new version.
        hold: Also stops scheduled runs from publishing until :func:`release`.
        store: The main one or a target.

    Raises:
        VersionGone: The version to go back to is no longer retained.
        AttemptError: Another version was published since it was chosen.
    """
    with opened(contract, settings, store) as collection:
        published = collection.rollback(chosen.to, by=by, reason=reason, hold=hold, expected=chosen.was)
    again = _days(contract, published.changed) or chosen.run_again
    versions = f"version {published.version}, with the content of {chosen.to} instead of {chosen.was}'s"
    log.info("%s: %s is at %s, by %s: %s", store, contract.name, versions, by, reason)
    for first, end in again:
        log.info("to be run again once the source is right: window_start=%s window_end=%s", first, end)
    return RollBack(chosen.was, chosen.to, again, published.version)


def release(
    contract: Contract, settings: Settings, *, by: str, reason: str, store: str = MAIN
) -> Asked | None:
    """Lets scheduled runs publish again.

    Returns:
        The hold that is taken away; ``None`` where there was none.
    """
    with opened(contract, settings, store) as collection:
        held = collection.hold()
        if held is None:
            log.info("%s: nothing holds %s", store, contract.name)
            return None
        collection.release(by=by, reason=reason)
    log.info("%s: %s is released by %s: %s; it was held by %s", store, contract.name, by, reason, held.by)
    return held


def vacuum(
    contract: Contract,
    settings: Settings,
    *,
    keep: int | None = None,
    abandon_after: timedelta = ABANDONED,
    store: str = MAIN,
) -> Tidied:
    """Merges old days by month, retires old versions and deletes what nothing names any more.

    Args:
        contract: Of the collection.
        settings: Where the stores are, and how many versions are retained.
        keep: How many instead.
        abandon_after: Attempts that are open for longer are taken for dead.
        store: The main one or a target.
    """
    with opened(contract, settings, store) as collection:
        tidied = tidy(collection, keep or settings.keep_versions, abandon_after)
    log.info("%s: %s: %s", store, contract.name, tidied)
    return tidied


def tidy(collection: Collection, keep: int, abandon_after: timedelta = ABANDONED) -> Tidied:
    """As :func:`vacuum`, in a collection that is open."""
    merged = collection.merge()
    return Tidied(merged.version if merged else None, collection.vacuum(keep, abandon_after=abandon_after))


def _days(contract: Contract, partitions: Iterable[str]) -> tuple[tuple[date, date], ...]:
    """The days of partitions; the buckets of a hash have none."""
    return () if contract.partition_by == "hash" else tuple(spans(partitions))
