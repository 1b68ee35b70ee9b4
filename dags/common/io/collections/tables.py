"""The tables, indexes and view that a contract becomes in a SQL database."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Index, Integer, MetaData, String, Table, Text
from sqlalchemy.schema import CreateIndex, CreateTable

from common.io.collections.dialect import Dialect
from common.io.collections.encoding import MAX_PRECISION
from common.io.collections.protocol import StageError
from common.utils.contract import Contract, Field
from common.utils.errors import ContractError

SYSTEM = (
    Field("partition_date", "date", required=True, description="First day of the row's partition."),
    Field("created_at", "timestamp", required=True, description="When a row with this key was first staged."),
    Field("updated_at", "timestamp", required=True, description="When the row's content last changed."),
)
CHUNK, HASH = "_chunk", "_hash"

_SHARED = MetaData()
_NAME = String(200)
COLLECTIONS = Table(
    "vitrine_collections",
    _SHARED,
    Column("name", _NAME, primary_key=True),
    Column("fields", Text, nullable=False, comment="what the rows were created for; never changes"),
    Column("revision", Integer, nullable=False),
    Column("live", Integer, nullable=False, comment="the live version of the document, for the views"),
    Column("document", Text, nullable=False),
)
MANIFESTS = Table(
    "vitrine_manifests",
    _SHARED,
    Column("collection", _NAME, primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("partition", String(10), primary_key=True),
    Column("chunk", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("digest", String(32), nullable=False),
)
CHANGES = Table(
    "vitrine_changes",
    _SHARED,
    Column("collection", _NAME, primary_key=True),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("partition", String(10), primary_key=True),
    Column("base", BigInteger),
    Column("chunk", BigInteger),
    Column("rows", BigInteger),
    Column("digest", String(32)),
)


def table_name(contract: Contract) -> str:
    """Of the view, and of the collection in the record; it carries the major version."""
    return f"{contract.domain}_{contract.subject}_v{contract.major}"


def rows_table(contract: Contract, dialect: Dialect) -> Table:
    """The table of all chunks' rows, with its indexes.

    The primary key is (key, chunk), so that a page in the order of the key tests the chunk inside the index.
    So does each declared index: its fields, the rest of the key, the chunk. The one on chunks alone serves
    stage and vacuum.

    Raises:
        ContractError: A field's name is taken or its type cannot be stored exactly.
    """
    _demand_storable(contract)
    key = list(contract.key)
    others = [field.name for field in (*contract.fields, *SYSTEM) if field.name not in key]
    fields = {field.name: field for field in (*contract.fields, *SYSTEM)}
    columns = [
        *(_column(fields[name], dialect, key=True) for name in key),
        Column(CHUNK, BigInteger, primary_key=True, autoincrement=False),
        *(_column(fields[name], dialect) for name in others),
        Column(HASH, BigInteger, nullable=False),
    ]
    name = f"{table_name(contract)}__rows"
    table = Table(name, MetaData(), *columns, **dialect.table_options)
    Index(f"{name}_chunk", table.c[CHUNK])
    for declared in contract.indexes:
        wanted = dict.fromkeys((*declared, *key, CHUNK))
        if tuple(wanted) != (*key, CHUNK):
            Index(f"{name}_{'_'.join(declared)}", *(table.c[column] for column in wanted))
    return table


def _column(field: Field, dialect: Dialect, *, key: bool = False) -> Column[Any]:
    kind = dialect.column_type(field.type)
    return Column(
        field.name, kind, primary_key=key, nullable=not (key or field.required), autoincrement=False
    )


def _demand_storable(contract: Contract) -> None:
    taken = {CHUNK, HASH, *(field.name for field in SYSTEM)}
    for field in contract.fields:
        if field.name in taken:
            raise ContractError(
                f"The name {field.name} is the store's own.",
                where=contract.name,
                next_step="Rename the field.",
            )
        if field.type == "decimal" and field.precision > MAX_PRECISION:
            raise ContractError(
                f"{field.name} has {field.precision} digits; the store is exact up to {MAX_PRECISION}.",
                where=contract.name,
                next_step=f"Declare a precision of at most {MAX_PRECISION}.",
            )
    for name in (*contract.key, contract.partition_field):
        if not contract.field(name).required:
            raise ContractError(f"{name} belongs to the key and is not required.", where=contract.name)


def create(connection: Connection, contract: Contract, rows: Table, dialect: Dialect) -> None:
    """Creates what is missing.

    Raises:
        ContractError: What is there was created for other fields or another key.
    """
    for table in (*_SHARED.sorted_tables, rows):
        connection.execute(CreateTable(table, if_not_exists=True))
    name, fields = table_name(contract), _described(contract)
    stored = connection.execute(COLLECTIONS.select().where(COLLECTIONS.c.name == name)).one_or_none()
    if stored is not None and json.loads(stored.fields) != fields:
        raise _drift(contract, json.loads(stored.fields), fields)
    for index in sorted(rows.indexes, key=lambda index: str(index.name)):
        connection.execute(CreateIndex(index, if_not_exists=True))
    connection.exec_driver_sql(_view(connection, contract, rows, dialect))


def fields_json(contract: Contract) -> str:
    """What decides whether stored rows fit a contract."""
    return json.dumps(_described(contract))


def _described(contract: Contract) -> dict[str, str]:
    described = {}
    for field in contract.fields:
        size = f"({field.precision},{field.scale})" if field.type == "decimal" else ""
        described[f"field {field.name}"] = f"{field.type}{size}{' required' if field.required else ''}"
    described["key"] = ", ".join(contract.key)
    described["partition"] = f"{contract.partition_by} of {contract.partition_field}"
    return described


def _drift(contract: Contract, stored: dict[str, str], wanted: dict[str, str]) -> ContractError:
    differences = [
        f"{what}: stored {stored.get(what, 'nothing')}, contract {wanted.get(what, 'nothing')}"
        for what in {**stored, **wanted}
        if stored.get(what) != wanted.get(what)
    ]
    return ContractError(
        f"The stored rows do not fit the contract: {'; '.join(differences)}.",
        where=f"{table_name(contract)}, contract {contract.version}",
        next_step=f"Give the contract the major version {contract.major + 1}: it gets tables of its own.",
    )


def _view(connection: Connection, contract: Contract, rows: Table, dialect: Dialect) -> str:
    quote = connection.dialect.identifier_preparer.quote
    shown = [
        f"{dialect.shown(field, quote(field.name))} AS {quote(field.name)}"
        for field in (*contract.fields, *SYSTEM)
    ]
    name = table_name(contract)
    return (
        f"CREATE VIEW IF NOT EXISTS {quote(name)} AS SELECT {', '.join(shown)} "  # noqa: S608 (names of a contract)
        f"FROM {quote(rows.name)} WHERE {quote(CHUNK)} IN (SELECT chunk FROM vitrine_manifests "
        "JOIN vitrine_collections ON vitrine_collections.name = vitrine_manifests.collection "
        f"AND vitrine_collections.live = vitrine_manifests.version WHERE vitrine_collections.name = '{name}')"
    )


def first_day(contract: Contract, partition: str) -> date:
    """The first day of a partition; StageError where the contract has no such partition."""
    try:
        day = date.fromisoformat(partition if contract.partition_by == "day" else f"{partition}-01")
    except ValueError:
        day = None
    if day is None or contract.partition(day) != partition:
        wanted = "2026-01-31" if contract.partition_by == "day" else "2026-01"
        raise StageError(
            f"{partition!r} is no partition: they are written like {wanted}.", where=contract.name
        )
    return day
