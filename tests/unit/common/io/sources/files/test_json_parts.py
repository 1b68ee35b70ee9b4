"""JSON documents and lines become records, and what is none is kept with line and reason."""

import random
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from common.io.sources import Item, Part
from common.io.sources.files import json_parts, streams
from common.utils.errors import SourceError

ITEM = Item("a.json", "hash")
Rows = list[tuple[Any, ...]]


def shown(parts: Iterator[Part]) -> tuple[list[dict[str, Any]], Rows]:
    found = list(parts)
    good = [row for part in found for row in part.records.to_pylist()]
    bad = [row for part in found for row in part.unreadable.to_pylist()]
    own = [{key: row[key] for key in row if key not in ("_item", "_digest")} for row in good]
    return own, [tuple(row[k] for k in ("_position", "rule", "field", "reason", "record")) for row in bad]


def lines(data: bytes, size: int = 2**20) -> tuple[list[dict[str, Any]], Rows]:
    blocks = (data[at : at + size] for at in range(0, len(data), size))
    return shown(json_parts.lines(blocks, ITEM, "json"))


def document(data: bytes, path: str = "") -> tuple[list[dict[str, Any]], Rows]:
    return shown(json_parts.document(iter([data]), ITEM, "json", path, "VITRINE_A_B_"))


MESSY = (
    b'\xef\xbb\xbf\n{"id": 1, "amount": 10130981600972.3559}\r\n\n  \n'  # lines 1 to 4
    b'{"id": 2, "amount": 1, "tags": ["a", {"b": null}]}\n[1]\n{"id": 3\n'  # 5 to 7
    b'{"id": 4, "ID": 5}\n{"id": 6, "id" : 7}\n{"_ITEM": 1}\n'  # 8 to 10
    b'{"a": "\\ud800"}\n{"a": "caf\xe9"}\n{"a": {"b": 1, "b": 2}}\n{"a": NaN}\n'  # 11 to 14
    b'{"url": "a\\":b", "at": "10:00", "x": {"y": ":"}}'  # 15
)


@pytest.mark.parametrize("size", [2**20, 60, 7, 1])
def test_good_lines_come_through_and_bad_ones_are_kept_with_line_and_reason(size: int) -> None:
    good, bad = lines(MESSY, size)
    assert [row["_position"] for row in good] == [2, 5, 15]
    assert Decimal(good[0]["amount"]) == Decimal("10130981600972.3559")
    assert good[1]["tags"] == '["a",{"b":null}]'
    assert good[2]["url"] == 'a":b'
    twice = "(upper and lower case are one)"
    assert [row[:4] for row in bad] == [
        (6, "no_object", None, "a record is a JSON object, and this is not"),
        (7, "json", None, "no JSON: Expecting ',' delimiter: line 1 column 9 (char 8)"),
        (8, "named_twice", "ID", f"two fields are named ID {twice}"),
        (9, "named_twice", "id", f"two fields are named id {twice}"),
        (10, "reserved", "_ITEM", "a field is named _ITEM, as one of Vitrine's own"),
        (11, "json", None, "half of a surrogate pair"),
        (12, "json", None, "not UTF-8 (byte 0xE9 at 10)"),
        (13, "named_twice", "b", f"two fields are named b {twice}"),
        (14, "json", None, "no JSON that can be read exactly"),
    ]
    assert bad[6][4] == '{"a": "caf\\xe9"}'


def test_a_line_without_end_is_no_json_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_parts, "LONGEST", 100)
    with pytest.raises(SourceError, match=r"a line of more than 0 MB.*line 2.*format to json"):
        lines(b"{}\n" + b"[" * 300, 50)


def test_parts_are_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_parts, "ROWS", 3)
    found = list(json_parts.lines(iter([b'{"a":1}\n' * 10]), ITEM, "json"))
    assert [part.records.num_rows for part in found] == [3, 3, 3, 1]
    monkeypatch.setattr(streams, "BLOCK", 10)
    assert len(list(json_parts.lines(iter([b"x\n" * 10]), ITEM, "json"))) == 2, "bad ones fill a part too"


@pytest.mark.parametrize(
    ("data", "path", "ids"),
    [
        (b'[{"id": 1}, {"id": 2}]', "", [1, 2]),
        (b'\xef\xbb\xbf {"id": 1} ', "", [1]),
        (b'{"data": {"items": [{"id": 1}, {"id": 2}]}}', "data.items", [1, 2]),
        (b'{"data": {"items": {"id": 7}}}', "data.items", [7]),
        (b'{"data": {"items": null}}', "data.items", []),
        (b"[]", "", []),
        (b" \n", "", []),
    ],
)
def test_the_records_of_a_document(data: bytes, path: str, ids: list[int]) -> None:
    good, bad = document(data, path)
    assert [row["id"] for row in good] == ids
    assert [row["_position"] for row in good] == list(range(1, len(ids) + 1))
    assert not bad


def test_a_bad_record_of_a_document_costs_itself_alone() -> None:
    good, bad = document(b'[{"id": 1}, 5, {"id": 2, "Id": 3}, {"id": 4}]')
    assert [row["id"] for row in good] == [1, 4]
    assert [(row[0], row[1], row[4]) for row in bad] == [
        (2, "no_object", "5"),
        (3, "named_twice", '{"id": 2, "Id": 3}'),
    ]


@pytest.mark.parametrize(
    "data", [b'[{"id": 1}', b'{"a": 1} x', b'[{"id": \xe9}]', b"[" * 100_000, b'{"a": NaN}']
)
def test_what_is_no_document_is_refused(data: bytes) -> None:
    with pytest.raises(SourceError, match=r"a\.json is no JSON document: .*VITRINE_A_B_FORMAT=ndjson"):
        document(data)


@pytest.mark.parametrize(
    ("data", "there"),
    [(b'{"data": {"rows": []}}', '"rows"'), (b'{"data": [1]}', "no object"), (b"[]", "no object")],
)
def test_a_path_that_leads_nowhere_is_answered_with_what_there_is(data: bytes, there: str) -> None:
    with pytest.raises(SourceError, match=rf"no records at data\.items: .* has {there}.*VITRINE_A_B_RECORDS"):
        document(data, "data.items")


def test_a_document_that_is_too_large_for_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json_parts, "LARGEST", 10)
    with pytest.raises(SourceError, match="Write it as NDJSON"):
        document(b'[{"id": 1}]')


def test_one_column_is_spelled_one_way() -> None:
    good, _ = lines(b'{"ID": 1}\n{"id": 2, "x": 3}\n')
    assert [row["ID"] for row in good] == [1, 2]
    assert "id" not in good[0]


@pytest.mark.parametrize("seed", range(20))
def test_no_repeated_name_is_overlooked_and_none_is_invented(seed: int) -> None:
    chance = random.Random(seed)
    names = [f'"{"".join(chance.choices(["a", "b:", chr(92) + chr(34), " :"], k=3))}{at}"' for at in range(4)]
    again = chance.random() < 0.5
    pairs = [f'{name}{chance.choice(["", " "])}: "{chance.choice([":", "x", ""])}"' for name in names]
    _, bad = lines("{{{}}}".format(", ".join(pairs + pairs[:1] if again else pairs)).encode())
    assert [row[1] for row in bad] == (["named_twice"] if again else [])
