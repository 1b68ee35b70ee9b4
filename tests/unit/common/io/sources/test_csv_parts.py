"""Blocks of a file become Arrow batches, and what cannot be read is kept with its reason."""

from collections.abc import Iterator

import pytest

from common.io.sources import REJECTED, Item, csv_parts
from common.io.sources.csv_parts import Layout, parts
from common.utils.errors import SourceError

COLUMNS = ("id", "name", "quantity")


def layout(columns: tuple[str, ...] = COLUMNS) -> Layout:
    return Layout(Item("a.csv", "hash", 0, columns), ",", "utf-8", "VITRINE_A_B_ENCODING")


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
    assert [tuple(row[name] for name in ("_line", *COLUMNS)) for row in records] == [
        (3, "1", 'a "q" b', "3"),
        (5, "2", "two\r\nlines", "4"),
        (7, "3", '5" pipe', "6"),
        (10, "5", None, None),
    ]
    quote = "a quote that does not close, or text after a closing quote"
    assert [
        tuple(row[name] for name in ("_line", "rule", "field", "reason", "record")) for row in unreadable
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
    assert {(row["_source_file"], row["_file_hash"]) for row in (*records, *unreadable)} == {
        ("a.csv", "hash")
    }


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
