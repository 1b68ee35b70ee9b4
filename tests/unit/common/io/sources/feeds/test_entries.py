"""Feeds of each kind as records of one schema, from their bytes alone."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
import pytest

from common.io.sources.feeds.entries import SCHEMA, NoFeed, feed_of

PLACE = ("news", "https://host/feeds/news.xml")
DATED = ("published", "published_raw", "dates_as_given")


def entries(raw: bytes, headers: dict[str, str] | None = None) -> list[dict[str, Any]]:
    """The records, as a table holds them."""
    return pa.Table.from_pylist(feed_of(raw, PLACE, headers or {}).records, SCHEMA).to_pylist()


def entry(**item: Any) -> dict[str, Any]:
    """The one entry of a JSON feed."""
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "News", "items": [{"id": "1", **item}]}
    (found,) = entries(json.dumps(feed).encode())
    return found


def rss(items: str, version: str = "2.0") -> bytes:
    return f'<rss version="{version}"><channel><title>News</title>{items}</channel></rss>'.encode()


KINDS = {
    "rss": rss("<item><guid>1</guid><title>One</title><link>/one</link></item>"),
    "rss without a version": b"<rss><channel><item><guid>1</guid><title>One</title><link>/one</link></item>"
    b"</channel></rss>",
    "atom": b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id><title>One</title>'
    b'<link href="/one"/></entry></feed>',
    "rdf": b'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
    b'xmlns="http://purl.org/rss/1.0/"><item rdf:about="1"><title>One</title><link>/one</link></item>'
    b"</rdf:RDF>",
    "json": b'\xef\xbb\xbf {"version": "https://jsonfeed.org/version/1", '
    b'"items": [{"id": 1, "title": "One", "url": "/one"}]}',
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_gives_the_same_record(kind: str) -> None:
    (found,) = entries(KINDS[kind])
    assert (found["id"], found["title"], found["url"]) == ("1", "One", "https://host/one")
    assert (found["feed_url"], found["published"], found["dates_as_given"]) == ("news", None, False)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        (b"", "it is empty"),
        (b" \n\t", "it is empty"),
        (b"<html><body>News</body></html>", "neither RSS"),
        (b"/etc/hostname", "neither RSS"),
        (b'{"items": ', "begins like JSON"),
        (b'{"items": "\xff"}', "begins like JSON"),
        (b'{"a":' * 10_000, "begins like JSON"),
        (b'{"items": {}}', "without a list"),
    ],
)
def test_what_is_no_feed_is_said_to_be_none(raw: bytes, why: str) -> None:
    with pytest.raises(NoFeed, match=why):
        feed_of(raw, PLACE, {})


def test_a_feed_without_entries_is_a_feed() -> None:
    assert feed_of(rss(""), PLACE, {}).records == []
    assert feed_of(b"<CHANNEL></CHANNEL>", PLACE, {}).records == [], "CDF, which has no version"
    assert feed_of(b'{"version": "https://jsonfeed.org/version/1", "items": []}', PLACE, {}).records == []


@pytest.mark.parametrize(
    ("raw", "fault"),
    [
        (b'{"version": "https://jsonfeed.org/version/1", "items": [{}]}', ""),
        (b'{"items": [{}, 7, null]}', "its version is not that of JSON Feed; 2 items are no objects"),
        (rss("<item><title>a</title></item>"), ""),
        (rss("<item><title>a & b</title></item>"), "SAXParseException"),
    ],
)
def test_a_fault_is_told_and_what_can_be_read_is_kept(raw: bytes, fault: str) -> None:
    found = feed_of(raw, PLACE, {"content-type": "application/rss+xml; charset=utf-8"})
    assert found.fault.startswith(fault)
    assert bool(found.fault) == bool(fault)
    assert len(found.records) == 1


@pytest.mark.parametrize(
    ("date", "published", "as_given"),
    [
        ("2026-01-31T09:00:00+01:00", "2026-01-31T08:00:00Z", False),
        ("2026-01-31T09:00:00Z", "2026-01-31T09:00:00Z", False),
        ("2026-01-31T09:00:00", None, True),  # of which zone cannot be told
        ("soon", None, True),
        (None, None, False),
    ],
)
def test_a_date_is_in_utc_or_kept_as_it_was_given(
    date: str | None, published: str | None, as_given: bool
) -> None:
    found = entry(date_published=date)
    assert [found[name] for name in DATED] == [published, date, as_given]


def test_a_date_of_rss_with_a_zone_of_its_own_is_in_utc() -> None:
    (found,) = entries(rss("<item><pubDate>Sat, 31 Jan 2026 09:00:00 +0100</pubDate></item>"))
    assert [found[name] for name in DATED] == [
        "2026-01-31T08:00:00Z",
        "Sat, 31 Jan 2026 09:00:00 +0100",
        False,
    ]


def test_neither_date_stands_for_the_other() -> None:
    (found,) = entries(
        b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>1</id>'
        b"<updated>2026-01-31T08:00:00Z</updated></entry></feed>"
    )
    assert (found["updated"], found["published"]) == ("2026-01-31T08:00:00Z", None)
    (found,) = entries(rss("<item><pubDate>Sat, 31 Jan 2026 09:00:00 GMT</pubDate></item>"))
    assert (found["updated"], found["published"]) == (None, "2026-01-31T09:00:00Z")


def test_an_entry_without_an_id_has_its_url_else_a_digest_of_what_it_says() -> None:
    items = "<item><link>/a</link></item><item><title>b</title></item><item><title>c</title></item>"
    first, *others = [found["id"] for found in entries(rss(items))]
    assert first == "https://host/a"
    assert all(one.startswith("sha256:") for one in others)
    assert len(set(others)) == 2
    assert others == [found["id"] for found in entries(rss(items))[1:]]


@pytest.mark.parametrize(
    ("link", "url"),
    [
        ("two", "https://host/feeds/two"),
        ("//other/x", "https://other/x"),
        ("mailto:a@b", "mailto:a@b"),
        ("javascript:alert(1)", None),
        ("JavaScript:alert(1)", None),
        ("data:text/html,x", None),
        ("https://[host", None),
    ],
)
def test_links_are_absolute_and_run_nothing(link: str, url: str | None) -> None:
    assert entry(url=link)["url"] == url


def test_authors_tags_and_attachments_are_those_that_say_something() -> None:
    found = entry(
        authors=[{"name": "Ann"}, {"url": "x"}, "Bo", {"name": "Cy"}], tags=["a", "", "b"], attachments=[]
    )
    assert (found["author"], found["categories"], found["enclosures"]) == ("Ann, Cy", '["a","b"]', None)
    assert entry(author={"name": "Ann"})["author"] == "Ann"


def test_the_html_of_a_json_entry_comes_before_its_text() -> None:
    assert entry(content_html="<p>a", content_text="a")["content"] == "<p>a"
    assert entry(content_text="a")["content"] == "a"


@pytest.mark.parametrize(
    ("reference", "letter"),
    [
        ("&#65;", "A"),
        ("&#x41;", "A"),
        ("&#xD800;", "\ufffd"),
        ("&#55296;", "\ufffd"),
        ("&#99999999999;", "\ufffd"),
    ],
)
def test_a_letter_that_unicode_does_not_have_costs_itself_alone(reference: str, letter: str) -> None:
    (found,) = entries(rss(f"<item><title>a & {reference}b</title></item>"))
    assert found["title"] == f"a & {letter}b"
