"""MySQL and MariaDB: exact, read inside their indexes, and waiting for nothing without end."""

from __future__ import annotations

import math
import random
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pymysql
import pytest

import servers
from common.io.collections import open_store
from common.io.collections.backend import Backend
from common.io.collections.collection import VersionedCollection
from common.io.collections.protocol import Filter, Query, StageError
from common.io.collections.reading import PageQuery
from common.io.collections.sql.backend import SqlBackend
from common.io.collections.sql.pages import page_statement
from common.utils.contract import Contract, Field
from common.utils.errors import ContractError
from contract.kit import EVERY_TYPE, SALES, batch, content, day, moment, publication, put, sale

TEXTS = [
    *(
        "a",
        "A",
        "a ",
        " a",
        "",
        "ss",
        "ß",
        "é",
        "e\u0301",
        "\u212b",
        "Å",
        "ﬁ",
        "fi",
        "\uff11",
        "1",
        "\uffff",
    ),
    *(
        "🙂",
        "🙃",
        "👩‍🚀",
        "\\",
        "\\\\",
        "'",
        "''",
        "\\'",
        '"',
        "%s",
        "%(a)s",
        "100%",
        "\n",
        "\r\n",
        "\t",
        "\x1a",
        "`",
        ";--",
    ),
    *("NULL", "日本", "\u200b", "\U0010ffff", "I", "i", "\u0130", "\u0131"),
]


@pytest.fixture
def url() -> str:
    """An empty database."""
    return servers.server("mysql").empty_database()


@pytest.fixture
def opened(url: str) -> Iterator[Callable[..., VersionedCollection]]:
    """Opens collections; each call has connections of its own."""
    stores = []

    def opener(contract: Contract = SALES, **options: Any) -> VersionedCollection:
        stores.append(open_store(url, **{"batch_size": 5000, **options}))
        collection = stores[-1].collection(contract)
        assert isinstance(collection, VersionedCollection)
        if not options.get("read_only"):
            collection.ensure()
        return collection

    yield opener
    for store in stores:
        store.close()


@pytest.fixture
def sales(opened: Callable[..., VersionedCollection]) -> VersionedCollection:
    """An empty collection of ``SALES``."""
    return opened()


def sql(collection: VersionedCollection) -> SqlBackend:
    """What it stands on."""
    backend: Backend = collection.backend
    assert isinstance(backend, SqlBackend)
    return backend


def asked(url: str, *statements: str) -> list[tuple[Any, ...]]:
    """What somebody else's client is answered; of the last statement."""
    parts = mysql_url(url)
    connection = pymysql.connect(**parts, autocommit=True)
    with connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return list(cursor.fetchall())


def mysql_url(url: str) -> dict[str, Any]:
    """The driver's words for a URL."""
    from sqlalchemy import make_url

    parsed = make_url(url)
    return {
        "host": parsed.host,
        "port": parsed.port,
        "user": parsed.username,
        "password": parsed.password,
        "database": parsed.database,
    }


# values


def test_every_double_comes_back_bit_by_bit(opened: Callable[..., VersionedCollection]) -> None:
    chance = random.Random(7)
    doubles = [struct.unpack("d", chance.randbytes(8))[0] for _ in range(20_000)]
    doubles += [0.1 + 0.2, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 1e22, 2.0**63, 1e-7]
    doubles = [one for one in doubles if math.isfinite(one)]
    rows = [
        dict.fromkeys(EVERY_TYPE.schema.names) | {"id": number, "at": moment("2026-01-01"), "share": one}
        for number, one in enumerate(doubles)
    ]
    collection = opened(EVERY_TYPE)
    staged = collection.stage([batch(rows, EVERY_TYPE)], ["2026-01"], run_id="r")
    collection.publish(staged.attempt, publication("r"))
    found = content(collection, 1, "id", "share")
    assert [struct.pack("d", row["share"]) for row in found] == [struct.pack("d", one) for one in doubles]


def test_texts_differ_by_their_bytes_and_are_ordered_by_them(sales: VersionedCollection) -> None:
    put(sales, "r", [1], [sale(1, one, name=one) for one in TEXTS])
    found = [(row["product_id"], row["product_name"]) for row in content(sales)]
    assert found == [(one, one) for one in sorted(TEXTS, key=str.encode)]
    for one in TEXTS:
        page = sales.read(1, Query([Filter("product_id", "eq", one)], fields=("product_id",)))
        assert page.rows.to_pylist() == [{"product_id": one}]


def test_a_text_too_long_for_an_index_says_where_and_what_to_do(sales: VersionedCollection) -> None:
    longest = "🙂" * 190
    put(sales, "r", [1], [sale(1, longest, name="x" * 100_000)])
    assert content(sales, 1, "product_id") == [{"product_id": longest}]
    with pytest.raises(StageError, match=r"product_id has a text of 191 characters.*take 190.*Shorten it"):
        put(sales, "r2", [2], [sale(2, "é" * 191)])


def test_a_row_longer_than_the_server_takes_at_once_is_refused(
    opened: Callable[..., VersionedCollection], url: str
) -> None:
    ((largest,),) = asked(url, "SELECT @@global.max_allowed_packet")
    sales = opened()
    put(sales, "r", [1], [sale(1, f"A{number}", name="x" * (largest // 3)) for number in range(4)])
    assert len(content(sales, 1, "product_id")) == 4
    with pytest.raises(StageError, match="max_allowed_packet"):
        put(sales, "r2", [2], [sale(2, "A", name="'" * (largest // 2))])


# tables


def many_texts(count: int) -> Contract:
    """A contract with so many fields of text in its key."""
    names = [f"t{number}" for number in range(count)]
    fields = (Field("day", "date", required=True), *(Field(name, "string", required=True) for name in names))
    return replace(SALES, fields=fields, key=("day", *names), partition_field="day", indexes=())


def test_four_texts_fit_into_an_index_and_a_fifth_is_refused_by_name(
    opened: Callable[..., VersionedCollection],
) -> None:
    opened(replace(many_texts(4), indexes=((("t3", "t1"),))))
    with pytest.raises(ContractError, match=r"(?s)max key length is 3072 bytes: .*CREATE TABLE") as refused:
        opened(replace(many_texts(5), version="2.0.0"))
    assert "An index takes four texts of 190 characters and four numbers" in str(refused.value)
    wide = replace(
        many_texts(4),
        version="3.0.0",
        fields=(*many_texts(4).fields, Field("shop", "string")),
        indexes=(("shop", "day"),),
    )
    with pytest.raises(
        ContractError, match=r"CREATE INDEX vitrine_\w+ ON .*\(shop, day, t0, t1, t2, t3, _chunk\)"
    ):
        opened(wide)


def test_a_text_is_indexed_later_and_no_longer(
    sales: VersionedCollection, opened: Callable[..., VersionedCollection], url: str
) -> None:
    put(sales, "r1", [1], [sale(1, "A", name="b"), sale(1, "B", name="a")])
    named = opened(replace(SALES, version="1.1.0", indexes=(("product_name",),)))
    assert type_of_name(url) == "varchar(190)"
    assert content(named) == [sale(1, "A", name="b"), sale(1, "B", name="a")]
    with pytest.raises(StageError, match="product_name has a text of 500 characters"):
        put(named, "r2", [2], [sale(2, "A", name="x" * 500)])
    plain = opened(replace(SALES, version="1.2.0"))
    assert type_of_name(url) == "longtext"
    put(plain, "r3", [2], [sale(2, "A", name="x" * 500)])
    with pytest.raises(ContractError, match=r"Data too long for column 'product_name'.*texts of 190"):
        opened(replace(SALES, version="1.3.0", indexes=(("product_name",),)))


def type_of_name(url: str) -> str:
    """The column that holds ``product_name``."""
    columns = {row[0]: str(row[1]) for row in asked(url, "DESCRIBE sales_product_revenue_v1__rows")}
    return columns["product_name"]


def test_the_database_may_have_another_character_set(
    url: str, opened: Callable[..., VersionedCollection]
) -> None:
    asked(url, "ALTER DATABASE CHARACTER SET latin1 COLLATE latin1_swedish_ci")
    sales = opened()
    put(sales, "r", [1], [sale(1, one, name=one) for one in ("ä", "a", "A", "🙂")])
    assert [row["product_name"] for row in content(sales)] == ["A", "a", "ä", "🙂"]
    put(sales, "r2", [1], [])
    sales.rollback(1, by="田中", reason="🙂")
    live = sales.live()
    assert live is not None
    assert (live.by, live.reason) == ("田中", "🙂")


# what readers see


def test_the_view_shows_each_type_as_bi_tools_read_it(
    url: str, opened: Callable[..., VersionedCollection]
) -> None:
    full = {
        "id": -7,
        "at": moment("1969-12-31T23:59:59.999999"),
        "text": "É ",
        "money": Decimal("-99999999999999.9999"),
        "share": 0.1,
        "open": True,
        "day": date(9999, 12, 31),
        "detail": '{"a": [1, "é\\n"]}',
        "tags": '["🙂"]',
    }
    empty = dict.fromkeys(EVERY_TYPE.schema.names) | {"id": 1, "at": moment("2026-01-02T03:04:05")}
    collection = opened(EVERY_TYPE)
    staged = collection.stage([batch([full, empty], EVERY_TYPE)], ["1969-12", "2026-01"], run_id="r")
    collection.publish(staged.attempt, publication("r"))
    names = ", ".join((*EVERY_TYPE.schema.names, "partition_date"))
    assert asked(url, f"SELECT {names} FROM test_every_type_v2 ORDER BY id") == [
        (
            *[value.replace(tzinfo=None) if name == "at" else value for name, value in full.items()],
            date(1969, 12, 1),
        ),
        (1, moment("2026-01-02T03:04:05").replace(tzinfo=None), *[None] * 7, date(2026, 1, 1)),
    ]
    kinds = dict(
        asked(
            url,
            "SELECT column_name, regexp_substr(column_type, '^[^ ]+') FROM information_schema.columns "
            "WHERE table_schema = database() AND table_name = 'test_every_type_v2'",
        )
    )
    expected = {"money": "decimal(19,4)", "day": "date", "at": "datetime(6)", "share": "double"}
    assert {name: kinds[name] for name in expected} == expected


def test_the_view_is_the_live_version_and_is_filtered_by_the_key(
    sales: VersionedCollection, url: str
) -> None:
    put(sales, "r1", [1, 2], [sale(1, "A", 3), sale(2, "B", name="é")])
    put(sales, "r2", [1], [sale(1, "A", 5), sale(1, "a"), sale(1, "A ")])
    view = "SELECT date, product_id, product_name, quantity, revenue FROM sales_product_revenue_v1"
    assert asked(url, f"{view} ORDER BY 1, 2") == [tuple(row.values()) for row in content(sales)]
    assert [row[:2] for row in asked(url, f"{view} WHERE product_id = 'A'")] == [(day(1), "A")]
    sales.rollback(1, by="ada", reason="wrong")
    assert asked(url, f"{view} ORDER BY 1, 2") == [tuple(row.values()) for row in content(sales)]


ON_PRODUCT, ON_DAY = Filter("product_id", "eq", "P0007"), Filter("date", "eq", day(3))


@pytest.mark.parametrize(
    ("query", "key", "kind"),
    [
        (Query(), "PRIMARY", "index"),
        (Query(descending=True), "PRIMARY", "index"),
        (Query(after=(day(3), "P0007")), "PRIMARY", "range"),
        (Query(after=(day(3), "P0007"), descending=True), "PRIMARY", "range"),
        (Query([ON_DAY]), "PRIMARY", "ref"),
        (Query([ON_DAY], after=(day(3), "P0007")), "PRIMARY", "range"),
        (Query([Filter("date", "gte", day(2)), Filter("date", "lt", day(5))]), "PRIMARY", "range"),
        (Query([ON_PRODUCT]), "product_id_date", "ref"),
        (Query([ON_PRODUCT], after=(day(3), "P0007")), "product_id_date", "range"),
        (Query([ON_PRODUCT], descending=True, after=(day(3), "P0007")), "product_id_date", "range"),
        (Query(sort="revenue"), "revenue_date", "range"),
        (Query(sort="revenue", descending=True), "revenue_date", "range"),
        (Query(sort="revenue", after=(Decimal(20), day(3), "P0007")), "revenue_date", "range"),
        (
            Query(sort="revenue", descending=True, after=(Decimal(20), day(3), "P0007")),
            "revenue_date",
            "range",
        ),
    ],
)
def test_a_page_is_read_in_the_order_of_an_index(
    shop: VersionedCollection, query: Query, key: str, kind: str
) -> None:
    backend = sql(shop)
    live = shop.live()
    assert live is not None
    checked = PageQuery(SALES, query)
    statement = page_statement(backend.name, backend.table, backend.database.dialect, live.stored, checked)
    compiled = statement.compile(backend.database.engine)
    with backend.database.reading() as connection:
        plan = connection.exec_driver_sql(f"EXPLAIN {compiled}", compiled.params).mappings().all()
    rows = next(step for step in plan if step["table"].endswith("__rows"))
    assert key in rows["key"], plan
    assert rows["type"] == kind, plan
    assert not [step for step in plan if "filesort" in (step["Extra"] or "")], plan
    assert not [step for step in plan if "temporary" in (step["Extra"] or "")], plan
    assert [step["table"] for step in plan if step["select_type"] == "PRIMARY"] == [rows["table"]], plan


@pytest.fixture(scope="module")
def shop() -> Iterator[VersionedCollection]:
    """Ten thousand rows of five days, one of them in an older version too."""
    store = open_store(servers.server("mysql").empty_database(), batch_size=5000)
    collection = store.collection(SALES)
    collection.ensure()
    days = [1, 2, 3, 4, 5]
    rows = [sale(number, f"P{product:04}", product) for number in days for product in range(2000)]
    put(collection, "r1", days, rows)
    put(collection, "r2", [3], [sale(3, f"P{product:04}", product + 1) for product in range(2000)])
    assert isinstance(collection, VersionedCollection)
    yield collection
    store.close()
