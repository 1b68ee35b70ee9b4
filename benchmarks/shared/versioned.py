"""The versioned store as the benchmarks drive it, and empty databases for it and its peers."""

import sys
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
from shared.sales import CONTRACT, FIRST

from common.io.collections import open_store
from common.io.collections.collection import VersionedCollection
from common.io.collections.protocol import Filter, Publication, Query
from common.io.collections.reading import PageQuery
from common.io.collections.sql.backend import SqlBackend
from common.io.collections.sql.pages import page_statement
from common.utils.ledger import Ledger
from common.utils.settings import REPOSITORY

BATCH = 1000  # BATCH_SIZE, as it is unless it is set


class Versioned:
    """The collection, staged, published, merged and vacuumed as the load and publish tasks do it."""

    def __init__(self, url: str) -> None:
        self.store = open_store(url, batch_size=BATCH)
        self.collection: VersionedCollection = self.store.collection(CONTRACT)
        self.collection.ensure()

    def load(self, batches: Iterator[pa.RecordBatch], days: range) -> None:
        """Makes these days live."""
        partitions = [CONTRACT.partition(FIRST + timedelta(days=day)) for day in days]
        staged = self.collection.stage(batches, partitions, run_id="bench")
        publication = Publication("bench", datetime.now(UTC), "bench", Ledger().to_dict(), CONTRACT.version)
        self.collection.publish(staged.attempt, publication)
        self.collection.merge()
        self.collection.vacuum()

    def page(self, where: str, value: Any, order: str) -> int:
        """Reads 100 rows of the live version as the API does it; how many."""
        live = self.collection.live()
        assert live is not None
        return self.collection.read(live.number, query(where, value, order)).rows.num_rows

    def statement(self, where: str, value: Any, order: str) -> Callable[[], int]:
        """The same page as the database alone answers it: one statement by the driver; how many rows."""
        backend, live = self.collection.backend, self.collection.live()
        if not isinstance(backend, SqlBackend):
            wanted = PageQuery(CONTRACT, query(where, value, order))
            return lambda: len(backend.page(live.stored, wanted))
        text, given = self._compiled(backend, where, value, order)
        cursor = backend.database.engine.raw_connection().cursor()

        def run() -> int:
            cursor.execute(text, given)
            return len(cursor.fetchall())

        return run

    def plan(self, where: str, value: Any, order: str) -> str:
        """How the database says that it finds the page; nothing for MongoDB, which its tests ask."""
        backend = self.collection.backend
        if not isinstance(backend, SqlBackend):
            return ""
        text, given = self._compiled(backend, where, value, order)
        explain = "EXPLAIN QUERY PLAN" if backend.database.engine.name == "sqlite" else "EXPLAIN"
        cursor = backend.database.engine.raw_connection().cursor()
        cursor.execute(f"{explain} {text}", given)
        return "\n".join(" | ".join(map(str, row)) for row in cursor.fetchall())

    def _compiled(self, backend: SqlBackend, where: str, value: Any, order: str) -> tuple[str, Any]:
        live, database = self.collection.live(), backend.database
        wanted = PageQuery(CONTRACT, query(where, value, order))
        selected = page_statement(backend.name, backend.table, database.dialect, live.stored, wanted)
        compiled = selected.compile(
            dialect=database.engine.dialect, compile_kwargs={"render_postcompile": True}
        )
        names = compiled.positiontup
        return str(compiled), [compiled.params[name] for name in names] if names else compiled.params


def query(where: str, value: Any, order: str) -> Query:
    """A page of 100 rows of a filter (a column or nothing) in an order (``-column``: falling)."""
    descending, sort = order.startswith("-"), order.removeprefix("-")
    filters = [Filter(where, "eq", value)] if where else []
    return Query(filters, None if sort == "date" else sort, descending, limit=100)


def database(kind: str, folder: Path) -> str:
    """The URL of an empty database of a kind; its server is started where it does not run."""
    if kind == "sqlite":
        return f"sqlite:///{folder / uuid4().hex}.db"
    return str(_servers().server(kind).empty_database())


def at_hand(kinds: Iterable[str]) -> list[str]:
    """The kinds whose server is on this machine; says which are not."""
    found = []
    for kind in kinds:
        absent = None if kind == "sqlite" else _servers().KINDS[kind].absent()
        if absent:
            print(f"{kind}: {absent}", flush=True)
        else:
            found.append(kind)
    return found


def _servers() -> Any:
    sys.path.insert(0, str(REPOSITORY / "tests"))
    return import_module("servers")
