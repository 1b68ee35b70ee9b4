"""Declared types: exact, or a dead letter."""

from datetime import UTC, date, datetime
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest

from common.io.sources import Item, with_origin
from common.io.sources.declared import Declared
from common.utils.errors import SettingsError


def parsed(kind: str, *texts: object) -> tuple[list[object], list[str]]:
    """The values, and the reasons of those that are none."""
    batch = with_origin(pa.record_batch({"X": pa.array(texts)}), Item("f"), list(range(1, len(texts) + 1)))
    with duckdb.connect(config={"threads": 1}) as duck:
        duck.execute("SET TimeZone = 'UTC'")
        records, letters = Declared({"x": kind}, "VITRINE_A_B_TYPES").parse(duck, batch)
    return records["X"].to_pylist(), letters["reason"].to_pylist()


@pytest.mark.parametrize(
    ("kind", "good", "values", "bad"),
    [
        (
            "integer",
            ["1", " -2 ", "", None, "6.0"],
            [1, -2, None, None, 6],
            ["x", "1.5", "9223372036854775808"],
        ),
        ("number", ["1e3", "-.5"], [1000.0, -0.5], ["1,5", "NaN"]),
        ("boolean", ["TRUE", "no", "1"], [True, False, True], ["maybe"]),
        ("date", ["2026-01-31"], [date(2026, 1, 31)], ["31.01.2026", "2026-02-30"]),
        ("timestamp", ["2026-01-31T10:00:00+02:00"], [datetime(2026, 1, 31, 8, tzinfo=UTC)], ["soon"]),
        ("decimal(6,2)", ["1.10", "9999.99"], [Decimal("1.10"), Decimal("9999.99")], ["1.234", "10000"]),
        ("string", ["x"], ["x"], []),
    ],
)
def test_each_type(kind: str, good: list[str], values: list[object], bad: list[str]) -> None:
    assert parsed(kind, *good) == (values, [])
    assert parsed(kind, *good, *bad) == (values, [f'X "{text}" is no {kind}' for text in bad])


def test_a_column_that_is_typed_already_is_parsed_too() -> None:
    assert parsed("decimal(6,2)", 1, 2) == ([Decimal(1), Decimal(2)], [])


def test_the_record_is_kept_whole_and_other_columns_are_left_alone() -> None:
    batch = with_origin(pa.record_batch({"a": ["x", "1"], "b": [{"c": 1}, None]}), Item("f"), [7, 8])
    with duckdb.connect() as duck:
        records, letters = Declared({"a": "integer", "other": "date"}, "T").parse(duck, batch)
    assert records.to_pylist()[0] | {"_digest": ""} == {
        "a": 1,
        "b": None,
        "_item": "f",
        "_digest": "",
        "_position": 8,
    }
    (letter,) = letters.to_pylist()
    assert (letter["_position"], letter["rule"], letter["field"]) == (7, "type", "a")
    assert letter["record"] == '{"a":"x","b":{"c":1}}'


def test_the_schema_says_the_declared_types() -> None:
    arriving = pa.schema([("A", pa.string()), ("b", pa.string())])
    assert Declared({"a": "integer"}, "T").schema(arriving) == pa.schema(
        [("A", pa.int64()), ("b", pa.string())]
    )


def test_an_unknown_type_is_told() -> None:
    with pytest.raises(SettingsError, match=r"no type 'int'.*integer.*VITRINE_A_B_TYPES"):
        Declared({"a": "int"}, "VITRINE_A_B_TYPES")


def test_other_columns_of_any_type_and_name_are_left_alone() -> None:
    odd = pa.record_batch(
        {
            "a": ["1"],
            "_wrong": ["x"],
            "d": pa.array([5], pa.duration("ms")),
            "f": pa.array([1.5], pa.float16()),
            "u": pa.array([b"0" * 16], pa.uuid()),
        }
    )
    with duckdb.connect() as duck:
        records, letters = Declared({"a": "integer"}, "T").parse(duck, with_origin(odd, Item("f"), [1]))
    assert (records["a"].to_pylist(), letters.num_rows) == ([1], 0)
    assert records.schema.names[:5] == odd.schema.names


def test_keys_are_parsed_without_an_origin() -> None:
    with duckdb.connect() as duck:
        records, _ = Declared({"id": "integer"}, "T").parse(duck, pa.record_batch({"id": ["0139", "x"]}))
    assert records.to_pydict() == {"id": [139]}


@pytest.mark.parametrize("kind", ["integer", "date", "timestamp", "decimal(6,2)", "boolean"])
def test_no_record_has_the_declared_type_too(kind: str) -> None:
    nothing = pa.record_batch({"a": pa.array([], pa.int64()), "b": pa.array([], pa.string())})
    with duckdb.connect() as duck:
        records, _ = Declared({"a": kind, "b": kind}, "T").parse(duck, nothing)
    assert records.schema == Declared({"a": kind, "b": kind}, "T").schema(nothing.schema)
