"""PostgreSQL: exact, read inside its indexes, shown to BI tools as it is, and changed by one at a time."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import count
from pathlib import Path
from traceback import format_exception
from typing import Any

import psycopg
import pyarrow as pa
import pytest
from psycopg import sql
from sqlalchemy import Connection, event, make_url
from sqlalchemy.exc import DBAPIError

from common.io.collections import open_store
from common.io.collections.collection import VersionedCollection
from common.io.collections.encoding import stored_schema
from common.io.collections.protocol import Filter, Query, StageError, StoreError
from common.io.collections.reading import PageQuery
from common.io.collections.sql import postgresql
from common.io.collections.sql.backend import SqlBackend
from common.io.collections.sql.postgresql import PostgreSQL
from common.utils.contract import Contract, Field
from contract.kit import EVERY_TYPE, SALES, batch, content, day, moment, publication, put, sale, stage
from servers import server

Opener = Callable[..., VersionedCollection]
PRODUCT = Filter("product_id", "eq", "P007")
ROLES = count(1)


@pytest.fixture
def url() -> str:
    """An empty database."""
    return server("postgresql").empty_database()


@pytest.fixture
def opened(url: str) -> Iterator[Opener]:
    """Opens collections; each call has connections of its own."""
    stores = []

    def opener(contract: Contract = SALES, at: str = "", **options: Any) -> VersionedCollection:
        stores.append(open_store(at or url, **{"batch_size": 1000, **options}))
        collection = stores[-1].collection(contract)
        assert isinstance(collection, VersionedCollection)
        if not options.get("read_only"):
            collection.ensure()
        return collection

    yield opener
    for store in stores:
        store.close()


@pytest.fixture
def sales(opened: Opener) -> VersionedCollection:
    """An empty collection of ``SALES``."""
    return opened()


@pytest.fixture
def other(url: str) -> Iterator[psycopg.Connection[Any]]:
    """Somebody else's connection, in autocommit."""
    with psycopg.connect(url, autocommit=True) as connection:
        yield connection


def backend_of(collection: VersionedCollection) -> SqlBackend:
    """What it stands on."""
    assert isinstance(collection.backend, SqlBackend)
    return collection.backend


def publish(collection: VersionedCollection, rows: list[dict[str, Any]], partitions: list[str]) -> None:
    """Makes rows of ``EVERY_TYPE`` live."""
    staged = collection.stage([batch(rows, EVERY_TYPE)], partitions, run_id="r")
    collection.publish(staged.attempt, publication("r"))


# where it stands


def test_errors_name_the_place_without_its_secrets() -> None:
    given = "postgresql://ann:secret@db.example.org:5433/shop?password=secret&sslmode=require"
    place = PostgreSQL(make_url(given), batch_size=1, read_only=True).place
    assert place == "postgresql://db.example.org:5433/shop"
    assert PostgreSQL(make_url("postgresql:///shop"), batch_size=1, read_only=True).place == (
        "postgresql://localhost/shop"
    )


def test_a_url_names_a_database() -> None:
    with pytest.raises(StoreError, match="name of a PostgreSQL database"):
        open_store("postgresql://ann:secret@db.example.org", batch_size=1)


def test_both_schemes_name_the_same_store(url: str, opened: Opener) -> None:
    put(opened(), "r", [1], [sale(1, "A")])
    assert content(opened(at=url.replace("postgresql://", "postgres://"))) == [sale(1, "A")]


def test_the_schema_of_the_search_path_is_used(
    url: str, opened: Opener, other: psycopg.Connection[Any]
) -> None:
    other.execute("CREATE SCHEMA shop")
    shop = opened(at=f"{url}?options=-c%20search_path%3Dshop")
    put(shop, "r", [1], [sale(1, "A")])
    assert opened().live() is None, "the schema public has collections of its own"
    (found,) = other.execute("SELECT count(*) FROM shop.sales_product_revenue_v1").fetchall()
    assert found == (1,)


# values


def test_text_null_and_numbers_come_back_exactly(opened: Opener) -> None:
    texts = [
        None,
        "",
        '"',
        '""',
        "\\.",
        "\\N",
        "\n\\.\n",
        "a,b",
        "\r\n",
        "\t",
        "NULL",
        "é",
        "🙂",
        "\U0010ffff",
    ]
    doubles = [0.1 + 0.2, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 1e22, 1e-7, None]
    rows = [
        dict.fromkeys(EVERY_TYPE.schema.names) | {"id": -(2**63) + number, "at": moment("2026-01-01")}
        for number in range(len(texts))
    ]
    for number, row in enumerate(rows):
        row |= {"text": texts[number], "share": doubles[number % len(doubles)]}
    collection = opened(EVERY_TYPE, batch_size=3)
    publish(collection, rows, ["2026-01"])
    assert content(collection) == rows


def test_doubles_are_exact_whatever_the_server_is_set_to(
    url: str, opened: Opener, other: psycopg.Connection[Any]
) -> None:
    other.execute(f'ALTER DATABASE "{make_url(url).database}" SET extra_float_digits = 0'.encode())
    collection = opened(EVERY_TYPE)
    publish(collection, [_row(1) | {"share": 0.1 + 0.2}], ["2026-01"])
    assert content(collection)[0]["share"] == 0.1 + 0.2


def test_columns_may_come_in_any_order(sales: VersionedCollection) -> None:
    schema = stored_schema(SALES)
    row = {one.name: "x" if pa.types.is_string(one.type) else 1 for one in schema}
    backend = backend_of(sales)
    backend.write([pa.Table.from_pylist([row], schema).select(list(reversed(schema.names)))])
    assert next(backend.rows([1], schema.names)).to_pylist() == [row]


def test_a_key_that_no_index_holds_is_refused(sales: VersionedCollection) -> None:
    long = "".join(chr(33 + number * number * 7 % 5000) for number in range(3000))
    with pytest.raises(StageError, match="cannot hold a value: index row size"):
        stage(sales, "r", [1], [sale(1, long)])
    put(sales, "r", [1], [sale(1, "A", name=long)])
    assert content(sales)[0]["product_name"] == long


def test_rows_are_streamed(opened: Opener) -> None:
    collection = opened()
    put(collection, "r", [1], [sale(1, f"P{number:03}") for number in range(10)])
    backend, sent = backend_of(collection), []
    event.listen(backend.database.engine, "before_cursor_execute", lambda *given: sent.append(given[2]))
    (chunk,) = backend.chunks()
    assert sum(table.num_rows for table in backend.rows([chunk], ["_hash"])) == 10
    assert sent[-2] == "BEGIN", "a cursor lives in a transaction"


# a first load


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Takes any row for many."""
    monkeypatch.setattr(postgresql, "MANY", 1)


def indexes(other: psycopg.Connection[Any]) -> int:
    """How many the table of ``SALES`` has; the key is one of them."""
    statement = "SELECT count(*) FROM pg_indexes WHERE tablename = 'sales_product_revenue_v1__rows'"
    (found,) = other.execute(statement).fetchall()
    return int(found[0])


@pytest.mark.usefixtures("eager")
def test_the_indexes_of_an_empty_table_are_built_after_its_rows(
    opened: Opener, other: psycopg.Connection[Any]
) -> None:
    collection = opened(replace(SALES, unique=(("date", "quantity"),)))
    before, sent = indexes(other), []
    event.listen(
        backend_of(collection).database.engine, "before_cursor_execute", lambda *given: sent.append(given[2])
    )
    put(collection, "r1", [1], [sale(1, "A")])
    kinds = [" ".join(one.split()[:2]) for one in sent if "INDEX vitrine" in one or "INDEX IF" in one]
    assert kinds == ["DROP INDEX"] * 3 + ["CREATE INDEX"] * 3, "and the unique one stands"
    assert indexes(other) == before == 5
    sent.clear()
    put(collection, "r2", [1], [sale(1, "A", 2)])
    assert not any("INDEX" in one or "LOCK" in one for one in sent)


@pytest.mark.usefixtures("eager")
def test_indexes_stand_where_somebody_reads(opened: Opener, other: psycopg.Connection[Any]) -> None:
    collection = opened()
    with other.transaction():
        other.execute("SELECT * FROM sales_product_revenue_v1")
        put(collection, "r1", [1], [sale(1, "A")])
    assert content(collection) == [sale(1, "A")]
    assert indexes(other) == 4


@pytest.mark.usefixtures("eager")
def test_a_writer_that_does_not_own_the_table_leaves_its_indexes_alone(
    url: str, opened: Opener, other: psycopg.Connection[Any], role: Callable[[str], str]
) -> None:
    opened()
    guest = role("guest")
    grant = "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {}"
    other.execute(sql.SQL(grant).format(sql.Identifier(guest)))
    store = open_store(_as(url, guest), batch_size=10)
    put(store.collection(SALES), "r1", [1], [sale(1, "A")])
    store.close()
    assert indexes(other) == 4


@pytest.mark.usefixtures("eager")
def test_indexes_that_a_killed_writer_put_off_are_built_by_the_next(
    opened: Opener, other: psycopg.Connection[Any]
) -> None:
    backend = backend_of(opened())
    schema = stored_schema(SALES)
    row = {one.name: "x" if pa.types.is_string(one.type) else 1 for one in schema}

    def dies() -> Iterator[pa.Table]:
        yield pa.Table.from_pylist([row], schema)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        backend.write(dies())
    assert indexes(other) == 1
    backend.write([pa.Table.from_pylist([row | {"_chunk": 2}], schema)])
    assert indexes(other) == 4


@pytest.mark.usefixtures("eager")
def test_rows_that_come_in_between_keep_their_indexes(opened: Opener, other: psycopg.Connection[Any]) -> None:
    collection, second = opened(), opened()
    backend = backend_of(collection)

    def come_between(*_: Any) -> None:
        put(second, "r1", [1], [sale(1, "A")])

    event.listen(backend.database.engine, "savepoint", come_between, once=True)
    sent: list[str] = []
    event.listen(backend.database.engine, "before_cursor_execute", lambda *given: sent.append(given[2]))
    put(collection, "r2", [2], [sale(2, "A")])
    assert any("LOCK TABLE" in one for one in sent)
    assert not any("DROP INDEX" in one for one in sent)


def test_indexes_are_built_by_one_at_a_time(
    opened: Opener, other: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "SCHEMA_SECONDS", 1)
    first, second = backend_of(opened()), backend_of(opened())
    gone = next(index.name for index in first.table.indexes)
    other.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(str(gone))))
    with (
        first.database.writing() as connection,
        first.database.dialect.changing_schema(connection, first.name),
        pytest.raises(DBAPIError, match="timeout"),
    ):
        second.database.dialect.settle(second.database.engine, second.table)
    assert indexes(other) == 3
    second.database.dialect.settle(second.database.engine, second.table)
    assert indexes(other) == 4


@pytest.mark.usefixtures("eager")
def test_two_first_loads_at_once_leave_every_index(
    url: str, opened: Opener, other: psycopg.Connection[Any]
) -> None:
    opened()
    start, failed = threading.Barrier(4), []

    def load(number: int) -> None:
        store = open_store(url, batch_size=10)
        start.wait()
        try:
            put(store.collection(SALES), f"r{number}", [number], [sale(number, "A")])
        except StoreError as error:
            failed.append(error)
        store.close()

    threads = [threading.Thread(target=load, args=(number,)) for number in range(1, 5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert indexes(other) == 4
    assert len(content(opened())) == 4


# pages


@pytest.fixture(scope="module")
def steady() -> Iterator[SqlBackend]:
    """12,000 rows of 30 days, the last two of them in four versions, and what a killed attempt left."""
    store = open_store(server("postgresql").empty_database(), batch_size=10_000)
    collection = store.collection(SALES)
    assert isinstance(collection, VersionedCollection)
    collection.ensure()
    days = list(range(1, 31))
    for number in range(4):
        put(collection, f"r{number}", days, _sales(days, number))
        days = days[-2:]
    stage(collection, "killed", days, _sales(days, 9))
    yield backend_of(collection)
    store.close()


def _sales(days: list[int], run: int) -> list[dict[str, Any]]:
    return [sale(one, f"P{number:03}", run + number % 50) for one in days for number in range(400)]


@pytest.fixture(scope="module", params=["no statistics", "statistics"])
def planned(steady: SqlBackend, request: pytest.FixtureRequest) -> SqlBackend:
    """The same, before and after the planner got to know its rows."""
    with steady.database.reading() as connection:
        if request.param == "statistics":
            connection.exec_driver_sql("ANALYZE")
        known = connection.exec_driver_sql("SELECT count(*) > 0 FROM pg_stats WHERE schemaname = 'public'")
        assert known.scalar() is (request.param == "statistics")
    return steady


KEY, BY_PRODUCT, BY_REVENUE = "__rows_pkey", "_product_id_date__chunk", "_revenue_date_product_id__chunk"


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize(
    ("query", "index", "condition"),
    [
        (Query(), KEY, ""),
        (Query(descending=True), KEY, ""),
        (Query(after=(day(20), "P399")), KEY, "(ROW(date, product_id) > ROW("),
        (Query(after=(day(20), "P399"), descending=True), KEY, "(ROW(date, product_id) < ROW("),
        (Query([Filter("date", "eq", day(30))], after=(day(30), "P005")), KEY, "product_id >"),
        (Query([Filter("date", "gte", day(2)), Filter("date", "lt", day(9))]), KEY, "date <"),
        (Query([PRODUCT]), BY_PRODUCT, "product_id ="),
        (Query([PRODUCT], descending=True), BY_PRODUCT, "product_id ="),
        (Query([PRODUCT], after=(day(20), "P007")), BY_PRODUCT, "date >"),
        (Query([PRODUCT, Filter("date", "gte", day(9))]), BY_PRODUCT, "date >="),
        (Query(sort="revenue", descending=True), BY_REVENUE, ""),
        (
            Query(sort="revenue", after=(Decimal(1), day(1), "P")),
            BY_REVENUE,
            "(ROW(revenue, date, product_id) >",
        ),
    ],
)
def test_a_page_is_a_range_of_an_index_in_its_order(
    planned: SqlBackend, query: Query, index: str, condition: str, mode: str
) -> None:
    scan, *chunks = _nodes(plan_of(planned, query, mode)["Plans"][0])
    assert scan["Node Type"] in ("Index Scan", "Index Only Scan"), "and no sort above it"
    assert scan["Index Name"].endswith(index)
    assert condition in scan.get("Index Cond", "")
    assert "_chunk" not in scan.get("Index Cond", "")
    assert "hashed SubPlan" in scan["Filter"], "each row's chunk is looked up where the row is found"
    assert {one["Relation Name"] for one in chunks} == {"vitrine_manifests"}


def plan_of(backend: SqlBackend, query: Query, mode: str) -> dict[str, Any]:
    """How the server would read a page, under ``Limit``."""
    asked: list[tuple[str, dict[str, Any]]] = []
    engine = backend.database.engine
    event.listen(
        engine, "before_cursor_execute", lambda *given: asked.append((given[2], given[3])), once=True
    )
    stored = backend.record().versions[-1].stored
    asked.clear()
    event.listen(
        engine, "before_cursor_execute", lambda *given: asked.append((given[2], given[3])), once=True
    )
    backend.page(stored, PageQuery(SALES, query))
    ((statement, values),) = asked
    names = list(values)
    numbered = re.sub(r"%\((\w+)\)s", lambda found: f"${names.index(found[1]) + 1}", statement)
    with engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        driver.execute(f"SET plan_cache_mode = {mode}")
        driver.execute(f"PREPARE page AS {numbered}")
        given = sql.SQL(", ").join(map(sql.Literal, values.values()))
        explained = sql.SQL("EXPLAIN (FORMAT JSON) EXECUTE page({})").format(given)
        ((plan,),) = driver.execute(explained).fetchall()
        driver.execute("DEALLOCATE page")
        driver.execute("RESET plan_cache_mode")
    assert plan[0]["Plan"]["Node Type"] == "Limit"
    found: dict[str, Any] = plan[0]["Plan"]
    return found


def _nodes(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [node, *(below for one in node.get("Plans", []) for below in _nodes(one))]


def test_a_read_is_one_round_trip(sales: VersionedCollection) -> None:
    put(sales, "r", [1], [sale(1, "A")])
    backend, seen = backend_of(sales), []
    stored = backend.record().versions[-1].stored

    def note(connection: Connection, _: Any, statement: str, *__: Any) -> None:
        driver: Any = connection.connection.driver_connection
        seen.append((statement.split(maxsplit=1)[0], driver.info.transaction_status.name))

    event.listen(backend.database.engine, "after_cursor_execute", note)
    assert len(backend.page(stored, PageQuery(SALES, Query()))) == 1
    assert seen == [("SELECT", "IDLE")], "no transaction to begin and to end"


# for BI tools


def test_the_view_has_the_types_and_the_exact_values_of_the_contract(
    opened: Opener, other: psycopg.Connection[Any]
) -> None:
    full = {
        "id": -(2**63),
        "at": datetime(9999, 12, 31, 23, 59, 59, 999999, UTC),
        "text": "x",
        "money": Decimal("-99999999999999.9999"),
        "share": 0.1 + 0.2,
        "open": True,
        "day": date(9999, 12, 31),
        "detail": '{"a": [1, null, 1.50]}',
        "tags": "[]",
    }
    early = _row(1) | {"at": moment("1969-12-31T23:59:59.000001"), "money": Decimal("0.0001"), "open": False}
    publish(opened(EVERY_TYPE), [full, early], ["9999-12", "1969-12"])
    other.execute("SET TimeZone = 'America/New_York'")
    columns = "id, at, text, money, share, open, day, detail, tags, partition_date"
    found = other.execute(f"SELECT {columns} FROM test_every_type_v2 ORDER BY id".encode()).fetchall()
    assert found == [
        (*(full | {"detail": {"a": [1, None, 1.5]}, "tags": []}).values(), date(9999, 12, 1)),
        (*early.values(), date(1969, 12, 1)),
    ]
    kinds = other.execute(
        f"SELECT {columns}, created_at FROM test_every_type_v2 LIMIT 0".encode()
    ).description
    assert [one.type_display for one in kinds or ()] == [
        *("int8", "timestamptz", "text", "numeric", "float8", "bool", "date", "jsonb", "jsonb", "date"),
        "timestamptz",
    ]
    text = "SELECT array_agg(money::text ORDER BY id) FROM test_every_type_v2"
    assert other.execute(text.encode()).fetchone() == (["-99999999999999.9999", "0.0001"],)


def _row(number: int) -> dict[str, Any]:
    return dict.fromkeys(EVERY_TYPE.schema.names) | {"id": number, "at": moment("2026-01-01")}


def test_a_new_field_leaves_what_others_built_on_the_view(
    opened: Opener, other: psycopg.Connection[Any]
) -> None:
    opened()
    other.execute("CREATE VIEW mine AS SELECT product_id FROM sales_product_revenue_v1")
    wide = replace(SALES, version="1.1.0", fields=(Field("note", "string"), *SALES.fields))
    rows = [sale(1, "A") | {"note": "new"}]
    collection = opened(wide)
    staged = collection.stage([batch(rows, wide)], ["2026-01-01"], run_id="r2")
    collection.publish(staged.attempt, publication("r2"))
    assert other.execute("SELECT note FROM sales_product_revenue_v1").fetchall() == [("new",)]
    assert other.execute("SELECT product_id FROM mine").fetchall() == [("A",)]


# schema


def test_several_create_the_collections_at_once(url: str, other: psycopg.Connection[Any]) -> None:
    start, failed = threading.Barrier(6), []

    def create(contract: Contract) -> None:
        store = open_store(url, batch_size=10)
        start.wait()
        try:
            store.collection(contract).ensure()
        except StoreError as error:
            failed.append(error)
        store.close()

    threads = [threading.Thread(target=create, args=(one,)) for one in (SALES, EVERY_TYPE) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    found = other.execute("SELECT count(*) FROM pg_views WHERE schemaname = 'public'").fetchone()
    assert found == (2,)


WIDE = replace(SALES, version="1.1.0", fields=(*SALES.fields, Field("note", "string")))


def test_a_change_of_a_table_gives_its_readers_way(
    opened: Opener, other: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "BUSY_SECONDS", 0.2)
    opened()
    with other.transaction():
        other.execute("SELECT * FROM sales_product_revenue_v1")
        with pytest.raises(StoreError, match="lock timeout"):
            opened(WIDE)
    opened(WIDE)


def test_a_change_of_a_table_waits_for_the_one_before_it(
    opened: Opener, other: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgresql, "SCHEMA_SECONDS", 1)
    first = backend_of(opened())
    with (
        first.database.writing() as connection,
        first.database.dialect.changing_schema(connection, first.name),
        pytest.raises(StoreError, match="timeout"),
    ):
        opened(WIDE)
    opened(WIDE)


# roles


@pytest.fixture
def role(other: psycopg.Connection[Any]) -> Iterator[Callable[[str], str]]:
    """Makes roles; they go with the test."""
    made: list[sql.Identifier] = []

    def make(kind: str) -> str:
        name = f"{kind}-{next(ROLES)}-{other.info.dbname}"
        made.append(sql.Identifier(name))
        other.execute(sql.SQL("CREATE ROLE {} LOGIN PASSWORD 'secret'").format(made[-1]))
        return name

    yield make
    for name in reversed(made):
        other.execute(sql.SQL("DROP OWNED BY {}").format(name))
        other.execute(sql.SQL("DROP ROLE {}").format(name))


def test_a_writer_needs_no_right_to_create_what_is_there(
    url: str, opened: Opener, other: psycopg.Connection[Any], role: Callable[[str], str]
) -> None:
    writer = role("writer")
    other.execute(sql.SQL("GRANT CREATE ON SCHEMA public TO {}").format(sql.Identifier(writer)))
    opened(at=_as(url, writer))
    other.execute(sql.SQL("REVOKE CREATE ON SCHEMA public FROM {}").format(sql.Identifier(writer)))
    put(opened(at=_as(url, writer)), "r", [1], [sale(1, "A")])
    with pytest.raises(StoreError, match="permission denied"):
        opened(EVERY_TYPE, at=_as(url, writer))


def test_the_role_of_the_api_reads_what_is_there_and_what_comes_and_writes_nothing(
    url: str,
    opened: Opener,
    other: psycopg.Connection[Any],
    role: Callable[[str], str],
    repository: Path,
) -> None:
    writer, reader = role("writer"), role("reader")
    as_writer, as_reader = (_as(url, one) for one in (writer, reader))
    other.execute(sql.SQL("GRANT CREATE ON SCHEMA public TO {}").format(sql.Identifier(writer)))
    put(opened(at=as_writer), "r", [1], [sale(1, "A")])
    with pytest.raises(StoreError, match="permission denied"):
        opened(at=as_reader, read_only=True).live()
    for _ in range(2):
        _give_rights(other, repository, schema="public", writer=writer, reader=reader)
    publish(opened(EVERY_TYPE, at=as_writer), [_row(1)], ["2026-01"])
    assert content(opened(at=as_reader, read_only=True)) == [sale(1, "A")]
    assert content(opened(EVERY_TYPE, at=as_reader, read_only=True)) == [_row(1)]
    with psycopg.connect(as_reader, autocommit=True) as connection:
        assert connection.execute("SELECT count(*) FROM test_every_type_v2").fetchone() == (1,)
        for statement in REFUSED:
            with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                connection.execute(statement.encode())
        connection.execute("SET default_transaction_read_only = off")
        for statement in REFUSED:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(statement.encode())


REFUSED: Sequence[str] = (
    "DELETE FROM sales_product_revenue_v1__rows",
    "UPDATE vitrine_collections SET revision = 0",
    "INSERT INTO vitrine_manifests VALUES ('a', 'b', 'c', 1, 1, '')",
    "TRUNCATE vitrine_changes",
    "CREATE TABLE mine (a int)",
    "CREATE TEMPORARY TABLE mine (a int)",
    "DROP VIEW sales_product_revenue_v1",
)


def test_the_owner_of_the_database_may_run_the_script_with_what_it_asks_for(
    url: str, other: psycopg.Connection[Any], role: Callable[[str], str], repository: Path
) -> None:
    base, writer, owner = sql.Identifier(other.info.dbname), role("writer"), role("owner")
    names = {"schema": "public", "writer": writer, "reader": f"reader-of-{other.info.dbname}"}
    before, reader = other.info.user, sql.Identifier(names["reader"])
    other.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(base, sql.Identifier(owner)))
    try:
        with psycopg.connect(_as(url, owner), autocommit=True) as connection:
            for given in ("ALTER ROLE {1} CREATEROLE", "GRANT {0} TO {1}"):
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    _give_rights(connection, repository, **names)
                other.execute(sql.SQL(given).format(sql.Identifier(writer), sql.Identifier(owner)))
            for _ in range(2):
                _give_rights(connection, repository, **names)
    finally:
        other.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(base, sql.Identifier(before)))
        other.execute(sql.SQL("DROP OWNED BY {}").format(reader))
        other.execute(sql.SQL("DROP ROLE {}").format(reader))


def test_the_role_of_the_api_finds_the_collections_of_another_schema(
    url: str,
    opened: Opener,
    other: psycopg.Connection[Any],
    role: Callable[[str], str],
    repository: Path,
) -> None:
    other.execute('CREATE SCHEMA "Shop"')
    writer, reader = role("writer"), role("reader")
    _give_rights(other, repository, schema="Shop", writer=writer, reader=reader)
    put(opened(at=f'{_as(url, writer)}?options=-c%20search_path%3D"Shop"'), "r", [1], [sale(1, "A")])
    assert content(opened(at=_as(url, reader), read_only=True)) == [sale(1, "A")]


def test_an_error_about_a_value_does_not_show_it(sales: VersionedCollection) -> None:
    database = backend_of(sales).database
    told = pytest.raises(StoreError, match="invalid input syntax for type bigint: …")
    with told as refused, database.reading() as connection:
        connection.exec_driver_sql("SELECT name::bigint FROM (VALUES ('alice')) v (name)")
    assert "alice" not in "".join(format_exception(refused.value, limit=0))


def _give_rights(other: psycopg.Connection[Any], repository: Path, **names: str) -> None:
    for name, value in names.items():
        other.execute("SELECT set_config(%s, %s, false)", (f"vitrine.{name}", value))
    other.execute((repository / "docs" / "roles" / "postgresql.sql").read_bytes())


def _as(url: str, role: str) -> str:
    return make_url(url).set(username=role, password="secret").render_as_string(hide_password=False)
