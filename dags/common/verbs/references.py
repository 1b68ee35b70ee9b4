"""What passes between tasks: small frozen references, never data.

Each is plain JSON through :func:`to_json` and back through :func:`from_json`, so it travels through XCom.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any, TypeVar

from pydantic import TypeAdapter

from common.io.collections.protocol import Staged
from common.utils.ledger import Ledger
from common.utils.window import Window

READ = "the days of what was read"
"""What a run without a window answers for, in words."""


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one subject.

    Attributes:
        id: Unique; Airflow's run id or the command line's.
        window: What was asked for, without lookback.
        full_refresh: Silver is rebuilt from what the source holds now.
        dry_run: Everything is computed and reported, nothing that a reader sees is written.
        scheduled: False where a person chose what the run answers for; a hold stops scheduled ones.
        replay: Its records are dead letters of earlier runs.
    """

    id: str
    window: Window
    full_refresh: bool = False
    dry_run: bool = False
    scheduled: bool = True
    replay: bool = False


@dataclass(frozen=True, slots=True)
class TableRef:
    """One version of one Delta table.

    Attributes:
        uri: Where it stands.
        version: Delta's version; reading it later reads the same rows. -1 where there is no table yet.
        rows: Of the run's slice.
    """

    uri: str
    version: int
    rows: int


@dataclass(frozen=True, slots=True)
class Statistics:
    """What reading the source took.

    Attributes:
        items: That the source has.
        read: Items read.
        records: Rows of bronze.
        size: Bytes of the source.
        seconds: From the first item to the commit of bronze.
        retries: How often something was tried again.
        failed: Items that could not be read, with the reason; the next run begins where they were left.
    """

    items: int = 0
    read: int = 0
    records: int = 0
    size: int = 0
    seconds: float = 0.0
    retries: int = 0
    failed: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, sources: Sequence[Statistics]) -> Statistics:
        """Of several sources together; they are read at once, so the seconds are the slowest one's."""
        names = ("items", "read", "records", "size", "retries")
        sums = {name: sum(getattr(one, name) for one in sources) for name in names}
        failed = {item: reason for one in sources for item, reason in one.failed.items()}
        return cls(**sums, seconds=max((one.seconds for one in sources), default=0.0), failed=failed)


@dataclass(frozen=True, slots=True)
class Bookmark:
    """How far a source is published.

    Attributes:
        items: Where the next run begins to read, by item.
        silver: Version of silver that the publication was computed from; what silver changed since is the
            next run's to publish.
    """

    items: Mapping[str, Mapping[str, str]]
    silver: int


@dataclass(frozen=True, slots=True)
class Extracted:
    """Bronze of one source, as received.

    Attributes:
        intake: The source's name in its subject.
        window: What the run answers for: ``run.window`` with lookback, reaching back to the watermark;
            ``None`` where that is the days of whatever records it read.
        source: Fingerprint of the source's location and mapping.
        source_name: The same for people: where the records came from.
        rejected: Records that could not be read at all, by reason; they are in the dead letters already.
        statistics: For the log and the run record.
        drift: Columns of the source that are not as they were, in words.
        bookmark: Of the live version, or where this run has read up to; ``None`` where the source needs none.
        advances: Whether the run moves the bookmark.
        keys: The keys that the source has now, where the contract asks for their comparison.
        snapshot: These are all the records that the source has: whatever else silver holds is gone.
        oldest: The first day that is kept, where the contract has a retention.
        read_at: ISO time in UTC when the source was read.
    """

    run: Run
    intake: str
    window: Window | None
    source: str
    source_name: str
    bronze: TableRef
    rejected: Mapping[str, int]
    statistics: Statistics = field(default_factory=Statistics)
    drift: tuple[str, ...] = ()
    bookmark: Bookmark | None = None
    advances: bool = False
    keys: TableRef | None = None
    snapshot: bool = False
    oldest: date | None = None
    read_at: str = ""


@dataclass(frozen=True, slots=True)
class Transformed:
    """Silver and gold slices with the ledger.

    Attributes:
        window: Of the sources together; ``None`` where that is the days of what was read.
        source: Fingerprint of the sources together.
        watermark: ISO time in UTC of the latest event in silver up to the window's end, or ``None``.
        partitions: The partitions the run answers for.
        bookmark: Kept with the version that the run publishes; of several sources one of each, by name, under
            ``sources``.
        whole: Gold was computed from all of silver, and holds no more than that.
        oldest: The first day that is kept, where the contract has a retention; what is older is emptied.
    """

    run: Run
    window: Window | None
    source: str
    source_name: str
    gold: TableRef
    ledger: Ledger
    watermark: str | None
    partitions: tuple[str, ...]
    bookmark: Mapping[str, Any] = field(default_factory=dict)
    whole: bool = False
    oldest: date | None = None


@dataclass(frozen=True, slots=True)
class Validated:
    """Gold with its verdict; it does not exist where a required rule failed.

    Attributes:
        passed, warned: Names of rules.
        report: Path of the HTML page; its JSON stands beside it.
    """

    transformed: Transformed
    passed: tuple[str, ...]
    warned: tuple[str, ...]
    report: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """A staged attempt, ready to publish.

    Attributes:
        store: Where it is staged: the main store or a target.
        watermark: ISO time in UTC that its data reach up to; of a target maybe later than the run's.
    """

    validated: Validated
    staged: Staged
    store: str
    watermark: str | None


@dataclass(frozen=True, slots=True)
class RollBack:
    """A roll-back, chosen or done.

    Attributes:
        was: The version that was live.
        to: The retained version whose content readers see again.
        run_again: First day and day after the last of each span whose content differs between the two: once
            the source is right, these windows are to be run again.
        version: The new version that is live then; ``None`` before.
    """

    was: int
    to: int
    run_again: tuple[tuple[date, date], ...]
    version: int | None = None


Reference = TypeVar("Reference", Extracted, Transformed, Validated, Loaded, RollBack)


def to_json(reference: Extracted | Transformed | Validated | Loaded | RollBack) -> dict[str, Any]:
    """The reference as JSON-ready types."""
    plain: dict[str, Any] = adapter(type(reference)).dump_python(reference, mode="json")
    return plain


def from_json(kind: type[Reference], plain: Mapping[str, Any]) -> Reference:
    """The inverse of :func:`to_json`.

    Raises:
        pydantic.ValidationError: ``plain`` is not such a reference.
    """
    found: Reference = adapter(kind).validate_python(plain)
    return found


adapter: Callable[[Any], TypeAdapter[Any]] = lru_cache(maxsize=16)(TypeAdapter)
"""Of a type; to make one takes ten times as long as to use it."""
