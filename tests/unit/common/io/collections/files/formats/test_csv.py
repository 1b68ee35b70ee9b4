"""CSV: what other programs read, and any text survives."""

import csv
import random
from datetime import date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from common.io.collections.files.formats import csv as format_csv
from common.io.collections.files.formats import file_schema
from common.io.collections.protocol import StoreError
from contract.kit import EVERY_TYPE
from unit.common.io.collections.files.formats.kit import MOMENT, ROW, read, written


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
    monkeypatch.setattr(format_csv, "BLOCK", 2500)
    monkeypatch.setattr(format_csv, "FORMAT", format_csv.Csv())
    dice = random.Random(seed)

    def text() -> str | None:
        letters = dice.choice(['",\n\r', '"', "\n", ",\\'a é🙂;\t0\ufeff\x85\u2028", "ab"])
        return dice.choice([None, "", "".join(dice.choices(letters, k=dice.randint(0, 120)))])

    schema = pa.schema([("a", pa.string()), ("n", pa.int64()), ("b", pa.string())])
    rows = [{"a": text(), "n": dice.choice([None, number]), "b": text()} for number in range(200)]
    assert read([written(tmp_path / "1.csv", rows, schema)], schema) == rows


def test_a_row_that_csv_cannot_read_again_is_refused(tmp_path: Path) -> None:
    schema = pa.schema([("a", pa.string()), ("b", pa.string())])
    longest = {"a": '"' * (format_csv.LONGEST - 1), "b": "x"}
    path = written(tmp_path / "1.csv", [{"a": "1", "b": None}, longest, {"a": "2", "b": None}], schema)
    assert [row["a"][:2] for row in read([path], schema)] == ["1", '""', "2"]
    with pytest.raises(StoreError, match="in CSV it may have"):
        written(tmp_path / "2.csv", [{"a": longest["a"], "b": "xy"}], schema)
