"""CSV files: which are read, what is said of those that cannot be, word for word."""

import csv
import io
import json
import os
import tarfile
from pathlib import Path
from typing import Any

import pytest

from common.io.sources import files
from common.io.sources.files import CsvFiles
from common.utils.errors import SourceError
from common.utils.settings import FileSource

NEEDED = ("date", "product_id", "product_name", "quantity", "unit_price")


def source(path: Path | str, **settings: Any) -> CsvFiles:
    return CsvFiles(FileSource(path=str(path), **settings), "VITRINE_A_B_")


def names(files_of: CsvFiles) -> list[str]:
    return [item.name for item in files_of.items()]


def rows(files_of: CsvFiles) -> list[dict[str, Any]]:
    return [
        row for item in files_of.items() for part in files_of.read(item) for row in part.records.to_pylist()
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
    assert [row["_source_file"] for row in rows(source(tmp_path))] == ["a.csv", "a/c.CSV", "b.csv"]


def test_a_relative_path_starts_at_the_repository(repository: Path) -> None:
    with pytest.raises(SourceError) as caught:
        source("no/such/place").items()
    assert str(caught.value) == (
        f"There is nothing at {repository}/no/such/place. Where: VITRINE_A_B_PATH=no/such/place. "
        "Next: Set VITRINE_A_B_PATH to a CSV file, a folder of them or a glob."
    )


def test_header_names_are_stripped_and_empty_fields_are_null(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b'\xef\xbb\xbf id , "the name" ,\n"1","",x\n')
    (item,) = source(tmp_path).items()
    assert item.columns == ("id", '"the name"', "column_3")
    assert item.size == len((tmp_path / "a.csv").read_bytes())
    (row,) = rows(source(tmp_path))
    assert (row["id"], row['"the name"'], row["column_3"], row["_line"]) == ("1", None, "x", 2)


@pytest.mark.parametrize("header", ["a,b,A", "a,b,b", "a,_line"])
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
    source(tmp_path).demand_columns(item, NEEDED)  # it lacks nothing


def test_a_missing_column_is_answered_with_the_setting_to_write(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice\n1,2,3,4,5,6\n"
    )
    files_of = source(tmp_path, columns={"product_name": "Description"})
    (item,) = files_of.items()
    with pytest.raises(SourceError) as caught:
        files_of.demand_columns(item, NEEDED)
    assert str(caught.value) == (
        'a.csv has no column "date", "product_id", "unit_price"; it has "InvoiceNo", "StockCode", '
        f'"Description", "Quantity", "InvoiceDate", "UnitPrice". Where: the header of {tmp_path}/a.csv. '
        "Next: Say which columns to use: VITRINE_A_B_COLUMNS=date=InvoiceDate,product_id=<column>,"
        "product_name=Description,quantity=Quantity,unit_price=UnitPrice"
    )


@pytest.mark.parametrize(
    ("settings", "wanted"),
    [
        ({"key": ("ordr_id", "line")}, "VITRINE_A_B_KEY=order_id,line"),
        ({"updated_at": "changed"}, "VITRINE_A_B_UPDATED_AT=<column>"),
    ],
)
def test_a_key_that_is_not_there_is_answered_likewise(
    tmp_path: Path, settings: dict[str, Any], wanted: str
) -> None:
    (tmp_path / "a.csv").write_text("order_id,line\n1,2\n")
    files_of = source(tmp_path, **settings)
    (item,) = files_of.items()
    with pytest.raises(SourceError, match=f"{wanted}$"):
        files_of.demand_columns(item, ())


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
    assert (row["id"], row["name"], row["_line"]) == ("1", text, 2)


def test_a_byte_that_the_encoding_does_not_have_costs_its_record_alone(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(b"id,name\n1,\x81\n2,\x80\n")
    files_of = source(tmp_path, encoding="cp1252")
    (part,) = files_of.read(files_of.items()[0])
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
    monkeypatch.setattr(files, "BLOCK", 16)
    path = tmp_path / "a.csv"
    path.write_text("id\n" + "1\n" * 50)
    files_of = source(tmp_path)
    (item,) = files_of.items()
    reading = files_of.read(item)
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
        list(files_of.read(item))


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
    assert base.name == "CSV files at x"


def test_csv_spectrum_as_its_json_truth_has_it(realdata: Path) -> None:
    folder = realdata / "messy_csv" / "csv-spectrum"
    for path in sorted((folder / "csvs").glob("*.csv")):
        truth = json.loads((folder / "json" / f"{path.stem}.json").read_text().replace("\\r\\n", "\\n"))
        found = [  # the copies have LF throughout
            {name: value or "" for name, value in row.items() if not name.startswith("_")}
            for row in rows(source(path))
        ]
        assert found == truth, path.name


def by_python(text: str, fields: int) -> tuple[dict[int, list[str | None]], set[int]]:
    """Records by line and lines of ragged ones, as the csv module reads the file strictly."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    good: dict[int, list[str | None]] = {}
    ragged, line = set(), 1
    for number, row in enumerate(reader):
        if row and len(row) == fields:
            good[line] = [value or None for value in row]
        elif row and number:
            ragged.add(line)
        line = reader.line_num + 1
    return good, ragged


def test_duckdbs_messy_files_are_read_as_the_csv_module_reads_them(realdata: Path, tmp_path: Path) -> None:
    with tarfile.open(realdata / "messy_csv" / "duckdb_csv_open.tar.gz") as archive:
        archive.extractall(tmp_path, filter="data")
    compared, refused = 0, []
    for path in sorted(tmp_path.rglob("*.csv")):
        files_of = source(path)
        try:
            (item,) = files_of.items()
            found = list(files_of.read(item))
        except SourceError as error:
            refused.append(error.what)
            continue
        try:
            text = path.read_bytes().decode("utf-8-sig")
            good, ragged = by_python(text, len(item.columns))
        except (UnicodeDecodeError, csv.Error):
            continue
        if "\0" in text or not item.columns:
            continue
        good.pop(min(good))  # the header
        here = {
            row.pop("_line"): list(row.values())[:-2] for part in found for row in part.records.to_pylist()
        }
        assert here == good, path
        assert {row["_line"] for part in found for row in part.unreadable.to_pylist()} == ragged, path
        compared += 1
    assert compared > 300
    assert len(refused) < 25
    assert all(what.startswith("The header of") for what in refused)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"\x1f\x8b\x08\x00\x14k\x02\x00", "it has NUL bytes"),
        ("date,product_id\n".encode("utf-16"), "it has NUL bytes"),
        (b"x" * 200_000, "field larger than field limit (131072)"),
    ],
)
def test_what_is_no_text_is_not_told_by_its_columns(tmp_path: Path, content: bytes, why: str) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(SourceError) as caught:
        source(tmp_path).demand_columns(source(tmp_path).items()[0], NEEDED)
    assert str(caught.value) == (
        f"a.csv does not begin with a header in utf-8: {why}. Where: the header of {tmp_path}/a.csv. "
        "Next: Unpack the file if it is compressed, set VITRINE_A_B_ENCODING if it is text in another "
        "encoding, such as utf-16, or take the file away."
    )


def test_a_name_that_is_no_utf_8_is_refused(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.csv")).write_text("x\n1\n")
    with pytest.raises(SourceError) as caught:
        source(tmp_path).items()
    assert str(caught.value) == (
        f"The name of the file 'caf\\udce9.csv' is not UTF-8. Where: '{tmp_path}'. "
        "Next: Rename the file: its name is kept with each of its records."
    )
