"""What the matrix counts: one line for each group of boundaries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from faults.child import Boundary

READING = "reading, before a write"
INSTANT = "at any instant"
MID_BATCH = "within a batch of rows"
NOTICES = "after publishing, before the notices"
# The groups in their order, each with the calls that belong to it: phase, method and turn; None is any.
GROUPS: dict[str, tuple[tuple[str, str, int | None], ...]] = {
    "creating the collection": (("create", "ensure", None), ("create", "swap", None)),
    "registering the attempt": (("stage", "swap", 1),),
    "between batches and chunks": (("stage", "write", None),),
    MID_BATCH: (),
    "the attempt's changes": (("stage", "write_changes", None), ("stage", "swap", None)),
    "the version's manifest": (("publish", "write_manifest", None),),
    "the pointer to the live version": (("publish", "swap", None),),
    NOTICES: (),
    "vacuum: retiring": (("vacuum", "swap", None),),
    "vacuum: deleting chunks": (("vacuum", "delete_chunks", None),),
    "vacuum: deleting manifests": (("vacuum", "delete_entries", None),),
    "roll-back": (("rollback", "swap", None),),
    "merging: copying rows": (("merge", "write", None), ("merge", "write_changes", None)),
    "merging: its version": (("merge", "swap", None), ("merge", "write_manifest", None)),
    "change of schema": (("schema", "ensure", None), ("schema", "swap", None)),
    "a reader's pages": (("read", "page", None), ("read", "record", None)),
    READING: (),
    INSTANT: (),
}


def group_of(boundary: Boundary) -> str:
    """The group that a boundary belongs to."""
    if boundary.native and (boundary.phase, boundary.call) == ("stage", "write"):
        return MID_BATCH
    if boundary.phase == "notices":
        return NOTICES
    for group, calls in GROUPS.items():
        for phase, call, turn in calls:
            if (phase, call) == (boundary.phase, boundary.call) and turn in (None, boundary.turn):
                return group
    return READING


def chosen(passed: Iterable[Boundary], each: int) -> list[Boundary]:
    """Boundaries evenly spread over each group: so many of it, of readings a third."""
    groups: dict[str, list[Boundary]] = {}
    for boundary in passed:
        groups.setdefault(group_of(boundary), []).append(boundary)
    wanted = {group: -(-each // 3) if group == READING else each for group in groups}
    return [boundary for group, found in groups.items() for boundary in spread(found, wanted[group])]


def spread(found: list[Boundary], wanted: int) -> list[Boundary]:
    """So many of them, evenly; of each part the one in its middle."""
    number = min(wanted, len(found))
    return [found[(2 * turn + 1) * len(found) // (2 * number)] for turn in range(number)]


@dataclass(slots=True)
class Line:
    """One group's figures.

    Attributes:
        kills: Processes killed.
        stale: Processes that were stopped, and woken after another one had finished.
        reads: Listings that readers judged meanwhile.
        lost: Contents that were not what they must be, then or after the run was started again.
        doubled: Runs published twice.
        half_seen: Answers that were no whole version.
    """

    kills: int = 0
    stale: int = 0
    reads: int = 0
    lost: int = 0
    doubled: int = 0
    half_seen: int = 0


@dataclass
class Tally:
    """The figures of one store.

    Attributes:
        boundaries: That its operations passed in their rehearsals; so many of each group are tried.
    """

    boundaries: int = 0
    lines: dict[str, Line] = field(default_factory=lambda: {group: Line() for group in GROUPS})
    faults: list[str] = field(default_factory=list)

    def total(self) -> Line:
        """All groups together."""
        return Line(*(sum(getattr(line, name) for line in self.lines.values()) for name in Line.__slots__))
