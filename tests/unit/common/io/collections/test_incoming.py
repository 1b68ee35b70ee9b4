"""Incoming rows: checked and stored, whatever batches they come in."""

from __future__ import annotations

from collections.abc import Callable

import pyarrow as pa
import pytest

from common.io.collections import incoming
from common.io.collections.encoding import stored_schema
from common.io.collections.incoming import DAY, stored
from common.io.collections.protocol import StageError
from contract.kit import EVERY_TYPE, SALES, batch, day, moment, sale

NOTHING = pa.array([None], pa.string())


def test_rows_go_on_in_tables_of_bounded_size(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incoming, "TOGETHER", 3)
    batches = [batch([sale(1, f"P{number}")]) for number in range(7)]
    tables = list(stored(batches, SALES))
    assert [table.num_rows for table in tables] == [3, 3, 1]
    whole = stored_schema(SALES)
    wanted = pa.schema([whole.field(name) for name in (*SALES.schema.names, DAY)])
    assert all(table.schema.equals(wanted) for table in tables)


def test_columns_may_come_in_any_order() -> None:
    one, other = batch([sale(1, "A")]), batch([sale(1, "B")])
    (table,) = stored([one, other.select(list(reversed(SALES.schema.names)))], SALES)
    assert table.column("product_id").to_pylist() == ["A", "B"]


@pytest.mark.parametrize(
    ("time", "month"), [("1969-12-31T23:59:59.999999", -31), ("1970-01-31", 0), ("2024-02-29", 19754)]
)
def test_a_month_begins_with_its_first_day(time: str, month: int) -> None:
    rows = batch([dict.fromkeys(EVERY_TYPE.schema.names) | {"id": 1, "at": moment(time)}], EVERY_TYPE)
    (table,) = stored([rows], EVERY_TYPE)
    assert table.column(DAY).to_pylist() == [month]


def test_a_day_is_its_own_partition() -> None:
    (table,) = stored([batch([sale(2, "A")])], SALES)
    assert table.column(DAY).to_pylist() == [(day(2) - day(1)).days + 20454]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: table.drop_columns("quantity"), "quantity is missing, the contract says int64"),
        (
            lambda table: table.append_column("x", table.column(0)),
            "x is date32.*, the contract says nothing of it",
        ),
        (lambda table: table.set_column(3, "quantity", pa.array([1.0])), "quantity is double"),
        (
            lambda table: table.set_column(1, "product_id", pa.array([None], pa.string())),
            "1 rows have no product_id",
        ),
    ],
)
def test_what_does_not_fit_is_named(change: Callable[[pa.Table], pa.Table], message: str) -> None:
    wrong = change(pa.Table.from_batches([batch([sale(1, "A")])]))
    with pytest.raises(StageError, match=message):
        list(stored(wrong.to_batches(), SALES))


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        (r'{"a": "\u0000"}', False),
        (r'{"a": "\\\u0000"}', False),
        (r'{"a": "\\u0000 \\ud800"}', True),
        (r'{"a": "\ud83d\uDE42 \u00e9"}', True),
        (r'{"a": "\ud83d x"}', False),
        (r'{"a": "\uDE42\ud83d"}', False),
    ],
)
def test_json_escapes_whole_characters(text: str, fits: bool) -> None:
    row = dict.fromkeys(EVERY_TYPE.schema.names) | {"id": 1, "at": moment("2026-01-01"), "detail": text}
    rows = batch([row], EVERY_TYPE)
    if fits:
        assert next(stored([rows], EVERY_TYPE)).column("detail").to_pylist() == [text]
    else:
        with pytest.raises(StageError, match="detail has JSON that escapes a NUL"):
            list(stored([rows], EVERY_TYPE))


def nested(depth: int, inside: str = "") -> str:
    """Arrays and objects in turn."""
    return (
        "".join("[" if level % 2 else '{"a":' for level in range(depth))
        + inside
        + "".join("]" if level % 2 else "}" for level in reversed(range(depth)))
    )


@pytest.mark.parametrize(
    ("text", "wrong"),
    [
        (nested(31, "1"), ""),
        (nested(32, "1"), "nested deeper than 31"),
        (nested(200, "1"), "nested deeper than 31"),
        ('{"a": [' + ",".join(["[]"] * 100) + "]}", ""),
        ('{"a": "' + "[" * 100 + '", "b": "\\"' + "{" * 100 + '"}', ""),
        ('{"a": "]]]]]]]]]]", "b": ' + nested(31, '"}}}}}"') + "}", "nested deeper than 31"),
        ('{"a": 1.7976931348623157e308, "b": -5e-324, "c": 0e0000000000007}', ""),
        ('{"a": 1e309}', "a number beyond"),
        ('{"a": [1, -2E+0000400]}', "a number beyond"),
        ('{"a": 1e200000}', "a number beyond"),
        ('{"a": 1e-20000}', "a number beyond"),
        ('{"a": ' + "9" * 300 + "}", ""),
        ('{"a": ' + "9" * 310 + "}", "a number beyond"),
        ('{"a": ' + "9" * 250 + "e99}", "a number beyond"),
        ('{"a": 0.' + "1" * 2000 + "}", "a number beyond"),
        ('{"a": "1e200000 \\" 1e400", "1e999": 1}', ""),
    ],
)
def test_json_is_such_that_every_database_can_show_it(text: str, wrong: str) -> None:
    row = dict.fromkeys(EVERY_TYPE.schema.names) | {"id": 1, "at": moment("2026-01-01")}
    rows = batch([row | {"detail": one} for one in (None, "{}", text)], EVERY_TYPE)
    if wrong:
        with pytest.raises(StageError, match=f"detail has JSON .*{wrong}") as refused:
            list(stored([rows], EVERY_TYPE))
        assert text[:20] not in str(refused.value)
    else:
        assert next(stored([rows], EVERY_TYPE)).column("detail").to_pylist() == [None, "{}", text]
