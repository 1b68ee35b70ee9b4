"""RSS and Atom files behind a server become one row per day and feed; only days that changed are written."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest

from pipeline_example import EXAMPLES, Example
from servers.http import HttpServer, Reply

Story = tuple[str, str, datetime, str | None]
"""Id, title, when it was published, author."""


def moment(day: int, hour: int) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


RSS: list[Story] = [
    ("r1", "First", moment(18, 9), "Ann"),
    ("r2", "Newest & <best> of the 18th", moment(18, 21), None),
    ("r3", "Alone on the 19th", moment(19, 0), None),
]
ATOM: list[Story] = [
    ("a1", "Late", moment(18, 23), "Bo"),
    ("a2", "Early", moment(18, 1), "Cy"),
    ("a3", "Ties by title A", moment(20, 7), "Cy"),
    ("a4", "Ties by title B", moment(20, 7), None),
]


def rss(stories: list[Story]) -> bytes:
    items = "".join(
        f"<item><guid>{id_}</guid><title>{escape(title)}</title><pubDate>{format_datetime(at)}</pubDate>"
        + (f"<author>{author}</author>" if author else "")
        + "</item>"
        for id_, title, at, author in stories
    )
    return f'<rss version="2.0"><channel><title>Town</title>{items}</channel></rss>'.encode()


def atom(stories: list[Story]) -> bytes:
    entries = "".join(
        f"<entry><id>{id_}</id><title>{escape(title)}</title><published>{at.isoformat()}</published>"
        f"<updated>{at.isoformat()}</updated>"
        + (f"<author><name>{author}</name></author>" if author else "")
        + "</entry>"
        for id_, title, at, author in stories
    )
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>World</title>{entries}</feed>'.encode()


def by_hand(feeds: dict[str, list[Story]]) -> list[dict[str, Any]]:
    groups: dict[tuple[date, str], list[Story]] = defaultdict(list)
    for feed, stories in feeds.items():
        for story in stories:
            groups[story[2].date(), feed].append(story)
    return [
        {
            "date": day,
            "feed": feed,
            "stories": len(stories),
            "newest_title": max((at, title) for _, title, at, _ in stories)[1],
            "authored": sum(author is not None for *_, author in stories) / len(stories),
        }
        for (day, feed), stories in sorted(groups.items())
    ]


@pytest.fixture
def site() -> Iterator[HttpServer]:
    with HttpServer() as server:
        server.answer("/town.rss", Reply(rss(RSS)))
        server.answer("/world.atom", Reply(atom(ATOM)))
        yield server


@pytest.fixture
def example(site: HttpServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Example:
    path = EXAMPLES / "content" / "feed_digest_v1.yaml"
    feeds = f"{site.url}/town.rss {site.url}/world.atom"
    return Example(path, tmp_path / "home", monkeypatch, FEEDS=feeds)


def test_each_day_of_each_feed_is_what_plain_python_counts(example: Example) -> None:
    example.run()
    assert example.rows() == by_hand({"Town": RSS, "World": ATOM})
    assert example.contract.partition_by == "day"


def test_a_story_that_comes_later_changes_its_day_alone(site: HttpServer, example: Example) -> None:
    example.run()
    more = [*RSS, ("r4", "Another of the 19th", moment(19, 12), "Di")]
    site.answer("/town.rss", Reply(rss(more)))
    example.run()
    assert example.rows() == by_hand({"Town": more, "World": ATOM})
    staged = example.record().staged
    assert staged
    assert (staged.inserted, staged.updated, staged.unchanged, staged.removed) == (0, 1, 3, 0)
    assert staged.changed == ("2026-11-19",)  # the other days keep what is stored of them


def test_a_feed_that_is_away_stops_no_other(site: HttpServer, example: Example) -> None:
    site.answer("/town.rss", Reply(b"", 404))
    example.run()
    assert example.rows() == by_hand({"World": ATOM})
    statistics = example.record().statistics
    assert statistics
    assert [name.endswith("/town.rss") for name in statistics.failed] == [True]
