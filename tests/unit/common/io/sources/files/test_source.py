"""Files: which are read, what is said of those that cannot be, word for word."""

import gzip
import logging
import os
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from common.io.sources import Scope
from common.io.sources.files import ADAPTER, FileSettings, FileSource, contents, streams
from common.utils.errors import SourceError
from common.utils.window import Window

SCOPE = Scope(Window(None, datetime(2100, 1, 1, tzinfo=UTC)))


def source(path: Path | str, **settings: Any) -> FileSource:
    return FileSource(FileSettings(path=str(path), **settings), "VITRINE_A_B_")


def names(files_of: FileSource) -> list[str]:
    return [item.name for item in files_of.items()]


def rows(files_of: FileSource) -> list[dict[str, Any]]:
    return [
        row
        for item in files_of.items()
        for part in files_of.read(item, SCOPE)
        for row in part.records.to_pylist()
    ]


def test_a_folder_means_all_csv_files_below_it_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b.csv", "a/c.CSV", "a.csv", "notes.txt", ".hidden.csv", ".cache/d.csv"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x\n1\n")
    assert names(source(tmp_path)) == ["a.csv", "a/c.CSV", "b.csv"]
    assert names(source(tmp_path / "*.csv")) == ["a.csv", "b.csv"]
    assert names(source(tmp_path / "*" / "*.CSV")) == ["a/c.CSV"]
    assert names(source(tmp_path / "notes.txt")) == ["notes.txt"]
    assert names(source(tmp_path / "*.tsv")) == []
    assert [row["_item"] for row in rows(source(tmp_path))] == ["a.csv", "a/c.CSV", "b.csv"]


def test_a_relative_path_starts_at_the_repository(repository: Path) -> None:
    with pytest.raises(SourceError) as caught:
        source("no/such/place").items()
    assert str(caught.value) == (
        f"There is nothing at {repository}/no/such/place. Where: VITRINE_A_B_PATH=no/such/place. "
        "Next: Set VITRINE_A_B_PATH to a file, a folder of them or a glob."
    )


def test_header_names_are_stripped_and_empty_fields_are_null(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b'\xef\xbb\xbf id , "the name" ,\n"1","",x\n')
    (item,) = source(tmp_path).items()
    assert item.schema is not None
    assert item.schema.names == ["id", '"the name"', "column_3"]
    assert item.size == len((tmp_path / "a.csv").read_bytes())
    (row,) = rows(source(tmp_path))
    assert (row["id"], row['"the name"'], row["column_3"], row["_position"]) == ("1", None, "x", 2)


@pytest.mark.parametrize("header", ["a,b,A", "a,b,b", "a,_position"])
def test_a_name_that_would_be_ambiguous_is_refused(tmp_path: Path, header: str) -> None:
    (tmp_path / "a.csv").write_text(f"{header}\n1,2,3\n")
    with pytest.raises(SourceError, match=r"The header of a\.csv names a column twice .*Rename them"):
        source(tmp_path).items()


@pytest.mark.parametrize("content", [b"", b"\n\n", b"\xef\xbb\xbf"])
def test_an_empty_file_is_said_to_be_empty(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    assert rows(source(tmp_path)) == []
    assert caplog.messages == ["a.csv is empty: 0 records"]
    (item,) = source(tmp_path).items()
    assert item.schema is not None
    assert not item.schema.names


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("latin-1", "crème £"),
        ("cp1252", "“5 €”"),
        ("utf-16", "naïve 漢"),
        ("shift_jis", "漢字"),
        ("utf-8-sig", "é"),
    ],
)
def test_encodings(tmp_path: Path, encoding: str, text: str) -> None:
    (tmp_path / "a.csv").write_bytes(f"id,name\n1,{text}\n".encode(encoding))
    (row,) = rows(source(tmp_path, encoding=encoding))
    assert (row["id"], row["name"], row["_position"]) == ("1", text, 2)


def test_a_byte_that_the_encoding_does_not_have_costs_its_record_alone(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"id,name\n1,\x81\n2,\x80\n")
    files_of = source(tmp_path, encoding="cp1252")
    (part,) = files_of.read(files_of.items()[0], SCOPE)
    assert part.records.to_pylist()[0]["name"] == "€"
    assert part.unreadable.to_pylist()[0]["reason"].startswith("not cp1252 (byte 0x81 in field name)")


def test_a_file_that_cannot_be_decoded_at_all(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("id,name\n1,a\n".encode("utf-16") + b"\x00\xd8" * 3)
    files_of = source(tmp_path, encoding="utf-16")
    with pytest.raises(SourceError, match=r"a\.csv cannot be decoded: .*Set VITRINE_A_B_ENCODING"):
        rows(files_of)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"encoding": "utf-9"}, '"utf-9" is no encoding that Python knows. Where: VITRINE_A_B_ENCODING'),
        ({"delimiter": '"'}, "cannot part the fields of a CSV file. Where: VITRINE_A_B_DELIMITER"),
        ({"delimiter": "§"}, "'§' cannot part the fields"),
    ],
)
def test_settings_that_cannot_be_used(tmp_path: Path, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(SourceError, match=message):
        source(tmp_path, **settings)


def test_a_delimiter_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text('a;b\n"1;2";3,4\n')
    (row,) = rows(source(tmp_path, delimiter=";"))
    assert (row["a"], row["b"]) == ("1;2", "3,4")


def test_a_file_that_changes_while_it_is_read_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "BLOCK", 16)
    monkeypatch.setattr(contents, "HEAD", 16)
    path = tmp_path / "a.csv"
    path.write_text("id\n" + "1\n" * 50)
    files_of = source(tmp_path)
    (item,) = files_of.items()
    reading = files_of.read(item, SCOPE)
    next(reading)
    with path.open("a") as file:
        file.write("2\n")
    with pytest.raises(SourceError, match=r"a\.csv changed while it was read.*Run the task again"):
        list(reading)


def test_a_file_that_goes_away_is_not_kept(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id\n1\n")
    files_of = source(tmp_path)
    (item,) = files_of.items()
    (tmp_path / "a.csv").unlink()
    with pytest.raises(SourceError, match=r"a\.csv cannot be read: No such file"):
        list(files_of.read(item, SCOPE))


def test_the_fingerprint_is_of_path_and_mapping_and_the_dialect_of_what_decides_the_meaning() -> None:
    base = source("x")
    assert base.fingerprint == source("x", delimiter=";", encoding="latin-1").fingerprint
    assert base.dialect == source("y").dialect
    others: list[dict[str, Any]] = [{"columns": {"date": "d"}}, {"key": ("k",)}, {"updated_at": "u"}]
    for settings in others:
        assert source("x", **settings).fingerprint != base.fingerprint
        assert source("x", **settings).dialect != base.dialect
    assert source("y").fingerprint != base.fingerprint
    assert source("x", delimiter=";").dialect != base.dialect
    assert source("x", encoding="latin-1").dialect != base.dialect
    assert base.name == "Files at x"


def test_a_name_that_is_no_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.csv")).write_text("x\n1\n")
    with pytest.raises(SourceError) as caught:
        source(tmp_path).items()
    assert str(caught.value) == (
        f"The name of the file 'caf\\udce9.csv' is not UTF-8. Where: '{tmp_path}'. "
        "Next: Rename the file: its name is kept with each of its records."
    )


def test_all_kinds_of_files_in_a_folder_packed_or_not(tmp_path: Path) -> None:
    (tmp_path / "a.CSV.gz").write_bytes(gzip.compress(b"id;name\n1;one\n"))
    (tmp_path / "b.jsonl").write_text('{"id": 2, "name": "two"}\n')
    (tmp_path / "c.json").write_text('[{"id": 3, "name": "three"}]')
    pq.write_table(pa.table({"id": [4], "name": ["four"]}), tmp_path / "d.parquet")
    (tmp_path / "e.tsv.zst").write_bytes(pa.compress(b"id\tname\n5\tfive\n", "zstd", asbytes=True))
    with zipfile.ZipFile(tmp_path / "f.zip", "w") as archive:
        archive.writestr("x.csv", "id,name\n6,six\n")
    (tmp_path / "g.txt.gz").write_bytes(b"is not looked at")
    found = rows(source(tmp_path))
    assert [(row["_item"], int(row["id"]), row["name"]) for row in found] == [
        ("a.CSV.gz", 1, "one"),
        ("b.jsonl", 2, "two"),
        ("c.json", 3, "three"),
        ("d.parquet", 4, "four"),
        ("e.tsv.zst", 5, "five"),
        ("f.zip", 6, "six"),
    ]
    schemas = [item.schema is not None for item in source(tmp_path).items()]
    assert schemas == [True, False, False, True, True, True]
    assert source(tmp_path / "d.parquet").items()[0].rows == 1


def test_the_members_of_an_archive_are_one_item_whose_positions_count_on(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("1.csv", "id,name\n1,one\nragged\n2,two\n")
        archive.writestr("2.csv", "id,other\n3,three\nragged\n")
    files_of = source(tmp_path / "a.zip")
    (item,) = files_of.items()
    assert item.schema is None
    found = list(files_of.read(item, SCOPE))
    good = [row for part in found for row in part.records.to_pylist()]
    bad = [row for part in found for row in part.unreadable.to_pylist()]
    assert [(row["_item"], row["id"], row["_position"]) for row in good] == [
        ("a.zip", "1", 2),
        ("a.zip", "2", 4),
        ("a.zip", "3", 6),
    ]
    assert [(row["_position"], row["reason"]) for row in bad] == [
        (3, "1 field, and the header has 2"),
        (7, "1 field, and the header has 2 (line or record 3 of 2.csv in a.zip)"),
    ]


@pytest.mark.parametrize("name", ["a.zip", "a.parquet", "a.csv.gz"])
def test_packed_and_columnar_files_that_change_while_they_are_read_are_not_kept(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / name

    def write(number: int) -> None:
        if name == "a.parquet":
            pq.write_table(pa.table({"id": [str(number)]}), path)
        elif name == "a.zip":
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("a.csv", f"id\n{number}\n")
        else:
            path.write_bytes(gzip.compress(f"id\n{number}\n".encode()))

    write(1)
    files_of = source(path)
    (item,) = files_of.items()
    write(2)
    with pytest.raises(SourceError, match=f"{name} changed while it was read"):
        list(files_of.read(item, SCOPE))


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.csv.gz", gzip.compress(b"id\n" * 99)[:-4], "a.csv.gz cannot be read: the packed data is cut off"),
        ("a.csv.gz", b"", "a.csv.gz cannot be read: it does not begin as gzip data does"),
        (
            "a.csv",
            b"\xd0\xcf\x11\xe0",
            "a.csv cannot be read: it is an old Excel workbook. .*VITRINE_A_B_FORMAT",
        ),
        ("a.parquet", b"nothing", "a.parquet cannot be read: .*Bring a whole copy"),
        ("a.csv", b"a\xe9,b\0\n1,2\n", "a.csv does not begin with a header in .*: it has NUL bytes"),
    ],
)
def test_what_cannot_be_read_at_all_is_refused(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(SourceError, match=message):
        source(tmp_path).items()


def test_what_a_file_was_taken_for_is_said_once_and_doubts_with_the_way_out(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    (tmp_path / "a.csv").write_bytes("name;price\nCafé;1\nMüller;2\nSeñor;3\n".encode("cp1252"))
    assert [row["name"] for row in rows(source(tmp_path))] == ["Café", "Müller", "Señor"]
    said, doubt = caplog.messages
    assert said == "a.csv: csv, cp1252, delimiter ';'"
    assert doubt.startswith("a.csv: it is not UTF-8, and was taken for cp1252")
    assert doubt.endswith("Set VITRINE_A_B_ENCODING if that is wrong.")


def test_a_file_without_a_header_gets_its_columns_from_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.tsv").write_text("1\t1\n2\t2\n")
    with pytest.raises(SourceError, match="VITRINE_A_B_HEADER=<name>,<name>"):
        source(tmp_path).items()
    monkeypatch.setenv("VITRINE_A_B_HEADER", "id, name")
    monkeypatch.setenv("VITRINE_A_B_PATH", str(tmp_path))
    found = rows(ADAPTER.open(ADAPTER.settings.of("VITRINE_A_B_"), "VITRINE_A_B_"))  # type: ignore[arg-type]
    assert [(row["id"], row["name"], row["_position"]) for row in found] == [("1", "1", 1), ("2", "2", 2)]


def test_the_parts_sizes_are_those_of_the_file_as_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "BLOCK", 1000)
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(b"id\n" + b"".join(b"%d\n" % n for n in range(9999))))
    (item,) = source(tmp_path).items()
    found = list(source(tmp_path).read(item, SCOPE))
    assert len(found) > 10
    assert sum(part.size for part in found) == item.size
