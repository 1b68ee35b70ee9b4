"""The tables and indexes that a contract becomes in a SQL database."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Index, MetaData, String, Table, Text
from sqlalchemy.dialects.mysql import LONGTEXT

from common.io.collections.encoding import CHUNK, HASH, SYSTEM, collection_name
from common.io.collections.sql.dialect import Dialect
from common.utils.contract import Contract, Field

OURS = "vitrine_"  # what the names of our indexes begin with

_SHARED = MetaData()
_NAME, _STORED, _DIGEST = String(200), String(40), String(64)
_MYSQL: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}
_DOCUMENT = Text().with_variant(LONGTEXT(), "mysql", "mariadb")  # some 100 kB, and its TEXT ends at 64
COLLECTIONS = Table(
    "vitrine_collections",
    _SHARED,
    Column("name", _NAME, primary_key=True),
    Column("revision", BigInteger, nullable=False),
    Column("live", _STORED, comment="where the live version's manifest is kept, for the views"),
    Column("document", _DOCUMENT, nullable=False),
    **_MYSQL,
)
MANIFESTS = Table(
    "vitrine_manifests",
    _SHARED,
    Column("collection", _NAME, primary_key=True),
    Column("stored", _STORED, primary_key=True),
    Column("partition_name", String(10), primary_key=True),
    Column("chunk", BigInteger, nullable=False),
    Column("chunk_rows", BigInteger, nullable=False),
    Column("digest", _DIGEST, nullable=False),
    **_MYSQL,
)
CHANGES = Table(
    "vitrine_changes",
    _SHARED,
    Column("collection", _NAME, primary_key=True),
    Column("attempt", BigInteger, primary_key=True, autoincrement=False),
    Column("partition_name", String(10), primary_key=True),
    Column("base", BigInteger),
    Column("chunk", BigInteger),
    Column("chunk_rows", BigInteger),
    Column("digest", _DIGEST),
    **_MYSQL,
)
SHARED = (COLLECTIONS, MANIFESTS, CHANGES)


def rows_name(contract: Contract) -> str:
    """The table of all chunks' rows."""
    return f"{collection_name(contract)}__rows"


def rows_table(contract: Contract, dialect: Dialect) -> Table:
    """The table of all chunks' rows, with its indexes.

    The primary key is (key, chunk), so that a page in the order of the key tests the chunk inside the index.
    So does each declared index: its fields, the rest of the key, the chunk. The one on chunks alone serves
    stage and vacuum. A contract may make a required field optional later, so only the key is not null.
    """
    key = list(contract.key)
    others = [field for field in (*contract.fields, *SYSTEM) if field.name not in key]
    indexed = {name for fields in (*contract.indexes, *contract.unique) for name in fields}
    columns = [
        *(_column(contract.field(name), dialect, indexed=True, primary_key=True) for name in key),
        Column(CHUNK, BigInteger, primary_key=True, autoincrement=False),
        *(_column(field, dialect, indexed=field.name in indexed) for field in others),
        Column(HASH, BigInteger, nullable=False),
    ]
    table = Table(rows_name(contract), MetaData(), *columns, **dialect.table_options)
    _index(table, (CHUNK,))
    for declared in contract.indexes:
        wanted = tuple(dict.fromkeys((*declared, *key, CHUNK)))
        if wanted != (*key, CHUNK):
            _index(table, wanted)
    for declared in contract.unique:
        _index(table, (*declared, CHUNK), unique=True)
    return table


def _column(field: Field, dialect: Dialect, *, indexed: bool, primary_key: bool = False) -> Column[Any]:
    kind = dialect.column_type(field, indexed=indexed)
    return Column(field.name, kind, primary_key=primary_key, nullable=not primary_key, autoincrement=False)


def _index(table: Table, columns: Sequence[str], *, unique: bool = False) -> None:
    """An index whose name tells ours from others and one definition from another, within 63 bytes."""
    described = f"{table.name} {columns} {unique}"
    digest = hashlib.sha256(described.encode()).hexdigest()[:10]
    name = f"{OURS}{digest}_{'_'.join(columns)}".encode()[:60].decode(errors="ignore")
    Index(name, *(table.c[column] for column in columns), unique=unique)
