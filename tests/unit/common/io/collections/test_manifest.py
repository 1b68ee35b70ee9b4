"""Manifests: laying an attempt over the live one."""

import pytest

from common.io.collections.manifest import Change, difference, rebased, rows_of
from common.io.collections.protocol import AttemptError, Chunk

LIVE = {"a": Chunk("1", 10, "x"), "b": Chunk("2", 5, "y")}


def test_an_attempt_replaces_adds_and_empties_its_partitions_only() -> None:
    new = Chunk("7", 3, "z")
    changes = {
        "a": Change("1", None),
        "b": Change("2", LIVE["b"]),
        "c": Change(None, new),
        "d": Change(None, None),
    }
    after = rebased(LIVE, changes, "here")
    assert after == {"b": LIVE["b"], "c": new}
    assert difference(LIVE, after) == ("a", "c")
    assert (rows_of(LIVE), rows_of(after), rows_of({})) == (15, 8, 0)


@pytest.mark.parametrize("base", [None, "9"])
def test_a_partition_that_moved_is_a_conflict_even_if_the_attempt_leaves_it(base: str | None) -> None:
    with pytest.raises(AttemptError, match="first b"):
        rebased(LIVE, {"b": Change(base, None)}, "here")
