"""Declared types: columns that must hold whole numbers, amounts, days, …; and the records that do not."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from common.io.sources import ORIGIN, REJECTED, Item, rejected
from common.io.sources.documents import as_text, json_text
from common.io.sources.types import TEXT, converted
from common.transforms import engine
from common.utils.errors import SettingsError, did_you_mean
from common.utils.quoting import identifier

DECIMAL = re.compile(r"decimal\((\d{1,2}),\s*(\d{1,2})\)")
PARSERS: dict[str, Callable[[str], str]] = {
    "integer": engine.whole_number,
    "number": engine.number,
    "boolean": engine.boolean,
    "date": lambda column: f"CAST({engine.timestamp(column)} AS DATE)",
    "timestamp": engine.timestamp,
    "string": identifier,
}
TYPES = (*PARSERS, "decimal(18,4)")


class Declared:
    """Parses texts of a source into their declared types, exactly.

    Args:
        types: Column to type, as :class:`common.io.sources.settings.SourceSettings` has it.
        variable: Where they are declared, for messages.

    Raises:
        SettingsError: There is no such type.
    """

    def __init__(self, types: Mapping[str, str], variable: str) -> None:
        for kind in types.values():
            if kind not in PARSERS and not DECIMAL.fullmatch(kind):
                raise SettingsError(f"There is no type '{kind}': {did_you_mean(kind, TYPES)}", where=variable)
        self._types = {name.lower(): kind for name, kind in types.items()}

    def schema(self, arriving: pa.Schema) -> pa.Schema:
        """The schema with the declared types in place of those that arrive."""
        declared = self._declared(arriving)
        return pa.schema([declared.get(field.name, field) for field in arriving])

    def parse(
        self, duck: duckdb.DuckDBPyConnection, records: pa.RecordBatch
    ) -> tuple[pa.RecordBatch, pa.RecordBatch]:
        """The records whose declared columns can be parsed, and the others as ``REJECTED``.

        A blank text is null in all types. Records without ``ORIGIN``, keys, that cannot be parsed are left
        out.
        """
        declared = self._declared(records.schema)
        if not records.num_rows:
            records = pa.RecordBatch.from_pylist([], self.schema(records.schema))
        if not declared or not records.num_rows:
            return records, rejected(Item(""), [])
        texts = {f"c{at}": converted(records[name], TEXT) for at, name in enumerate(declared)}
        kinds = [self._types[name.lower()] for name in declared]
        duck.register("arrived", pa.table({**texts, "place": pa.array(range(records.num_rows))}))
        try:
            parsed = duck.sql(_query(kinds)).to_arrow_table()
        finally:
            duck.unregister("arrived")
        columns = dict(zip(records.schema.names, records.columns, strict=True))
        for at, field in enumerate(declared.values()):
            columns[field.name] = pc.cast(parsed[f"c{at}"].combine_chunks(), field.type)
        typed = pa.record_batch(list(columns.values()), schema=self.schema(records.schema))
        wrong = {place: name for place, name in enumerate(parsed["wrong"].to_pylist()) if name is not None}
        good = pa.array([place not in wrong for place in range(records.num_rows)], pa.bool_())
        bad = {place: list(declared)[at] for place, at in wrong.items()}
        return (typed.filter(good), self._letters(records, bad)) if bad else (typed, rejected(Item(""), []))

    def _letters(self, records: pa.RecordBatch, wrong: Mapping[int, str]) -> pa.RecordBatch:
        """The records with a column each that is wrong in them."""
        if ORIGIN.names[0] not in records.schema.names:
            return rejected(Item(""), [])
        own = [name for name in records.schema.names if name not in ORIGIN.names]
        rows = []
        for row, name in zip(records.take(pa.array(wrong)).to_pylist(), wrong.values(), strict=True):
            reason = f'{name} "{as_text(row[name])}" is no {self._types[name.lower()]}'
            record = json_text({column: row[column] for column in own})
            place = (row["_position"], "type", name, reason, record)
            rows.append(rejected(Item(row["_item"], row["_digest"]), [place]))
        return _one_batch(pa.Table.from_batches(rows, REJECTED))

    def _declared(self, schema: pa.Schema) -> dict[str, pa.Field[Any]]:
        found = {}
        for field in schema:
            if (kind := self._types.get(field.name.lower())) is not None:
                found[field.name] = pa.field(field.name, _arrow(kind))
        return found


def _query(kinds: Sequence[str]) -> str:
    """Parses the texts ``c0``, ``c1``, … of ``arrived``; ``wrong`` is the number of the first that is not."""
    values = [f"{_parser(kind, f'c{at}')} AS c{at}" for at, kind in enumerate(kinds)]
    cases = " ".join(
        f"WHEN trim(c{at}) <> '' AND {_parser(kind, f'c{at}')} IS NULL THEN {at}"
        for at, kind in enumerate(kinds)
    )
    return f"SELECT {', '.join(values)}, CASE {cases} END AS wrong FROM arrived ORDER BY place"  # noqa: S608


def _parser(kind: str, column: str) -> str:
    """SQL that parses a text column; null where it is no such value."""
    if exact := DECIMAL.fullmatch(kind):
        sql = engine.exact_number(column, *map(int, exact.groups()))
    else:
        sql = PARSERS[kind](column)
    return sql.replace(identifier(column), f"trim({identifier(column)})")


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
