"""Whatever is asked, the answer is an envelope and never our fault."""

import random
from typing import Any
from urllib.parse import quote

from dashboards.envelope import Envelope
from dashboards.query import CONTROLS
from plugins.shop import ORDERS, orders

SEED, ASKED = 20260201, 500
NAMES = [
    *CONTROLS,
    *(field.name for field in ORDERS.fields),
    "",
    "x",
    "_",
    "__",
    "day__",
    "__gt",
    "ü",
    "a\0b",
    "$where",
]
OPERATORS = ["", "", "", "", "__eq", "__gt", "__gte", "__lt", "__lte", "__ne", "__", "____gt"]
VALUES = [
    "",
    "0",
    "1",
    "-1",
    "1000",
    "9" * 40,
    "1e400",
    "-0.0",
    "0.00000000000000000001",
    "NaN",
    "true",
    "null",
    "2026-01-15",
    "0000-00-00",
    "9999-12-31",
    "2026-01-15T00:00:00Z",
    "9999-12-31T23:59:59-14:00",
    "day",
    "-total",
    "day,total",
    ",",
    "'; DROP TABLE x --",
    "%",
    "\0",
    "\ud800",
    "ü" * 300,
    "W10",
    "WzEsIngiLFtdXQ",
    "*",
    "{}",
    "[" * 900,
]


def test_random_queries_never_break_it(shop: Any, api: Any) -> None:
    shop.publish(orders(60))
    chance = random.Random(SEED)
    cursor = api.get(limit=7).json()["metadata"]["pagination"]["next_cursor"]
    right = [
        ("cursor", cursor),
        ("version", "99"),
        ("limit", "7"),
        ("sort", "-total"),
        ("day__gte", "2026-01-05"),
    ]
    seen = set()
    for _ in range(ASKED):
        wrong = [
            (chance.choice(NAMES) + chance.choice(OPERATORS), chance.choice([*VALUES, cursor[:-3]]))
            for _ in "ab"
        ]
        pairs = chance.sample([*right, *wrong], k=chance.randint(1, 3))
        query = "&".join(f"{quote(n)}={quote(v.encode('utf-8', 'surrogatepass'))}" for n, v in pairs)
        answer = api.client.get(f"/v1/collections/shop/orders?{query}")
        seen.add(answer.status_code)
        assert answer.status_code in (200, 400, 410), (query, answer.text)
        Envelope[Any].model_validate_json(answer.content, strict=True)
    assert seen == {200, 400, 410}, "the queries do not reach every kind of answer"


def test_random_paths_and_headers_never_break_it(api: Any) -> None:
    chance = random.Random(SEED)
    parts = [
        "v1",
        "collections",
        "shop",
        "orders",
        "health",
        "openapi.json",
        "..",
        ".",
        "",
        "%2e%2e",
        "%00",
        "ü",
        "x" * 3000,
    ]
    for _ in range(200):
        path = "/" + "/".join(chance.choices(parts, k=chance.randint(1, 5)))
        held = chance.choice(['"', 'W/"', "*", "," * 50, '""', "\x7f"])
        answer = api.client.get(
            path, headers={"If-None-Match": held, "X-Request-ID": chance.choice(VALUES[:9])}
        )
        assert answer.status_code in (200, 304, 404), (path, answer.text)
        if answer.status_code == 404:
            Envelope[None].model_validate_json(answer.content, strict=True)
