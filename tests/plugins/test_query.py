"""What may be asked of a collection."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from common.io.collections.protocol import Filter, Query, QueryError
from common.utils.contract import Field
from dashboards.cursor import Cursor
from dashboards.query import Listing, parse
from plugins.shop import ORDERS


def asked(*parameters: tuple[str, str]) -> Listing:
    return parse(ORDERS, parameters)


def test_nothing_asked_is_the_first_hundred_by_key() -> None:
    listing = asked()
    assert listing.query == Query(limit=100)
    assert listing.version is None


def test_filters_have_the_fields_types() -> None:
    listing = asked(
        ("day__gte", "2026-01-01"),
        ("day__lt", "2026-02-01"),
        ("total", "1.5"),
        ("paid__eq", "true"),
        ("placed_at__lte", "2026-01-05T00:00:00Z"),
        ("items__gt", "3"),
    )
    assert listing.query.filters == (
        Filter("day", "gte", date(2026, 1, 1)),
        Filter("day", "lt", date(2026, 2, 1)),
        Filter("total", "eq", Decimal("1.5")),
        Filter("paid", "eq", True),
        Filter("placed_at", "lte", datetime(2026, 1, 5, tzinfo=UTC)),
        Filter("items", "gt", 3),
    )


def test_a_field_named_like_a_control_is_filtered_by_eq() -> None:
    contract = replace(
        ORDERS, fields=(*ORDERS.fields, Field("version", "integer"), Field("a__gt", "integer"))
    )
    listing = parse(contract, [("version", "3"), ("version__eq", "4"), ("a__gt", "5"), ("a__gt__gt", "6")])
    assert listing.version == 3
    assert listing.query.filters == (
        Filter("version", "eq", 4),
        Filter("a__gt", "eq", 5),
        Filter("a__gt", "gt", 6),
    )


def test_order_columns_and_limit() -> None:
    query = asked(
        ("sort", "-total"), ("fields", "order_id, total"), ("limit", "1000"), ("version", "12")
    ).query
    assert (query.sort, query.descending) == ("total", True)
    assert query.fields == ("order_id", "total")
    assert query.limit == 1000


REFUSED = [
    ("limt", "5", "'limt': did you mean 'limit'?"),
    ("totl", "5", "did you mean 'total'?"),
    ("totl__gte", "5", "no field 'totl': did you mean 'total'?"),
    ("__gt", "5", "no parameter '__gt'"),
    ("qqqqqqqq", "5", "filter by day, order_id, customer"),
    ("total__like", "5", "Use one of: total, total__gt, total__gte, total__lt, total__lte."),
    ("total__", "5", "compared by ''"),
    ("paid__gt", "true", "Use one of: paid."),
    ("total", "much", "Write a decimal number"),
    ("sort", "customer", "known: day, items, paid, placed_at, total."),
    ("sort", "weight", "no index"),  # it may be null, and a keyset column may not
    ("sort", "-totl", "did you mean 'total'?"),
    ("sort", "", "no index"),
    ("sort", "--total", "no index"),
    ("fields", "", "no field ''"),
    ("fields", "day,totl", "did you mean 'total'?"),
    ("fields", "day,day", "twice"),
    ("limit", "0", "whole number, 1 to 1000"),
    ("limit", "1001", "whole number, 1 to 1000"),
    ("limit", "ten", "whole number, 1 to 1000"),
    ("limit", "٣", "whole number"),
    ("limit", "", "whole number"),
    ("version", "-1", "whole number, 1 or more"),
    ("version", "9" * 30, "whole number, 1 or more"),
    ("cursor", "nonsense", "cursor cannot be read"),
]


@pytest.mark.parametrize(("name", "value", "told"), REFUSED)
def test_a_wrong_parameter_is_refused_with_the_right_one(name: str, value: str, told: str) -> None:
    with pytest.raises(QueryError) as caught:
        asked((name, value))
    assert told in str(caught.value)


def test_a_repeated_parameter_is_refused() -> None:
    with pytest.raises(QueryError, match="limit is given more than once"):
        asked(("limit", "5"), ("day", "2026-01-01"), ("limit", "5"))


def test_a_cursor_belongs_to_its_filters_and_order() -> None:
    first = asked(("day__gte", "2026-01-02"), ("total__lt", "9"), ("sort", "total"))
    cursor = Cursor(3, first.fingerprint, ("1.0000", "2026-01-05", "A-1")).encode()
    same = [("total__lt", "9.0"), ("cursor", cursor), ("sort", "total"), ("day__gte", "2026-01-02")]
    with pytest.raises(QueryError, match="other filters"):
        asked(*same)  # 9.0 is 9, and still another text than the page before was asked by
    same[0] = ("total__lt", "9")
    listing = asked(*same, ("limit", "7"), ("fields", "day"), ("version", "3"))
    assert listing.version == 3
    assert listing.query.after == (Decimal("1.0000"), date(2026, 1, 5), "A-1")
    for changed in (
        same[1:],
        [*same[:2], ("sort", "-total"), same[3]],
        [*same[:3], ("day__gte", "2026-01-03")],
        [*same[:3], ("day__gt", "2026-01-02")],
        [*same, ("items", "1")],
    ):
        with pytest.raises(QueryError, match="other filters or another order"):
            asked(*changed)
    with pytest.raises(QueryError, match="belongs to version 3"):
        asked(*same, ("version", "4"))
    with pytest.raises(QueryError, match="other filters or another order"):
        parse(replace(ORDERS, subject="returns"), same)
