"""Manifests: laying an attempt over the live one, and days that stand merged in their month."""

import pytest

from common.io.collections.manifest import Change, combined, covering, difference, folded, rebased, rows_of
from common.io.collections.protocol import AttemptError, Chunk

LIVE = {"2026-01-01": Chunk(1, 10, "5:1"), "2026-01-02": Chunk(2, 5, "7:2")}
MERGED = {"2026-01": Chunk(3, 15, "12:3"), "2026-02-01": Chunk(4, 1, "1:1")}


def test_an_attempt_replaces_adds_and_empties_its_partitions_only() -> None:
    new = Chunk(7, 3, "8:8")
    changes = {
        "2026-01-01": Change(1, None),
        "2026-01-02": Change(2, LIVE["2026-01-02"]),
        "2026-01-03": Change(None, new),
        "2026-01-04": Change(None, None),
    }
    after = rebased(LIVE, changes, "here")
    assert after == {"2026-01-02": LIVE["2026-01-02"], "2026-01-03": new}
    assert difference(LIVE, after) == ("2026-01-01", "2026-01-03")
    assert (rows_of(LIVE), rows_of(after), rows_of({})) == (15, 8, 0)


@pytest.mark.parametrize("base", [None, 9])
def test_a_partition_that_moved_is_a_conflict_even_if_the_attempt_leaves_it(base: int | None) -> None:
    with pytest.raises(AttemptError, match="first 2026-01-02"):
        rebased(LIVE, {"2026-01-02": Change(base, None)}, "here")


@pytest.mark.parametrize("change", [Change(None, Chunk(9, 1, "1:1")), Change(None, None), Change(2, None)])
def test_a_day_whose_month_was_merged_has_moved(change: Change) -> None:
    with pytest.raises(AttemptError, match="first 2026-01-09"):
        rebased(MERGED, {"2026-01-09": change}, "here")
    assert rebased(MERGED, {"2026-03-09": Change(None, None)}, "here") == MERGED


def test_a_month_that_got_a_day_is_not_merged_without_it() -> None:
    changes = {day: Change(chunk.id, None) for day, chunk in LIVE.items()}
    changes["2026-01"] = Change(None, MERGED["2026-01"])
    assert rebased(LIVE, changes, "here") == {"2026-01": MERGED["2026-01"]}
    with pytest.raises(AttemptError, match="first 2026-01-03"):
        rebased({**LIVE, "2026-01-03": Chunk(9, 1, "1:1")}, changes, "here")


def test_a_merged_month_is_the_same_content_as_its_days() -> None:
    assert combined(3, list(LIVE.values())) == MERGED["2026-01"]
    assert folded(LIVE, {"2026-01"}) == {"2026-01": Chunk(0, 15, "12:3")}
    assert folded(LIVE, {"2026-02"}) == LIVE
    assert difference(LIVE, MERGED) == ("2026-02-01",)
    other = {**LIVE, "2026-01-02": Chunk(9, 5, "7:3")}
    assert difference(MERGED, other) == ("2026-01", "2026-02-01")
    assert difference(LIVE, other) == ("2026-01-02",)


def test_rows_of_a_day_stand_in_the_day_or_in_its_month() -> None:
    assert covering(LIVE, "2026-01-01") == "2026-01-01"
    assert covering(LIVE, "2026-01-09") == "2026-01-09"
    assert covering(MERGED, "2026-01-09") == "2026-01"
    assert covering(MERGED, "2026-02-09") == "2026-02-09"
    assert covering({"b007": Chunk(1, 1, "1:1")}, "b007") == "b007"
