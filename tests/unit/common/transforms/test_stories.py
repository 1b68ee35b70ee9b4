"""Which records are one story."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from itertools import permutations
from typing import Any

import duckdb
import narwhals.stable.v2 as nw
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from common.transforms.stories import identified
from common.utils.arrow import schema_of

Make = Callable[..., Any]
SCHEMA = schema_of(
    source=pa.string(),
    feed=pa.string(),
    source_id=pa.string(),
    url=pa.string(),
    headline=pa.string(),
    summary=pa.string(),
    content_hash=pa.string(),
    published_at=pa.timestamp("us", tz="UTC"),
    date=pa.date32(),
)


def record(
    source_id: str,
    url: str | None = None,
    title: str | None = "ferry",
    summary: str | None = None,
    day: int | None = 1,
    **more: Any,
) -> dict[str, Any]:
    moment = datetime(2026, 1, day, 8, tzinfo=UTC) if day else None
    made = {
        "source": "files",
        "feed": None,
        "source_id": source_id,
        "url": url,
        "headline": title,
        "summary": summary,
        "content_hash": f"{title} {summary}",
        "published_at": moment,
        "date": moment.date() if moment else date(1970, 1, 1),
    }
    return made | more


def stories(rows: list[dict[str, Any]]) -> set[frozenset[str]]:
    """The groups of ids."""
    frame = nw.from_native(duckdb.connect().from_arrow(pa.Table.from_pylist(rows, SCHEMA)))
    found: dict[str, set[str]] = {}
    for name, item in identified(frame).select("source_id", "item").to_native().fetchall():
        found.setdefault(item, set()).add(name)
    assert sum(map(len, found.values())) == len(rows)
    return {frozenset(group) for group in found.values()}


def groups(*names: str) -> set[frozenset[str]]:
    return {frozenset(name) for name in names}


def test_one_address_is_one_story_whatever_else_differs() -> None:
    rows = [
        record("a", "http://x.example/1"),
        record("b", "https://x.example/1", "other", day=9, source="api"),
    ]
    assert stories(rows) == groups("ab")
    assert stories([record("a", "http://x.example/1"), record("b", "http://x.example/2")]) == groups("a", "b")


def test_an_address_of_many_titles_of_one_source_is_no_story() -> None:
    page = "https://x.example/changes"
    rows = [record("a", page, "one"), record("b", page, "two"), record("c", page, "one", source="api", day=5)]
    assert stories(rows) == groups("ac", "b")
    other_feeds = [record("a", page, "one", feed="f"), record("b", page, "two", feed="g")]
    assert stories(other_feeds) == groups("ab")


def test_the_same_text_on_one_day_is_one_story_at_two_addresses() -> None:
    one, two = (
        record("a", "https://x.example/1", summary="s"),
        record("b", "https://y.example/1", summary="s"),
    )
    assert stories([one, two]) == groups("ab")
    next_day = record("b", "https://y.example/1", summary="s", day=2)
    assert stories([one, next_day]) == groups("a", "b")
    assert stories([one | {"summary": None}, two | {"summary": None}]) == groups("a", "b")


def test_no_chain_grows_over_the_same_text() -> None:
    """`b` is at the address of `a`, and says what `c` says; but `a` was first, and says something else."""
    rows = [
        record("a", "https://x.example/1", summary="early"),
        record("b", "https://x.example/1", summary="late", day=2),
        record("c", "https://y.example/1", summary="late", day=2),
    ]
    assert stories(rows) == groups("ab", "c")


def test_a_record_without_an_address_joins_the_one_story_of_its_title_and_day() -> None:
    at = record("a", "https://x.example/1")
    assert stories([at, record("b")]) == groups("ab")
    assert stories([at, record("b", day=2)]) == groups("a", "b")
    several = [at, record("b", "https://y.example/1"), record("c"), record("d", source="api")]
    assert stories(several) == groups("a", "b", "cd")


def test_without_address_and_day_nothing_is_alike() -> None:
    rows = [record("a", day=None), record("b", day=None), record("c", "https://x.example/1", day=None)]
    assert stories(rows) == groups("a", "b", "c")


CHOICES = st.builds(
    record,
    st.just(""),
    url=st.sampled_from([None, "http://x.example/1", "https://x.example/1", "https://y.example/1"]),
    title=st.sampled_from(["ferry", "mill"]),
    summary=st.sampled_from([None, "s", "t"]),
    day=st.sampled_from([None, 1, 2]),
    source=st.sampled_from(["files", "api"]),
)


@settings(deadline=None, max_examples=40)
@given(st.lists(CHOICES, min_size=1, max_size=7), st.randoms(use_true_random=False))
def test_the_order_of_records_is_of_no_account(rows: list[dict[str, Any]], random: Any) -> None:
    named = [row | {"source_id": str(at)} for at, row in enumerate(rows)]
    expected = stories(named)
    for _ in range(2):
        random.shuffle(named)
        assert stories(named) == expected


def test_every_order_of_a_hard_case() -> None:
    rows = [
        record("a", "https://x.example/1", summary="s"),
        record("b", "https://y.example/1", summary="s"),
        record("c", "https://y.example/1", summary="t", day=2),
        record("d"),
    ]
    assert {frozenset(stories(list(order))) for order in permutations(rows)} == {frozenset(groups("abcd"))}
