"""Blocks of a file become Arrow batches, and what cannot be read is kept with its reason."""

import csv
from collections.abc import Iterator

import pytest

from common.io.sources import REJECTED, Item
from common.io.sources.files import csv_parts
from common.io.sources.files.csv_parts import Layout, header, parts
from common.utils.errors import SourceError

COLUMNS = ("id", "name", "quantity")


def layout(columns: tuple[str, ...] = COLUMNS, has_header: bool = True) -> Layout:
    item = Item("a.csv", "hash")
    return Layout(item, columns, ",", "utf-8", "VITRINE_A_B_ENCODING", has_header)


def blocks(data: bytes, size: int) -> Iterator[bytes]:
    yield from (data[at : at + size] for at in range(0, len(data), size))


def read(data: bytes, size: int = 2**20) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    found = list(parts(blocks(data, size), layout()))
    records = [row for part in found for row in part.records.to_pylist()]
    unreadable = [row for part in found for row in part.unreadable.to_pylist()]
    return records, unreadable


MESSY = (
    b"\xef\xbb\xbf\r\nid,name,quantity\r\n"  # lines 1 and 2
    b'1,"a ""q"" b",3\r\n\r\n2,"two\r\nlines",4\r\n'  # lines 3, 5 and 6
    b'3,5" pipe,6\r\nragged,1\r\n4,"open,5\r\n5,,""\r\n6,"x"y,7\r\n'  # lines 7 to 11
    b'7,caf\xa3,8\r\n8,n\0l,9\r\n9,ok,1,\r\n10,last,"1'  # lines 12 to 15
)


@pytest.mark.parametrize("size", [2**20, 50, 7, 1])
def test_good_records_come_through_and_bad_ones_are_kept_with_line_and_reason(size: int) -> None:
    records, unreadable = read(MESSY, size)
    assert [tuple(row[name] for name in ("_position", *COLUMNS)) for row in records] == [
        (3, "1", 'a "q" b', "3"),
        (5, "2", "two\r\nlines", "4"),
        (7, "3", '5" pipe', "6"),
        (10, "5", None, None),
    ]
    quote = "a quote that does not close, or text after a closing quote"
    assert [
        tuple(row[name] for name in ("_position", "rule", "field", "reason", "record")) for row in unreadable
    ] == [
        (8, "ragged", None, "2 fields, and the header has 3", "ragged,1"),
        (9, "quote", None, quote, '4,"open,5'),
        (11, "quote", None, quote, '6,"x"y,7'),
        (
            12,
            "encoding",
            "name",
            "not utf-8 (byte 0xA3 in field name); set VITRINE_A_B_ENCODING, for example latin-1",
            "7,caf\\xa3,8",
        ),
        (13, "nul", "name", "a NUL byte in field name: the file may be damaged or UTF-16", "8,n\\x00l,9"),
        (14, "ragged", None, "4 fields, and the header has 3", "9,ok,1,"),
        (15, "quote", None, quote, '10,last,"1'),
    ]
    assert {(row["_item"], row["_digest"]) for row in (*records, *unreadable)} == {("a.csv", "hash")}


def test_the_bytes_of_all_parts_are_those_of_the_file() -> None:
    found = list(parts(blocks(MESSY, 50), layout()))
    assert sum(part.size for part in found) <= len(MESSY)
    assert found[0].unreadable.schema == REJECTED


def test_a_header_alone_holds_no_record() -> None:
    assert read(b"id,name,quantity\n") == ([], [])
    assert read(b"id,name,quantity") == ([], [])


def test_a_bad_byte_in_the_third_field_names_the_third_field() -> None:
    _, (row,) = read(b'id,name,quantity\n1,"a,b",\xff\n')
    assert row["field"] == "quantity"


def test_a_bad_byte_past_the_last_column_is_named_by_number() -> None:
    _, (row,) = read(b"id,name,quantity\n1,2,3,\xff\n")
    assert row["field"] == "4"


def test_a_line_without_end_is_no_csv(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_parts, "LONGEST", 100)
    with pytest.raises(SourceError, match=r"a\.csv has a line of more than .* MB: this is no CSV file"):
        read(b"id,name,quantity\n" + b"x" * 500, 50)


def test_a_parser_that_disagrees_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_parts, "_is_text", lambda raw: True)
    monkeypatch.setattr(
        csv_parts.pyarrow.csv, "read_csv", lambda *_: csv_parts.pa.table({name: ["1"] for name in COLUMNS})
    )
    with pytest.raises(SourceError, match="2 records were found and 1 parsed"):
        read(b"id,name,quantity\n1,2,3\n4,5,6\n")


def test_a_huge_field_before_a_bad_byte_does_not_stop_the_file() -> None:
    _, (row,) = read(b"id,name,quantity\n1," + b"x" * 200_000 + b",\xff\n")
    assert (row["rule"], row["field"]) == ("encoding", "quantity")


@pytest.mark.parametrize("size", [2**20, 5, 1])
def test_a_file_without_a_header_loses_no_line(size: int) -> None:
    found = list(parts(blocks(b"\xef\xbb\xbf1,a,2\n3,b,4\n", size), layout(has_header=False)))
    rows = [
        tuple(row[name] for name in ("_position", *COLUMNS)) for p in found for row in p.records.to_pylist()
    ]
    assert rows == [(1, "1", "a", "2"), (2, "3", "b", "4")]


@pytest.mark.parametrize(
    ("head", "delimiter", "names"),
    [
        (b"\xef\xbb\xbf\r\n\na, b ,\n1,2,3\n", ",", ("a", "b", "column_3")),
        (b'"a;1";"b\nc"\n', ";", ("a;1", "b\nc")),
        (b"", ",", ()),
        (b"\n\n", ",", ()),
        (b"a|b", "|", ("a", "b")),
    ],
)
def test_the_header_is_the_first_record(head: bytes, delimiter: str, names: tuple[str, ...]) -> None:
    assert header(head, delimiter) == names


@pytest.mark.parametrize(
    ("head", "why"),
    [(b"a,\0b\n", "NUL bytes"), (b"a,caf\xe9\n", "the byte 0xE9"), (b"x" * 200_000, "field limit")],
)
def test_what_is_no_header(head: bytes, why: str) -> None:
    with pytest.raises(csv.Error, match=why):
        header(head, ",")
