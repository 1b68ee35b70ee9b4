"""What stands in a file of any format reads back as the same values."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa

from common.io.collections.files.formats import file_schema, format_of, schemes
from contract.kit import EVERY_TYPE, SALES
from unit.common.io.collections.files.formats.kit import ROW, read, scanned, written


def test_values_come_back_as_they_were(kind: str, tmp_path: Path) -> None:
    schema = file_schema(EVERY_TYPE)
    nothing = dict.fromkeys(schema.names)
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    rows = [ROW, nothing, {**nothing, "text": "", "share": -0.0, "at": first, "created_at": last}]
    path = written(tmp_path / f"1.{kind}", rows, schema)
    for found in (read([path], schema), scanned([path], schema)):
        assert found == rows
        assert str(found[2]["share"]) == "-0.0"


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


def test_every_module_is_a_format_whose_files_end_in_its_name() -> None:
    assert {"parquet", "csv"} <= set(schemes())
    assert [format_of(scheme).suffix for scheme in schemes()] == [f".{scheme}" for scheme in schemes()]


def test_to_list_the_schemes_imports_no_format() -> None:
    code = (
        "import sys, common.io.collections.files.formats as f; f.schemes(); "
        "sys.exit(any(name in sys.modules for name in ('duckdb', 'pyarrow.dataset', f'{f.__name__}.csv')))"
    )
    subprocess.run([sys.executable, "-c", code], env={"PYTHONPATH": ":".join(sys.path)}, check=True)
