"""Run records as parts: what could not be read goes with the next part."""

from __future__ import annotations

from common.io.sources import ORIGIN, REJECTED, Item, Part, rejected
from common.io.sources.runs.parts import Documents, part_of
from common.io.sources.runs.records import SCHEMA, Found

ITEM = Item("a", "d", schema=SCHEMA)
GOOD = Found(1, {"id": "r1", "rows": "2"})
BAD = Found(2, None, ("template", "run.runId", "is a template"), "{}")


def test_good_and_bad_records_go_apart() -> None:
    part = part_of(ITEM, [GOOD, BAD], 10, {"offset": "3"})
    assert part.records.schema.names == [*SCHEMA.names, *ORIGIN.names]
    assert part.records.select(["id", "rows", "task", "_position"]).to_pylist() == [
        {"id": "r1", "rows": "2", "task": None, "_position": 1}
    ]
    (letter,) = part.unreadable.to_pylist()
    assert (letter["rule"], letter["_position"], letter["record"]) == ("template", 2, "{}")
    assert (part.size, part.bookmark) == (10, {"offset": "3"})


def test_a_part_of_nothing_has_the_schemas() -> None:
    part = part_of(ITEM, [], 0, {})
    assert (part.records.num_rows, part.unreadable.schema) == (0, REJECTED)


def test_what_could_not_be_read_goes_with_the_next_part_once() -> None:
    received = part_of(ITEM, [GOOD], 7, {})
    broken = rejected(ITEM, [(5, "json", None, "no JSON", "{")])
    documents = Documents(ITEM, iter([Part(received.records, broken, 7)]))
    assert [position for position, _ in documents.rows()] == [1]
    assert documents.left
    first = documents.part([GOOD, BAD])
    assert [row["_position"] for row in first.unreadable.to_pylist()] == [5, 2]
    assert first.size == 7
    assert not documents.left
    assert documents.part([]).unreadable.num_rows == 0
