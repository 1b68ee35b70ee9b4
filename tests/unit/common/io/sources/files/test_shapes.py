"""Formats, encodings and delimiters are told by name and content, and doubts are named."""

import pytest

from common.io.sources.files import shapes
from common.io.sources.files.shapes import Said, Shape, UnknownError, shape_of

NOTHING = Said("")


def told(name: str, head: bytes | str, said: Said = NOTHING) -> Shape:
    return shape_of(name, head.encode() if isinstance(head, str) else head, said)


@pytest.mark.parametrize(
    ("name", "head", "format_"),
    [
        ("a.csv", "id,name\n1,2\n", "csv"),
        ("a.TSV", "id\tname\n", "csv"),
        ("a.txt", "id,name\n1,2\n", "csv"),
        ("a.json", '{"a":\n1}', "json"),
        ("a.json", '[{"a":1},\n{"a":2}]', "json"),
        ("a.json", '{"a":1}\n{"a":2}\n', "ndjson"),
        ("a.json", '{"a":1}\n', "json"),
        ("data", '  [{"a":1}]', "json"),
        ("data", '\n{"a":1}\r\n{"a":2', "ndjson"),
        ("a.jsonl", '[{"a":1}]', "ndjson"),
        ("a.csv", '{"a":1}\n{"a":2}\n', "csv"),
        ("data", b"PAR1\x15\x04", "parquet"),
        ("a.parquet", b"", "parquet"),
    ],
)
def test_formats(name: str, head: bytes | str, format_: str) -> None:
    assert told(name, head).format == format_


def test_what_is_configured_is_not_told() -> None:
    head = "id;n,ame\n1;2\n".encode("utf-16-le")
    assert told("a.json", head, Said("csv", "latin-1", ",")) == Shape("csv", "latin-1", ",")
    assert told("a.csv", '{"a":1}', Said("ndjson")).format == "ndjson"


@pytest.mark.parametrize(
    ("head", "what"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "an old Excel workbook"),
        (b"PK\x03\x04\x14", "a workbook"),
        (b"%PDF-1.7", "a PDF"),
        (b"\xef\xbb\xbf\n <!DOCTYPE html>", "HTML or XML"),
        (b"<?xml version='1.0'?>", "HTML or XML"),
    ],
)
def test_what_is_neither_text_nor_parquet(head: bytes, what: str) -> None:
    with pytest.raises(UnknownError, match=f"it is {what}"):
        told("a.csv", head)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_unicode_is_told_without_a_doubt(encoding: str) -> None:
    text = "id,name\n" + "1,Zoë Müller\n2,日本語\n" * 20
    shape = told("a.csv", text.encode(encoding))
    assert text.encode(encoding).decode(shape.encoding).removeprefix("\ufeff") == text
    assert not shape.doubt


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "name;price\nCafé “crème”;3 €\nMüller;4\nSeñor;5\n"),
        ("cp932", "id,name\n1,東京都\n2,カタカナ\n3,漢字とひらがな\n"),
        ("gb18030", "id,name\n1,北京市\n2,上海\n3,中文字符\n"),
        ("cp1251", "id,name\n" + "1,Иван Петров живёт здесь\n2,Москва столица\n" * 40),
    ],
)
def test_other_encodings_are_guessed_and_said_to_be_guesses(encoding: str, text: str) -> None:
    shape = told("a.csv", text.encode(encoding))
    assert text.encode(encoding).decode(shape.encoding) == text
    ((doubt, variable),) = shape.doubt
    assert doubt.startswith(f"it is not UTF-8, and was taken for {shape.encoding}")
    assert variable == "ENCODING"


def test_a_damaged_line_or_two_make_no_other_encoding() -> None:
    assert told("a.csv", b"id,name\n1,caf\xe9\n2,\xff\n3,ok\n").encoding == "utf-8"
    mostly = "id,name\n" + "1,Zoë\n" * 40
    assert told("a.csv", mostly.encode() + b"2,\xe9\n" * 5) == Shape("csv", "utf-8", ",")


def test_a_header_in_another_encoding_is_enough() -> None:
    assert told("a.csv", b"id,pr\xe9nom\n1,2\n").encoding == "cp1252"


def test_json_is_never_guessed_to_be_in_another_encoding() -> None:
    assert told("a.jsonl", b'{"a":"\xe9t\xe9"}\n' * 9) == Shape("ndjson", "utf-8")


def test_stray_nul_bytes_are_no_utf_16() -> None:
    assert told("a.csv", b"id,name\n1,a\0\n2,\0\0\0\n").encoding == "utf-8"
    assert told("a.csv", b"\0a\0b\0\n\0").encoding == "utf-8", "half a character"


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("a,b\n1,2\n", ","),
        ("a;b\n1,5;2,5\n", ";"),
        ("a\tb\n1,2\t3\n", "\t"),
        ("a|b|c\n1|2|3\n", "|"),
        ('"a,b";c\n"1,2";3\n', ";"),
        ("one column\n1,2\n", ","),
        ("a,b", ","),
        ("", ","),
    ],
)
def test_delimiters(text: str, delimiter: str) -> None:
    shape = told("a.csv", text)
    assert (shape.delimiter, shape.doubt) == (delimiter, ())


def test_a_delimiter_that_may_be_another_is_doubted() -> None:
    ((doubt, variable),) = told("a.csv", "a,b;c\n1,2;3\n").doubt
    assert (doubt, variable) == ("the fields may be parted by ',' or ';', and ',' was taken", "DELIMITER")
    ((doubt, _),) = told("a.csv", "A title, and more\nx\ny\nz\n").doubt
    assert "most records do not fit the header" in doubt


def test_a_long_text_is_judged_by_its_whole_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shapes, "SAMPLE", 64)
    assert told("a.csv", "id;name\n" + "1;Zoë\n" * 1000) == Shape("csv", "utf-8", ";")


def test_a_shape_is_said_in_words() -> None:
    assert str(Shape("csv", "utf-8", "\t")) == "csv, utf-8, delimiter '\\t'"
    assert str(Shape("parquet")) == "parquet"
