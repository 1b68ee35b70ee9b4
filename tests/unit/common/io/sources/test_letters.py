"""Dead letters as a source: with their columns, or read again where they came from."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pyarrow as pa

from common.io.sources import Item, Part, Scope, rejected, with_origin
from common.io.sources.letters import Letters
from common.utils.window import Window

SCOPE = Scope(Window(None, datetime(2100, 1, 1, tzinfo=UTC)))


@dataclass
class Files:
    """A source of one item of five records."""

    name: str = "Files"
    fingerprint: str = "abc"
    dialect: str = "d"
    incremental: bool = False
    held: list[Item] = field(default_factory=lambda: [Item("a.csv", "now")])

    def items(self) -> list[Item]:
        return self.held

    def read(self, item: Item, scope: Scope) -> Iterator[Part]:
        records = pa.record_batch({"x": list("abcde")})
        yield Part(with_origin(records, item, [2, 3, 4, 5, 6]), rejected(item, [(7, "r", None, "why", "?")]))


def letter(position: int, record: str, digest: str = "now") -> dict[str, object]:
    return {"_item": "a.csv", "_digest": digest, "_position": position, "record": record}


def read(letters: Letters) -> list[dict[str, object]]:
    return [
        row
        for item in letters.items()
        for part in letters.read(item, SCOPE)
        for row in part.records.to_pylist()
    ]


def test_columns_come_back_with_the_origin_they_had() -> None:
    letters = Letters(Files(), [letter(9, '{"x":"1.10","n":null}', "then"), letter(12, '{"y":2}')])
    assert read(letters) == [
        {"x": "1.10", "n": None, "y": None, "_item": "a.csv", "_digest": "then", "_position": 9},
        {"x": None, "n": None, "y": 2, "_item": "a.csv", "_digest": "now", "_position": 12},
    ]
    assert letters.fingerprint == "abc"


def test_raw_texts_are_read_again_where_the_content_is_the_same() -> None:
    found = read(Letters(Files(), [letter(3, "b;c"), letter(5, "[1]"), letter(99, "gone")]))
    assert [(row["x"], row["_position"]) for row in found] == [("b", 3), ("d", 5)]
    assert read(Letters(Files(), [letter(3, "b;c", "then")])) == []


def test_a_record_with_one_name_in_two_spellings_is_not_made_one() -> None:
    assert read(Letters(Files(), [letter(9, '{"x":1,"X":2}')])) == []


def test_none_is_nothing() -> None:
    assert Letters(Files(), []).items() == []
