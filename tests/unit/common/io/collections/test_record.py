"""The record: each change that a compare-and-set may make."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from common.io.collections.protocol import (
    Asked,
    AttemptError,
    Chunk,
    Event,
    HoldError,
    StoreError,
    VersionGone,
)
from common.io.collections.record import REMEMBERED, Record, Wanted, from_json, to_json
from contract.kit import publication

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
ONE, TWO = {"2026-01-01": Chunk(1, 10, "5:1")}, {"2026-01-01": Chunk(2, 11, "7:2")}
NEW = Record("sales", revision=1)


def published(record: Record, attempt: str, live: dict[str, Chunk], after: dict[str, Chunk]) -> Record:
    opened = record.opened(attempt, attempt, 1, NOW).staged(attempt)
    wanted = Wanted(after, f"{opened.attempts[attempt].number}.{record.revision}", NOW)
    return opened.advanced(attempt, publication(attempt, NOW), live, wanted)[0]


def test_it_comes_back_from_json_as_it_went() -> None:
    record = published(Record("sales", revision=3), "one", {}, ONE).opened("two", "run", 5, NOW)
    asked = Asked("ada", "why", NOW)
    held, _ = record.rolled_back(record.versions[0], ("2026-01-01",), asked, hold=True)
    assert from_json(to_json(held)) == held
    assert (held.versions[1].restored, held.hold, held.versions[1].stored) == (1, asked, "1.3")


def test_a_collection_that_was_never_created_takes_no_attempt() -> None:
    with pytest.raises(StoreError, match="There is no collection sales"):
        Record("sales").opened("one", "r1", 3, NOW)


def test_numbers_are_never_used_twice() -> None:
    record = NEW.opened("one", "r1", 3, NOW).opened("two", "r2", 2, NOW)
    one, two = record.attempts["one"], record.attempts["two"]
    assert (one.number, one.first_chunk, one.end_chunk) == (1, 1, 4)
    assert (two.number, two.first_chunk, two.end_chunk) == (2, 4, 6)
    record = published(published(record, "a", {}, ONE), "b", ONE, TWO).retired(1, NOW)
    asked = Asked("ada", "", NOW)
    back, outcome = record.rolled_back(record.versions[0], ("2026-01-01",), asked, hold=False)
    assert (outcome.version, back.next_version) == (3, 4)


def test_an_attempt_takes_the_place_of_the_one_before_of_its_run() -> None:
    record = NEW.opened("one", "r1", 1, NOW).opened("two", "r2", 1, NOW).opened("three", "r1", 1, NOW)
    assert list(record.attempts) == ["two", "three"]


def test_an_attempt_that_is_not_staged_whole_cannot_be_published() -> None:
    record = NEW.opened("one", "run", 1, NOW)
    with pytest.raises(AttemptError, match="was not staged whole"):
        record.demand_publishable("one", scheduled=False)
    assert record.staged("one").demand_publishable("one", scheduled=False).number == 1
    with pytest.raises(AttemptError, match="Attempt of a dry run is not open"):
        record.demand_publishable("", scheduled=False)


def test_a_hold_stops_only_scheduled_runs() -> None:
    held = Record("sales", revision=1, hold=Asked("ada", "why", NOW))
    record = held.opened("one", "run", 1, NOW).staged("one")
    with pytest.raises(HoldError, match=r"why \(ada, 2026-01-01T12:00:00"):
        record.demand_publishable("one", scheduled=True)
    record.demand_publishable("one", scheduled=False)
    freed = record.released_by(Asked("bob", "right", NOW))
    freed.demand_publishable("one", scheduled=True)
    assert freed.events == (Event("release", Asked("bob", "right", NOW), 0, None, hold=False),)


def test_it_remembers_the_latest_outcomes() -> None:
    record = NEW
    for number in range(REMEMBERED + 5):
        record = published(record, f"attempt {number}", ONE if record.live else {}, ONE)
    assert len(record.published) == REMEMBERED
    assert record.repeated(f"attempt {REMEMBERED + 4}").repeated
    assert "attempt 4" not in record.published
    assert len(record.versions) == 1, "nothing changed after the first"


def test_a_merge_changes_nothing_but_where_the_rows_stand() -> None:
    record = published(NEW, "one", {}, ONE)
    record = record.rolled_back(record.versions[0], ("2026-01-01",), Asked("ada", "w", NOW), hold=False)[0]
    later = NOW + timedelta(hours=1)
    after, outcome = record.opened("m", "merge", 1, NOW).merged("m", Wanted({}, "2.7", later))
    before, live = after.versions[-2:]
    assert (live.number, live.kind, live.by, live.stored, live.published_at) == (
        3,
        "merge",
        "merge",
        "2.7",
        later,
    )
    assert (live.reason, live.restored) == ("", None), "those of the version before are its own"
    assert (live.rows, live.watermark, live.ledger) == (before.rows, before.watermark, before.ledger)
    assert (outcome.version, outcome.new, outcome.changed) == (3, True, ())
    assert (after.attempts, after.next_version) == ({}, 4)


def test_a_merge_does_not_crowd_out_what_can_be_gone_back_to() -> None:
    record = published(published(published(NEW, "a", {}, ONE), "b", ONE, TWO), "c", TWO, ONE)
    record = record.opened("m", "merge", 1, NOW).merged("m", Wanted({}, "4.1", NOW))[0]

    def kept(keep: int) -> list[int]:
        return [version.number for version in record.retired(keep, NOW).versions]

    assert [kept(number) for number in (1, 2, 3)] == [[4], [2, 3, 4], [1, 2, 3, 4]]


def test_retiring_spares_the_newest_and_the_young() -> None:
    record = published(published(NEW, "a", {}, ONE), "b", ONE, TWO)
    record = record.opened("old", "r1", 1, NOW - timedelta(days=2)).opened("young", "r2", 1, NOW)
    after = record.retired(1, NOW - timedelta(days=1))
    assert [version.number for version in after.versions] == [2]
    assert list(after.attempts) == ["young"]
    with pytest.raises(VersionGone, match="Retained: 2"):
        after.version(1)
    with pytest.raises(VersionGone, match="Retained: none"):
        NEW.version(1)
