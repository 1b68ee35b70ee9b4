"""The record: each change that a compare-and-set may make."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from common.io.collections.protocol import AttemptError, Chunk, HoldError, VersionGone
from common.io.collections.record import REMEMBERED, Asked, Record, from_json, to_json
from contract.kit import publication

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
ONE, TWO = {"a": Chunk("1", 10, "x")}, {"a": Chunk("2", 11, "y")}


def published(record: Record, attempt: str, before: dict[str, Chunk], after: dict[str, Chunk]) -> Record:
    opened = record.opened(attempt, attempt, 1, NOW).staged(attempt)
    return opened.advanced(attempt, publication(attempt, NOW), before, after, NOW)[0]


def test_it_comes_back_from_json_as_it_went() -> None:
    record = published(Record("sales", revision=3), "one", {}, ONE).opened("two", "run", 5, NOW)
    held, _ = record.rolled_back(record.versions[0], ("a",), Asked("ada", "why", NOW), hold=True)
    assert from_json(to_json(held)) == held
    assert held.versions[1].restored == 1


def test_numbers_are_never_used_twice() -> None:
    record = Record("sales").opened("one", "r1", 3, NOW).opened("two", "r2", 2, NOW)
    one, two = record.attempts["one"], record.attempts["two"]
    assert (one.number, one.first_chunk, one.end_chunk) == (1, 1, 4)
    assert (two.number, two.first_chunk, two.end_chunk) == (2, 4, 6)
    record = published(published(record, "a", {}, ONE), "b", ONE, TWO).retired(1, NOW)
    back, outcome = record.rolled_back(record.versions[0], ("a",), Asked("ada", "", NOW), hold=False)
    assert (outcome.version, back.next_version) == (3, 4)


def test_an_attempt_that_is_not_staged_whole_cannot_be_published() -> None:
    record = Record("sales").opened("one", "run", 1, NOW)
    with pytest.raises(AttemptError, match="was not staged whole"):
        record.demand_publishable("one", scheduled=False)
    assert record.staged("one").demand_publishable("one", scheduled=False).number == 1


def test_a_hold_stops_only_scheduled_runs() -> None:
    record = Record("sales", hold=Asked("ada", "why", NOW)).opened("one", "run", 1, NOW).staged("one")
    with pytest.raises(HoldError, match=r"why \(ada, 2026-01-01T12:00:00"):
        record.demand_publishable("one", scheduled=True)
    record.demand_publishable("one", scheduled=False)
    record.released().demand_publishable("one", scheduled=True)


def test_it_remembers_the_latest_outcomes() -> None:
    record = Record("sales")
    for number in range(REMEMBERED + 5):
        record = published(record, f"attempt {number}", (record.live and ONE) or {}, ONE)
    assert len(record.published) == REMEMBERED
    assert record.repeated(f"attempt {REMEMBERED + 4}").repeated
    assert "attempt 4" not in record.published
    assert len(record.versions) == 1, "nothing changed after the first"


def test_retiring_spares_the_newest_and_the_young() -> None:
    record = published(published(Record("sales"), "a", {}, ONE), "b", ONE, TWO)
    record = record.opened("old", "r1", 1, NOW - timedelta(days=2)).opened("young", "r2", 1, NOW)
    after = record.retired(1, NOW - timedelta(days=1))
    assert [version.number for version in after.versions] == [2]
    assert list(after.attempts) == ["young"]
    with pytest.raises(VersionGone, match="Retained: 2"):
        after.version(1)
    with pytest.raises(VersionGone, match="Retained: none"):
        Record("sales").version(1)
