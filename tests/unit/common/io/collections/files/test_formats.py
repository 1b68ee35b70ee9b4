"""What stands in a file is what a person expects, and reads back as the same values."""

import csv
import random
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from pyarrow import parquet

from common.io.collections.files import formats
from common.io.collections.files.formats import FORMATS, batches, file_schema
from common.io.collections.protocol import StoreError
from contract.kit import EVERY_TYPE, SALES

MOMENT = datetime(2026, 1, 31, 23, 59, 59, 123456, tzinfo=UTC)
ROW: dict[str, Any] = {
    "id": -(2**63),
    "at": MOMENT,
    "text": 'a "quoted" word,\r\nand more',
    "money": Decimal("-99999999999999.9999"),
    "share": 0.1 + 0.2,
    "open": True,
    "day": date(1, 1, 1),
    "detail": '{"a": [1, null]}',
    "tags": "[]",
    "partition_date": date(2026, 1, 1),
    "created_at": MOMENT,
    "updated_at": MOMENT,
    "_hash": 2**63 - 1,
}


def written(path: Path, rows: list[dict[str, Any]], schema: pa.Schema) -> Path:
    with path.open("xb") as file:
        writer = FORMATS[path.suffix[1:]].writer(file, schema)
        writer.write_table(pa.Table.from_pylist(rows, schema=schema), 1000)
        writer.close()
    return path


def read(paths: list[Path], schema: pa.Schema) -> list[dict[str, Any]]:
    dataset = FORMATS[paths[0].suffix[1:]].dataset(paths, schema)
    return pa.Table.from_batches(batches(dataset, schema.names), schema).to_pylist()


def scanned(paths: list[Path], schema: pa.Schema, *, alike: bool = True) -> list[dict[str, Any]]:
    with duckdb.connect() as cursor:
        scan, given = FORMATS[paths[0].suffix[1:]].scan(cursor, paths, schema, alike=alike)
        names = ", ".join(f'"{name}"' for name in schema.names)
        found = cursor.sql(f"SELECT {names} FROM {scan}", params=given).to_arrow_table()
    return found.cast(schema).to_pylist()


def test_values_come_back_as_they_were(kind: str, tmp_path: Path) -> None:
    schema = file_schema(EVERY_TYPE)
    nothing = dict.fromkeys(schema.names)
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    rows = [ROW, nothing, {**nothing, "text": "", "share": -0.0, "at": first, "created_at": last}]
    path = written(tmp_path / f"1.{kind}", rows, schema)
    for found in (read([path], schema), scanned([path], schema)):
        assert found == rows
        assert str(found[2]["share"]) == "-0.0"


def test_parquet_has_the_types_of_the_contract(tmp_path: Path) -> None:
    path = written(tmp_path / "1.parquet", [ROW], file_schema(EVERY_TYPE))
    schema = parquet.read_schema(path)
    found = {name: str(schema.field(name).type) for name in ("at", "money", "open", "day", "created_at")}
    assert found == {
        "at": "timestamp[us, tz=UTC]",
        "money": "decimal128(18, 4)",
        "open": "bool",
        "day": "date32[day]",
        "created_at": "timestamp[us, tz=UTC]",
    }


def test_csv_is_what_other_programs_read(tmp_path: Path) -> None:
    path = written(tmp_path / "1.csv", [ROW], file_schema(EVERY_TYPE))
    with path.open(newline="") as file:
        (row,) = csv.DictReader(file)
    assert list(row) == list(ROW)
    assert row["text"] == ROW["text"]
    assert row["money"] == "-99999999999999.9999"
    assert row["at"] == "2026-01-31T23:59:59.123456Z"
    assert datetime.fromisoformat(row["at"]) == MOMENT
    assert date.fromisoformat(row["day"]) == date(1, 1, 1)
    assert (float(row["share"]), row["open"]) == (0.1 + 0.2, "true")
    described = duckdb.sql(f"DESCRIBE FROM '{path}'").fetchall()
    assert {name: kind for name, kind, *_ in described if name in ("at", "day", "open", "share", "id")} == {
        "id": "BIGINT",
        "at": "TIMESTAMP WITH TIME ZONE",
        "share": "DOUBLE",
        "open": "BOOLEAN",
        "day": "DATE",
    }


def test_in_csv_an_empty_text_is_quoted_and_null_is_nothing(tmp_path: Path) -> None:
    schema = pa.schema([("a", pa.string()), ("b", pa.string()), ("c", pa.int64())])
    path = written(tmp_path / "1.csv", [{"a": "", "b": None, "c": None}], schema)
    assert path.read_text() == '"a","b","c"\n"",,\n'


@pytest.mark.parametrize("seed", range(20))
def test_any_text_survives_csv(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Also where a block of the reader ends amid a row, or amid a pair of quotes."""
    monkeypatch.setattr(formats, "BLOCK", 2500)
    monkeypatch.setitem(FORMATS, "csv", formats.Csv())
    dice = random.Random(seed)

    def text() -> str | None:
        letters = dice.choice(['",\n\r', '"', "\n", ",\\'a é🙂;\t0\ufeff\x85\u2028", "ab"])
        return dice.choice([None, "", "".join(dice.choices(letters, k=dice.randint(0, 120)))])

    schema = pa.schema([("a", pa.string()), ("n", pa.int64()), ("b", pa.string())])
    rows = [{"a": text(), "n": dice.choice([None, number]), "b": text()} for number in range(200)]
    assert read([written(tmp_path / "1.csv", rows, schema)], schema) == rows


def test_a_column_that_a_file_does_not_have_is_null(kind: str, tmp_path: Path) -> None:
    young = pa.schema([("a", pa.int64()), ("new", pa.string()), ("z", pa.string())])
    old = pa.schema([("a", pa.int64()), ("z", pa.string())])
    paths = [
        written(tmp_path / f"1.{kind}", [{"a": 1, "z": "x"}], old),
        written(tmp_path / f"2.{kind}", [{"a": 2, "new": "n", "z": ""}], young),
    ]
    wanted = [{"a": 1, "new": None, "z": "x"}, {"a": 2, "new": "n", "z": ""}]
    for found in (paths, paths[::-1], paths[:1]):
        rows = [row for row in wanted if row["a"] == 1 or len(found) > 1]
        assert sorted(read(found, young), key=lambda row: row["a"]) == rows
        assert sorted(scanned(found, young, alike=False), key=lambda row: row["a"]) == rows
    assert read(paths[1:], old) == [{"a": 2, "z": ""}], "an older process reads what a younger one wrote"


@pytest.mark.parametrize("order", [1, -1])
def test_parquet_files_that_are_not_alike_are_never_taken_for_alike(tmp_path: Path, order: int) -> None:
    young, old = pa.schema([("a", pa.int64()), ("new", pa.string())]), pa.schema([("a", pa.int64())])
    paths = [
        written(tmp_path / "1.parquet", [{"a": 1}], old),
        written(tmp_path / "2.parquet", [{"a": 2, "new": "n"}], young),
    ]
    with pytest.raises(duckdb.Error):
        scanned(paths[::order], young)


def test_a_row_that_csv_cannot_read_again_is_refused(tmp_path: Path) -> None:
    schema = pa.schema([("a", pa.string()), ("b", pa.string())])
    longest = {"a": '"' * (formats.LONGEST - 1), "b": "x"}
    path = written(tmp_path / "1.csv", [{"a": "1", "b": None}, longest, {"a": "2", "b": None}], schema)
    assert [row["a"][:2] for row in read([path], schema)] == ["1", '""', "2"]
    with pytest.raises(StoreError, match="in CSV it may have"):
        written(tmp_path / "2.csv", [{"a": longest["a"], "b": "xy"}], schema)


def test_paths_are_no_patterns(kind: str, tmp_path: Path) -> None:
    schema = pa.schema([("a", pa.int64())])
    folder = tmp_path / "x=[1] *?'\"é"
    folder.mkdir()
    (tmp_path / "x=1 *?'\"é").mkdir()
    path = written(folder / f"1.{kind}", [{"a": 7}], schema)
    written(tmp_path / "x=1 *?'\"é" / f"1.{kind}", [{"a": 8}], schema)
    assert scanned([path], schema) == scanned([path], schema, alike=False) == [{"a": 7}]


def test_every_field_of_a_contract_and_the_stores_own_have_columns() -> None:
    assert file_schema(SALES).names == [
        *SALES.schema.names,
        "partition_date",
        "created_at",
        "updated_at",
        "_hash",
    ]
