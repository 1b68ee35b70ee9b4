"""Expressions on the engine."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import duckdb
import pytest

from common.pipelines.expressions.compiler import ExpressionError, Typed, compiled
from common.pipelines.expressions.types import Column, Columns, Type
from common.utils.quoting import identifier, literal

NOW = datetime(2026, 1, 31, 8, tzinfo=UTC)
ODD = '{odd} "name" \'); DROP TABLE x; --'
TYPES = {
    "i": "integer",
    "j": "integer",
    "m": "decimal(18,4)",
    "wide": "decimal(38,10)",
    "n": "number",
    "s": "string",
    "b": "boolean",
    "d": "date",
    "t": "timestamp",
    "o": "object",
    "class": "string",
    ODD: "integer",
}
COLUMNS: Columns = {
    name: Column(Type.of(text), required=name in ("i", "d"), personal=name == "s")
    for name, text in TYPES.items()
}
ROW: dict[str, Any] = {
    "i": 7,
    "j": None,
    "m": "12.3456",
    "wide": "5.5",
    "n": 0.5,
    "s": "Été 'x' {0}",
    "b": True,
    "d": "2026-02-28",
    "t": "2026-02-28 10:20:30.5+00",
    "o": '{"a":1}',
    "class": "c",
    ODD: 3,
}


def fill(engine: duckdb.DuckDBPyConnection, *rows: dict[str, Any]) -> None:
    """A table ``x`` of the columns."""
    listed = [", ".join(_cast(name, {**ROW, **row}[name]) for name in COLUMNS) for row in rows]
    engine.execute(
        f"CREATE OR REPLACE TEMP TABLE x AS {' UNION ALL '.join(f'SELECT {one}' for one in listed)}"
    )


def _cast(name: str, given: Any) -> str:
    sql = "NULL" if given is None else literal(given)
    return f"CAST({sql} AS {COLUMNS[name].type.sql}) AS {identifier(name)}"


def typed(text: str, groups: tuple[str, ...] | None = None) -> Typed:
    return compiled(text, COLUMNS, now=NOW, groups=groups)


def value(engine: duckdb.DuckDBPyConnection, text: str, groups: tuple[str, ...] | None = None) -> Any:
    """What an expression gives over the table; the engine's type is the one that was promised."""
    found = typed(text, groups)
    ((kind, result),) = engine.sql(f"SELECT typeof(({found.sql})), {found.sql} FROM x").fetchall()
    assert kind == engine_type(found.type), text
    return result


def engine_type(kind: Type) -> str:
    return kind.sql.replace(", ", ",").replace("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE")


def wrong(text: str, groups: tuple[str, ...] | None = None) -> tuple[int, int, str]:
    """Line, column and problem of an expression that is wrong."""
    with pytest.raises(ExpressionError) as raised:
        typed(text, groups)
    return raised.value.line, raised.value.column, str(raised.value)
