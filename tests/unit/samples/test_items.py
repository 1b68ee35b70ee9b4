"""The sample of content/items: the same bytes everywhere, and every kind of mess in it."""

from __future__ import annotations

import csv
import io
import json
from datetime import date

import feedparser
import pytest

from samples import items

FIRST, LAST = date(2026, 1, 1), date(2026, 3, 31)


@pytest.fixture(scope="module")
def sample() -> dict[str, str]:
    return dict(items.files(7, FIRST, LAST))


def test_the_same_bytes_each_time(sample: dict[str, str]) -> None:
    assert dict(items.files(7, FIRST, LAST)) == sample
    assert dict(items.files(8, FIRST, LAST)) != sample


def test_a_later_day_changes_no_file_of_the_days_before(sample: dict[str, str]) -> None:
    longer = dict(items.files(7, FIRST, date(2026, 4, 2)))
    assert {name: longer[name] for name in sample if "feeds/" not in name} == {
        name: content for name, content in sample.items() if "feeds/" not in name
    }


def test_every_source_has_its_records_and_its_mess(sample: dict[str, str]) -> None:
    lines = [
        row
        for name, content in sample.items()
        if name.startswith("files/")
        for row in csv.DictReader(io.StringIO(content))
    ]
    answers = [
        one
        for name, content in sample.items()
        if name.startswith("api/")
        for one in json.loads(content)["data"]["items"]
    ]
    assert 500 < len(lines) < 900
    assert 400 < len(answers) < 800
    assert any(row["published_at"].endswith("-32") for row in lines)
    assert any(not row["id"] for row in lines)
    assert any("(corrected)" in row["title"] for row in lines)
    assert any("utm_source" in row["url"] for row in lines)
    assert any(one["published_at"] == "yesterday" for one in answers)


def test_feeds_are_of_every_kind_and_one_is_broken(sample: dict[str, str]) -> None:
    read = {
        name: feedparser.parse(io.BytesIO(content.encode()))
        for name, content in sample.items()
        if name.startswith("feeds/") and not name.endswith(".opml")
    }
    kinds = {name: (feed.version, bool(feed.bozo)) for name, feed in read.items()}
    assert kinds == {
        "feeds/harbour.rss": ("rss20", False),
        "feeds/town.atom": ("atom10", False),
        "feeds/culture.rdf": ("rss10", False),
        "feeds/archive.rss": ("rss20", False),
        "feeds/broken.rss": ("rss20", True),
    }
    assert all(feed.entries for feed in read.values())
    assert all(name.removeprefix("feeds/") in sample["feeds/list.opml"] for name in read)
