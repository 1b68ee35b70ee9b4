"""The versioned store: immutable chunks, one manifest a version, one record that names the live one."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from common.io.collections.protocol import Store, StoreError

if TYPE_CHECKING:
    from sqlalchemy import URL

    from common.io.collections.backend import Database

_SQL = {
    "sqlite": "sqlite.SQLite",
    "postgresql": "postgresql.PostgreSQL",
    "postgres": "postgresql.PostgreSQL",
    "mysql": "mysql.MySQL",
    "mariadb": "mysql.MySQL",
}
_OTHERS = {
    "mongodb": "mongo.database.MongoDatabase",
    "mongodb+srv": "mongo.database.MongoDatabase",
}


def open_store(url: str, *, batch_size: int, read_only: bool = False, prefix: str = "") -> Store:
    """The store of collections that a URL names.

    Args:
        url: Its scheme names the kind of store: ``sqlite:////folder/collections.db``,
            ``postgresql://user:password@host/database``, ``mysql://…``, ``mongodb://…``, ``parquet:///folder``,
            ``csv:///folder``, or another module of :mod:`common.io.collections.files.formats`.
        batch_size: Rows per write, at least 1.
        read_only: Creates nothing and refuses to write; where no store is yet, nothing is live.
        prefix: What the names of all collections begin with.

    Raises:
        StoreError: No store reads such a URL. One that is away shows with the first use.
    """
    from common.io.collections.collection import VersionedStore  # noqa: PLC0415 (DAG files open no store)

    return VersionedStore(_database(url, batch_size, read_only), prefix)


def _database(url: str, batch_size: int, read_only: bool) -> Database:
    scheme = url.partition(":")[0].partition("+")[0] if not url.startswith("mongodb+srv") else "mongodb+srv"
    if scheme in _OTHERS:
        database: Database = _named(_OTHERS[scheme])(url, batch_size=batch_size, read_only=read_only)
        return database
    if scheme not in _SQL:
        return _in_files(scheme, url, batch_size=batch_size, read_only=read_only)
    from common.io.collections.sql.database import SqlDatabase  # noqa: PLC0415 (a driver is loaded when it is used)

    dialect = _named(f"sql.{_SQL[scheme]}")
    return SqlDatabase(dialect(_parsed(url), batch_size=batch_size, read_only=read_only))


def known_schemes() -> tuple[str, ...]:
    """What a store's URL may begin with."""
    from common.io.collections.files.formats import schemes  # noqa: PLC0415 (pyarrow's formats)

    return (*_SQL, *_OTHERS, *schemes())


def _in_files(scheme: str, url: str, *, batch_size: int, read_only: bool) -> Database:
    if scheme not in known_schemes():
        raise StoreError(
            "There is no store of collections for such a URL.",
            next_step=f"Begin it with one of: {', '.join(f'{one}://' for one in known_schemes())}.",
        )
    from common.io.collections.files.database import FileDatabase  # noqa: PLC0415 (a driver is loaded when used)

    return FileDatabase(url, batch_size=batch_size, read_only=read_only)


def _parsed(url: str) -> URL:
    from sqlalchemy import make_url  # noqa: PLC0415 (as above)
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        raise StoreError(
            "The URL of the collections cannot be read.",
            next_step="Write it as sqlite:////folder/collections.db or postgresql://user:password@host/database.",
        ) from None  # what could not be read may be a part of the password


def _named(place: str) -> Any:
    module, _, name = place.rpartition(".")
    return getattr(import_module(f"{__name__}.{module}"), name)
