"""The cursor."""

import json
from base64 import urlsafe_b64encode
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from common.io.collections.protocol import QueryError
from dashboards.cursor import Cursor, keyset, texts
from plugins.shop import ORDERS


def coded(document: Any) -> str:
    return urlsafe_b64encode(json.dumps(document).encode()).decode()


def test_a_position_comes_back_in_its_types() -> None:
    position = (Decimal("12.5000"), date(2026, 1, 31), 'A "1" ü')
    token = Cursor(7, "ab12", texts(position)).encode()
    assert token.isascii()
    assert "=" not in token
    cursor = Cursor.decode(token)
    assert (cursor.version, cursor.listing) == (7, "ab12")
    assert cursor.position(ORDERS, "total") == position


def test_the_keyset_has_each_column_once() -> None:
    assert keyset(ORDERS, None) == ("day", "order_id")
    assert keyset(ORDERS, "day") == ("day", "order_id")
    assert keyset(ORDERS, "total") == ("total", "day", "order_id")


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "ü",
        "%%%",
        "a" * 5000,
        urlsafe_b64encode(b"\xff\xfe").decode(),
        urlsafe_b64encode(b"[" * 100_000).decode(),
        coded({}),
        coded([1, "x"]),
        coded(["1", "x", []]),
        coded([1, 2, ["a"]]),
        coded([1, "x", [1]]),
    ],
)
def test_what_is_no_cursor_is_refused(token: str) -> None:
    with pytest.raises(QueryError, match="cursor cannot be read"):
        Cursor.decode(token)


@pytest.mark.parametrize("after", [(), ("2026-01-31",), ("31.1.2026", "A-1"), ("2026-01-31", "A-1", "more")])
def test_a_forged_position_is_refused(after: tuple[str, ...]) -> None:
    with pytest.raises(QueryError):
        Cursor(1, "x", after).position(ORDERS, None)
