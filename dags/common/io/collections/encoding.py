"""How a contract's types stand in a database: exactly, and so that stored forms order as the values do.

Decimals are integers of their smallest unit, dates are days and timestamps microseconds since 1970 (UTC),
booleans are 0 and 1; strings, integers and numbers stand as they are, objects and arrays as their JSON text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from common.io.collections.protocol import Operator, QueryError, StoreError
from common.utils.contract import Contract, Field, FieldType
from common.utils.errors import ContractError

MAX_PRECISION = 18  # digits that any 64-bit integer holds
MAX_NAME = 57  # characters; with __rows it is a table of PostgreSQL, whose names end at 63
_INT64 = range(-(2**63), 2**63)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

STORED: dict[FieldType, pa.DataType] = {
    "string": pa.string(),
    "integer": pa.int64(),
    "decimal": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.int64(),
    "date": pa.int64(),
    "timestamp": pa.int64(),
    "object": pa.string(),
    "array": pa.string(),
}

SYSTEM = (
    Field("partition_date", "date", description="First day of the row's partition; null in a hashed one."),
    Field("created_at", "timestamp", required=True, description="When a row with this key was first staged."),
    Field("updated_at", "timestamp", required=True, description="When the row's content last changed."),
)
"""What every row has beside the contract's fields, and readers may ask for."""

CHUNK, HASH = "_chunk", "_hash"


def collection_name(contract: Contract) -> str:
    """What stores call the collection; it carries the major version, so that two can stand side by side."""
    return f"{contract.prefix}{contract.domain}_{contract.subject}_v{contract.major}"


def stored_schema(contract: Contract) -> pa.Schema:
    """Rows as databases take and give them."""
    fields = [pa.field(field.name, STORED[field.type]) for field in (*contract.fields, *SYSTEM)]
    return pa.schema([*fields, pa.field(CHUNK, pa.int64()), pa.field(HASH, pa.int64())])


def demand_storable(contract: Contract) -> None:
    """Raises ContractError where a name is taken or too long, or a field cannot be stored exactly."""
    taken = {CHUNK, HASH, *(field.name for field in SYSTEM)}
    for field in contract.fields:
        if field.name in taken:
            raise _unstorable(contract, f"The name {field.name} is the store's own.", "Rename the field.")
        if field.type == "decimal" and field.precision > MAX_PRECISION:
            raise _unstorable(
                contract,
                f"{field.name} has {field.precision} digits; the store is exact up to {MAX_PRECISION}.",
                f"Declare a precision of at most {MAX_PRECISION}.",
            )
    for name in dict.fromkeys((*contract.key, *filter(None, [contract.partition_field]))):
        if not contract.field(name).required:
            raise _unstorable(contract, f"{name} belongs to the key and is not required.", "Require it.")
    if len(collection_name(contract)) > MAX_NAME:
        what = f"{collection_name(contract)} is longer than the {MAX_NAME} characters of a table's name."
        raise _unstorable(contract, what, "Shorten the domain, the subject or VITRINE_COLLECTION_PREFIX.")
    for unique in contract.unique:
        if contract.partition_field not in unique:
            raise _unstorable(
                contract,
                f"Rows cannot be kept unique by {', '.join(unique)} across partitions.",
                f"Name {contract.partition_field or 'the key instead'} among them, or check it by a rule.",
            )


def _unstorable(contract: Contract, what: str, next_step: str) -> ContractError:
    return ContractError(what, where=contract.name, next_step=next_step)


def python_columns(table: pa.Table) -> list[list[Any]]:
    """Columns in stored form as Python's values; numbers without nulls by way of numpy, ten times as fast."""
    return [
        column.to_numpy().tolist()
        if not column.null_count and not pa.types.is_string(column.type)
        else column.to_pylist()
        for column in table.columns
    ]


def encode(table: pa.Table, fields: Sequence[Field]) -> pa.Table:
    """Columns in the contract's Arrow types as their stored forms."""
    columns = [_encode_column(table.column(field.name), field) for field in fields]
    return pa.table(columns, names=[field.name for field in fields])


def _encode_column(column: pa.ChunkedArray[Any], field: Field) -> pa.ChunkedArray[Any]:
    if field.type == "decimal":
        chunks = [chunk.view(pa.decimal128(38, 0)).cast(pa.int64()) for chunk in column.chunks]
        return pa.chunked_array(chunks, pa.int64())
    if field.type == "date":
        column = column.cast(pa.int32())
    if field.type == "number":
        column = pc.add(column, 0.0)  # not every database tells -0.0 from 0.0
    return column.cast(STORED[field.type])


def decode(stored: Sequence[Any] | pa.Array[Any], field: Field) -> pa.Array[Any]:
    """Stored values of one column in the contract's Arrow type; StoreError where they are of another."""
    try:
        array = pa.array(stored, STORED[field.type])
    except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
        what = f"'{field.name}' is {field.type} in the contract now, and is stored as something else."
        raise StoreError(what, next_step="Another type takes a new major version.") from error
    if field.type == "decimal":
        return array.cast(pa.decimal128(19, 0)).view(field.arrow.type)
    if field.type == "date":
        array = array.cast(pa.int32())
    return array.cast(field.arrow.type)


def encode_bound(field: Field, operator: Operator, value: Any) -> tuple[Operator, Any] | None:
    """A filter's operator and value in stored form; ``None`` where no stored value can equal it.

    A decimal finer than the field's scale lies between two stored values: it is compared with the lower one.

    Raises:
        QueryError: The value does not have the field's type.
    """
    if field.type != "decimal":
        return operator, encode_value(field, value)
    exact = _scaled(field, value)
    floor = exact.numerator // exact.denominator
    if exact.denominator == 1:
        return operator, _in_range(field, floor)
    if operator == "eq":
        return None
    return ("gt" if operator in ("gt", "gte") else "lte"), _in_range(field, floor)


def encode_value(field: Field, value: Any) -> Any:
    """One value in stored form.

    Raises:
        QueryError: The value does not have the field's type.
    """
    if field.type == "decimal":
        exact = _scaled(field, value)
        if exact.denominator != 1:
            raise _wrong(field, value, f"at most {field.scale} decimals")
        return _in_range(field, exact.numerator)
    if field.type not in _ENCODERS:
        raise QueryError(
            f"{field.name} is an {field.type}, which cannot be compared.",
            next_step="Filter by another field.",
        )
    return _ENCODERS[field.type](field, value)


def _scaled(field: Field, value: Any) -> Fraction:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise _wrong(field, value, "a decimal")
    if isinstance(value, Decimal) and not value.is_finite():
        raise _wrong(field, value, "a finite decimal")
    return Fraction(value) * Fraction(10**field.scale)


def _in_range(field: Field, value: int) -> int:
    if value not in _INT64:
        raise _wrong(field, value, "a value within 64 bits")
    return value


def _string(field: Field, value: Any) -> str:
    if not isinstance(value, str):
        raise _wrong(field, value, "a text")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise _wrong(field, value, "a text of valid Unicode") from error
    return value


def _integer(field: Field, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise _wrong(field, value, "a whole number")
    return _in_range(field, value)


def _number(field: Field, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(field, value, "a number")
    try:
        return float(value)
    except OverflowError as error:
        raise _wrong(field, value, "a number within the range of doubles") from error


def _boolean(field: Field, value: Any) -> int:
    if not isinstance(value, bool):
        raise _wrong(field, value, "true or false")
    return int(value)


def _date(field: Field, value: Any) -> int:
    if isinstance(value, datetime) or not isinstance(value, date):
        raise _wrong(field, value, "a date")
    return days(value)


def _timestamp(field: Field, value: Any) -> int:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise _wrong(field, value, "a time with its zone")
    return micros(value)


_ENCODERS: dict[FieldType, Callable[[Field, Any], Any]] = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "date": _date,
    "timestamp": _timestamp,
}


def days(value: date) -> int:
    """Days since 1970-01-01."""
    return value.toordinal() - _EPOCH.toordinal()


def micros(value: datetime) -> int:
    """Microseconds since 1970-01-01 00:00 UTC."""
    return (value - _EPOCH) // timedelta(microseconds=1)


def _wrong(field: Field, value: Any, wanted: str) -> QueryError:
    return QueryError(f"{field.name} cannot be compared with {value!r}.", next_step=f"Give {wanted}.")
