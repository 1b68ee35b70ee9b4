"""Declared types: columns that must hold whole numbers, amounts, days, …; and the records that do not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import duckdb
import pyarrow as pa

from common.io.sources import ORIGIN, REJECTED
from common.io.sources.types import TEXT, converted
from common.transforms import engine
from common.utils.errors import SettingsError, did_you_mean
from common.utils.quoting import identifier, literal

DECIMAL = re.compile(r"decimal\((\d{1,2}),\s*(\d{1,2})\)")
TYPES = ("integer", "number", "boolean", "date", "timestamp", "string", "decimal(18,4)")


class Declared:
    """Parses texts of a source into their declared types, exactly.

    Args:
        types: Column to type, as :class:`common.io.sources.settings.SourceSettings` has it.
        variable: Where they are declared, for messages.

    Raises:
        SettingsError: There is no such type.
    """

    def __init__(self, types: Mapping[str, str], variable: str) -> None:
        self._sql = {name.lower(): _parser(kind, variable) for name, kind in types.items()}
        self._types = {name.lower(): kind for name, kind in types.items()}

    def schema(self, arriving: pa.Schema) -> pa.Schema:
        """The schema with the declared types in place of those that arrive."""
        declared = self._declared(arriving)
        return pa.schema([declared.get(field.name, field) for field in arriving])

    def parse(
        self, duck: duckdb.DuckDBPyConnection, records: pa.RecordBatch
    ) -> tuple[pa.RecordBatch, pa.RecordBatch]:
        """The records whose declared columns can be parsed, and the others as ``REJECTED``.

        A blank text is null in all types.
        """
        declared = self._declared(records.schema)
        if not declared:
            return records, _one_batch(REJECTED.empty_table())
        texts = pa.record_batch(
            [
                converted(column, TEXT) if field.name in declared else column
                for field, column in zip(records.schema, records.columns, strict=True)
            ],
            names=records.schema.names,
        )
        duck.register("arrived", texts)
        try:
            good = self._query(duck, records.schema, declared, "WHERE _wrong IS NULL")
            bad = duck.sql(self._rejected(records.schema, declared)).to_arrow_table()
        finally:
            duck.unregister("arrived")
        return _one_batch(good.cast(self.schema(records.schema))), _one_batch(bad.cast(REJECTED))

    def _declared(self, schema: pa.Schema) -> dict[str, pa.Field[Any]]:
        found = {}
        for field in schema:
            if (kind := self._types.get(field.name.lower())) is not None:
                found[field.name] = pa.field(field.name, _arrow(kind))
        return found

    def _query(
        self, duck: duckdb.DuckDBPyConnection, schema: pa.Schema, declared: Mapping[str, object], where: str
    ) -> pa.Table:
        columns = ", ".join(
            f"{self._value(name)} AS {identifier(name)}" if name in declared else identifier(name)
            for name in schema.names
        )
        found: pa.Table = duck.sql(
            f"SELECT {columns} FROM (SELECT *, {self._wrong(declared)} AS _wrong FROM arrived) {where}"  # noqa: S608
        ).to_arrow_table()
        return found

    def _rejected(self, schema: pa.Schema, declared: Mapping[str, object]) -> str:
        own = [name for name in schema.names if name not in ORIGIN.names]
        reasons = " ".join(
            f"WHEN {literal(name)} THEN {literal(name + ' ')} || chr(34) || {identifier(name)} || chr(34) || "
            f"{literal(' is no ' + self._types[name.lower()])}"
            for name in declared
        )
        return (
            f"SELECT {', '.join(ORIGIN.names)}, 'type' AS rule, _wrong AS field, "  # noqa: S608 (quoted)
            f"CASE _wrong {reasons} END AS reason, {engine.json_object(own)} AS record "
            f"FROM (SELECT *, {self._wrong(declared)} AS _wrong FROM arrived) WHERE _wrong IS NOT NULL"
        )

    def _wrong(self, declared: Mapping[str, object]) -> str:
        """The first column whose text is no value of its type."""
        cases = " ".join(
            f"WHEN trim({identifier(name)}) <> '' AND {self._value(name)} IS NULL THEN {literal(name)}"
            for name in declared
        )
        return f"CASE {cases} END"

    def _value(self, name: str) -> str:
        return self._sql[name.lower()].format(identifier(name))


def _parser(kind: str, variable: str) -> str:
    """SQL that parses a text, ``{}`` being the column; null where it is no such value."""
    text = "x"
    sql = {
        "integer": engine.whole_number(text),
        "number": engine.number(text),
        "boolean": engine.boolean(text),
        "date": f"CAST({engine.timestamp(text)} AS DATE)",
        "timestamp": engine.timestamp(text),
        "string": identifier(text),
    }
    if exact := DECIMAL.fullmatch(kind):
        sql[kind] = engine.exact_number(text, *map(int, exact.groups()))
    if kind not in sql:
        raise SettingsError(f"There is no type '{kind}': {did_you_mean(kind, TYPES)}", where=variable)
    return sql[kind].replace("{", "{{").replace("}", "}}").replace(identifier(text), "trim({0})")


def _arrow(kind: str) -> pa.DataType:
    if exact := DECIMAL.fullmatch(kind):
        return pa.decimal128(*map(int, exact.groups()))
    types: dict[str, pa.DataType] = {
        "integer": pa.int64(),
        "number": pa.float64(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("us", tz="UTC"),
        "string": TEXT,
    }
    return types[kind]


def _one_batch(table: pa.Table) -> pa.RecordBatch:
    columns = [column.combine_chunks() for column in table.columns]
    return pa.record_batch(columns, schema=table.schema)
