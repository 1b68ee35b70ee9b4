"""Values in URLs, cursors and JSON."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from common.io.collections.protocol import QueryError
from common.utils.contract import Field, FieldType
from dashboards.values import parse, records, text

RIGHT: list[tuple[FieldType, str, Any]] = [
    ("string", "", ""),
    ("string", "line\nZoë", "line\nZoë"),
    ("integer", "-9223372036854775808", -(2**63)),
    ("decimal", "-0.10", Decimal("-0.10")),
    ("decimal", "7", Decimal(7)),
    ("number", "-1.5e-3", -0.0015),
    ("boolean", "true", True),
    ("boolean", "false", False),
    ("date", "2026-01-31", date(2026, 1, 31)),
    ("timestamp", "2026-01-31", datetime(2026, 1, 31, tzinfo=UTC)),
    ("timestamp", "2026-01-31 08:30", datetime(2026, 1, 31, 8, 30, tzinfo=UTC)),
    ("timestamp", "2026-01-31T08:30:00.000001Z", datetime(2026, 1, 31, 8, 30, 0, 1, tzinfo=UTC)),
    ("timestamp", "2026-01-31T00:30:00+02:00", datetime(2026, 1, 30, 22, 30, tzinfo=UTC)),
]
WRONG: list[tuple[FieldType, str]] = [
    ("string", "a\0b"),
    ("integer", ""),
    ("integer", "1.0"),
    ("integer", "1_000"),
    ("integer", "٣"),
    ("integer", "9" * 20),
    ("decimal", "1e3"),
    ("decimal", "NaN"),
    ("decimal", "1,5"),
    ("number", "inf"),
    ("number", "1e999"),
    ("number", "nan"),
    ("boolean", "TRUE"),
    ("boolean", "1"),
    ("date", "2026-02-30"),
    ("date", "20260131"),
    ("date", "2026-W05-6"),
    ("timestamp", "2026-01-31T08:30:00 02:00"),
    ("timestamp", "0001-01-01T00:00:00+02:00"),
    ("timestamp", "yesterday"),
]


@pytest.mark.parametrize(("kind", "written", "value"), RIGHT)
def test_a_text_is_read_and_written_back(kind: FieldType, written: str, value: Any) -> None:
    field = Field("f", kind)
    found = parse(field, written)
    assert found == value
    assert type(found) is type(value)
    assert parse(field, text(found)) == value


@pytest.mark.parametrize(("kind", "written"), WRONG)
def test_what_is_no_value_is_refused_with_what_to_write(kind: FieldType, written: str) -> None:
    with pytest.raises(QueryError, match=r"is not what f is compared with.*Write ") as caught:
        parse(Field("f", kind), written)
    assert len(str(caught.value)) < 250


def test_a_long_wrong_value_is_not_repeated_whole() -> None:
    with pytest.raises(QueryError) as caught:
        parse(Field("f", "date"), "x" * 5000)
    assert len(str(caught.value)) < 200


def test_rows_are_exact_in_json() -> None:
    rows = pa.table(
        {
            "money": pa.array(
                [Decimal("0.1000"), Decimal("-99999999999999.9999"), None], pa.decimal128(18, 4)
            ),
            "rate": pa.array([Decimal(0), Decimal("1E-8"), None], pa.decimal128(18, 8)),
            "day": pa.array([date(2026, 1, 31), date(1, 1, 1), None], pa.date32()),
            "at": pa.array(
                [datetime(2026, 1, 31, 8, 0, 0, 5, tzinfo=UTC), datetime(1969, 7, 20, tzinfo=UTC), None]
            ).cast(pa.timestamp("us", "UTC")),
            "count": [2**63 - 1, -(2**63), None],
            "name": ["Zoë", "", None],
        }
    )
    first, second, nothing = records(rows)
    assert first == {
        "money": "0.1000",
        "rate": "0.00000000",
        "day": "2026-01-31",
        "at": "2026-01-31T08:00:00.000005Z",
        "count": 2**63 - 1,
        "name": "Zoë",
    }
    assert second["money"] == "-99999999999999.9999"
    assert second["rate"] == "0.00000001"
    assert second["at"] == "1969-07-20T00:00:00.000000Z"
    assert set(nothing.values()) == {None}


def test_no_rows_are_no_records() -> None:
    schema = pa.schema([pa.field("money", pa.decimal128(18, 4)), pa.field("at", pa.timestamp("us", "UTC"))])
    assert records(schema.empty_table()) == []
