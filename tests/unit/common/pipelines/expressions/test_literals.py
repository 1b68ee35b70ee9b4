from typing import Any

import duckdb
import pytest

from common.pipelines.expressions.literals import sql_of
from common.pipelines.expressions.types import Type
from unit.common.pipelines.expressions.kit import engine_type


@pytest.mark.parametrize(
    ("value", "kind", "text"),
    [
        (3, "integer", "3"),
        (-(2**63), "integer", str(-(2**63))),
        (3, "number", "3.0"),
        (1e-7, "number", "1e-07"),
        (3, "decimal(4,2)", "3.00"),
        (0.1, "decimal(4,2)", "0.10"),
        ("-99.990", "decimal(4,2)", "-99.99"),
        ("1e1", "decimal(4,2)", "10.00"),
        ("0.000000", "decimal(4,2)", "0.00"),
        ("0.1", "decimal(1,1)", ".1"),
        (True, "boolean", "true"),
        ("it's {}", "string", "it's {}"),
        ("2026-01-31", "date", "2026-01-31"),
        ("2026-01-31T10:00:00+02:00", "timestamp", "2026-01-31 08:00:00+00"),
    ],
)
def test_a_value_of_its_type(engine: duckdb.DuckDBPyConnection, value: Any, kind: str, text: str) -> None:
    sql = sql_of(value, Type.of(kind))
    found = engine.sql(f"SELECT typeof({sql}), CAST({sql} AS VARCHAR)").fetchall()
    assert found == [(engine_type(Type.of(kind)), text)]


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        (2**63, "integer"),
        (1.0, "integer"),
        (True, "integer"),
        ("1", "integer"),
        (float("nan"), "number"),
        (float("inf"), "decimal(4,2)"),
        (10**400, "number"),
        ("1e999999", "decimal(38,0)"),
        ("1e-999999", "decimal(38,10)"),
        ("100", "decimal(4,2)"),
        (0.123, "decimal(4,2)"),
        ("1", "decimal(1,1)"),
        (1, "boolean"),
        (1, "string"),
        ("a\0", "string"),
        ("20260131", "date"),
        ("2026-01-31T10:00", "date"),
        ("now", "timestamp"),
        ("0001-01-01T00:00:00+05:00", "timestamp"),
        ("{}", "object"),
    ],
)
def test_a_value_of_another_type(value: Any, kind: str) -> None:
    with pytest.raises(ValueError, match=f"is no value of type {kind.split('(', maxsplit=1)[0]}"):
        sql_of(value, Type.of(kind))
