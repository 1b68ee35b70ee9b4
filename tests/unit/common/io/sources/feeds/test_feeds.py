"""Feeds from a real server and from files: entries, conditional requests, and what hostile ones cannot do."""

import json
import logging
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from common.io.sources import Part, Scope, http
from common.io.sources.feeds import Feeds, FeedSettings, named
from common.io.sources.feeds.entries import SCHEMA
from common.utils.errors import SourceError
from common.utils.window import Window
from servers.http import Asked, HttpServer, Reply

WINDOW = Window(None, datetime(2100, 1, 1, tzinfo=UTC))
EVERYTHING = Scope(WINDOW)


@pytest.fixture(autouse=True)
def _no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "BACKOFF", 0.01)


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


def rss(items: str, before: str = "") -> bytes:
    return f'{before}<rss version="2.0"><channel><title>News</title>{items}</channel></rss>'.encode()


def feeds(url: str, **settings: Any) -> Feeds:
    return Feeds(FeedSettings(url=url, retries=0, timeout=1, **settings), "VITRINE_A_B_")


def read(source: Feeds, scope: Scope = EVERYTHING) -> list[Part]:
    return [part for item in source.items() for part in source.read(item, scope)]


def rows(source: Feeds) -> list[dict[str, Any]]:
    return [row for part in read(source) for row in part.records.to_pylist()]


def of(folder: Path, raw: bytes) -> list[dict[str, Any]]:
    path = folder / "feed.xml"
    path.write_bytes(raw)
    return rows(feeds(str(path)))


def refusal(source: Feeds) -> str:
    with pytest.raises(SourceError) as refused:
        read(source)
    assert refused.value.next_step
    return str(refused.value)


def test_an_entry_has_all_that_its_feed_says(tmp_path: Path) -> None:
    (row,) = of(
        tmp_path,
        rss(
            "<language>en</language><link>https://e.example</link><item><title>T</title><guid>1</guid>"
            "<link>https://e.example/1</link><description>S</description><author>a@e.example (A)</author>"
            "<category>x</category><category>y</category><pubDate>Sat, 31 Jan 2026 08:00:00 +0200</pubDate>"
            '<enclosure url="https://e.example/1.mp3" length="5" type="audio/mpeg"/></item>'
        ),
    )
    assert json.loads(row.pop("enclosures"))[0]["href"] == "https://e.example/1.mp3"
    expected = {
        "id": "1",
        "title": "T",
        "summary": "S",
        "content": None,
        "url": "https://e.example/1",
        "author": "a@e.example (A)",
        "categories": '["x","y"]',
        "language": "en",
        "published": "2026-01-31T06:00:00Z",
        "published_raw": "Sat, 31 Jan 2026 08:00:00 +0200",
        "updated": None,
        "updated_raw": None,
        "dates_as_given": False,
        "feed_url": str(tmp_path / "feed.xml"),
        "feed_title": "News",
        "feed_link": "https://e.example",
    }
    assert {name: row[name] for name in expected} == expected
    assert row["_position"] == 1


@pytest.mark.parametrize("date", ["Sat, 99 Foo 2026", "yesterday"])
def test_a_date_that_means_nothing_is_kept_with_a_flag(tmp_path: Path, date: str) -> None:
    (row,) = of(tmp_path, rss(f"<item><title>T</title><pubDate>{date}</pubDate></item>"))
    assert (row["published"], row["published_raw"], row["dates_as_given"]) == (None, date, True)


def test_an_entry_without_an_id_has_a_stable_one(tmp_path: Path) -> None:
    items = "<item><link>https://e.example/1</link></item><item><title>a</title></item><item><title>b</title></item>"
    first, again = of(tmp_path, rss(items)), of(tmp_path, rss(items + "<item><title>c</title></item>"))
    ids = [row["id"] for row in first]
    assert ids[0] == "https://e.example/1"
    assert ids[1].startswith("sha256:")
    assert len({*ids}) == 3
    assert [row["id"] for row in again][:3] == ids


def test_json_feeds_are_read(tmp_path: Path) -> None:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "News",
        "language": "de",
        "authors": [{"name": "Zoë"}, {"name": "B"}],
        "items": [
            {
                "id": 7,
                "url": "https://e.example/7",
                "content_html": "<p>x</p>",
                "date_published": "2026-01-31T08:00:00+02:00",
                "date_modified": "soon",
                "tags": ["x"],
            },
            "stray",
        ],
    }
    (row,) = of(tmp_path, b"\xef\xbb\xbf" + json.dumps(feed).encode())
    picked = (
        "id",
        "content",
        "author",
        "categories",
        "language",
        "published",
        "updated_raw",
        "dates_as_given",
    )
    assert [row[name] for name in picked] == [
        "7", "<p>x</p>", "Zoë, B", '["x"]', "de", "2026-01-31T06:00:00Z", "soon", True,
    ]  # fmt: skip


def test_a_malformed_feed_gives_what_can_be_read_with_a_warning(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    found = of(tmp_path, rss("<item><title>one</title></item><item><title>two</title></i></item><item><titl"))
    assert [row["title"] for row in found][:2] == ["one", "two"]
    assert "malformed" in caplog.text
    assert "SAXParseException" in caplog.text


def test_an_encoding_that_had_to_be_guessed_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert (
        len(of(tmp_path, rss("<item><title>ZZ</title></item>").replace(b"ZZ", "Привет".encode("koi8-r"))))
        == 1
    )
    assert "parsed as windows-1252" in caplog.text


@pytest.mark.parametrize(
    "raw",
    [b"", b" \n", b"<html><body>Not found</body></html>", b"{}", b'{"items"', b'{"items": 1}', b"\0" * 99],
)
def test_what_is_no_feed_is_refused(tmp_path: Path, raw: bytes) -> None:
    (tmp_path / "feed.xml").write_bytes(raw)
    assert "is no feed" in refusal(feeds(str(tmp_path / "feed.xml")))


def test_external_entities_are_not_read(tmp_path: Path, server: HttpServer) -> None:
    (tmp_path / "secret").write_text("s3cr3t")
    server.answer("/secret", Reply(b"s3cr3t"))
    for place in ((tmp_path / "secret").as_uri(), f"{server.url}/secret"):
        entities = f'<!ENTITY x SYSTEM "{place}"><!ENTITY % y SYSTEM "{place}"> %y;'
        declared = f'<?xml version="1.0"?><!DOCTYPE rss [{entities}]>'
        found = of(tmp_path, rss("<item><title>a &x; b</title></item>", declared))
        assert "s3cr3t" not in str(found)
    assert server.asked == []


def test_entities_do_not_multiply(tmp_path: Path) -> None:
    lines = "".join(f'<!ENTITY a{at} "{f"&a{at - 1};" * 10}">' for at in range(1, 12))
    declared = f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a0 "ha">{lines}]>'
    started = time.monotonic()
    found = of(tmp_path, rss("<item><title>&a11;</title></item>", declared))
    assert time.monotonic() - started < 5
    assert sum(len(row["title"] or "") for row in found) < 1000


def test_quadratic_entities_do_not_multiply(tmp_path: Path) -> None:
    declared = f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY a "{"x" * 50_000}">]>'
    started = time.monotonic()
    found = of(tmp_path, rss(f"<item><title>{'&a;' * 2000}</title></item>", declared))
    assert time.monotonic() - started < 10
    assert sum(len(row["title"] or "") for row in found) < 1_000_000


def test_scripts_do_not_come_through(tmp_path: Path) -> None:
    (row,) = of(
        tmp_path, rss("<item><description>&lt;script&gt;alert(1)&lt;/script&gt;text</description></item>")
    )
    assert row["summary"] == "text"


@pytest.mark.parametrize("letter", ["&#xD800;", "&#55296;", "&#x110000;"])
def test_letters_that_are_none_do_not_end_the_feed(tmp_path: Path, letter: str) -> None:
    found = of(tmp_path, rss(f"<item><title>a{letter}b</title></item><item><title>c</title></item>"))
    assert [row["title"] for row in found][-1] == "c"


def test_a_feed_that_did_not_change_gives_nothing_and_keeps_its_bookmark(server: HttpServer) -> None:
    def reply(asked: Asked) -> Reply:
        fresh = (
            asked.headers.get("if-none-match") == '"v1"' and asked.headers.get("if-modified-since") == "then"
        )
        headers = {"ETag": '"v1"', "Last-Modified": "then"}
        return Reply(status=304) if fresh else Reply(rss("<item><title>T</title></item>"), headers=headers)

    server.answer("/feed", reply)
    source = feeds(f"{server.url}/feed")
    (first,) = read(source)
    assert first.bookmark == {"etag": '"v1"', "modified": "then"}
    assert first.records.num_rows == 1
    (second,) = read(source, Scope(WINDOW, first.bookmark))
    assert (second.records.num_rows, second.bookmark) == (0, first.bookmark)
    (third,) = read(source, Scope(WINDOW, {"etag": '"old"'}))
    assert third.records.num_rows == 1


def test_the_items_are_the_feeds_of_the_lists_each_once(server: HttpServer) -> None:
    server.answer(
        "/list.opml",
        Reply(b'<opml><outline xmlUrl="https://b.example/x"/><outline xmlUrl="https://a.example"/>'),
    )
    source = feeds(f"https://c.example https://b.example/x {server.url}/list.opml")
    assert [item.name for item in source.items()] == [
        "https://a.example",
        "https://b.example/x",
        "https://c.example",
    ]
    assert {item.schema for item in source.items()} == {SCHEMA}
    assert len(server.asked) == 1


def test_a_list_from_elsewhere_cannot_name_files_here(server: HttpServer, tmp_path: Path) -> None:
    server.answer("/list.txt", Reply(b"https://a.example/feed\nfile:///etc/passwd\n"))
    assert "names files of this machine" in refusal(feeds(f"{server.url}/list.txt"))
    path = tmp_path / "my list.txt"
    (tmp_path / "feed.xml").write_bytes(rss("<item><title>T</title></item>"))
    path.write_text(f"# ours\n{(tmp_path / 'feed.xml').as_uri()}\n")
    assert [row["title"] for row in rows(feeds(str(path)))] == ["T"]


def test_a_relative_path_in_a_list_begins_at_the_list(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    (tmp_path / "kept" / "feed.xml").write_bytes(rss("<item><title>T</title></item>"))
    (tmp_path / "list.opml").write_text('<opml><outline xmlUrl="kept/feed.xml"/></opml>')
    (row,) = rows(feeds(str(tmp_path / "list.opml")))
    assert (row["title"], row["feed_url"]) == ("T", "kept/feed.xml")


def test_a_list_that_is_a_page_is_refused(server: HttpServer) -> None:
    server.answer("/list.opml", Reply(b"<html>moved</html>"))
    assert "neither OPML" in refusal(feeds(f"{server.url}/list.opml"))


def test_one_feed_that_is_down_does_not_lose_the_others(server: HttpServer) -> None:
    server.answer("/a", Reply(status=500))
    server.answer("/b", Reply(rss("<item><title>T</title></item>")))
    source = feeds(f"{server.url}/a {server.url}/b")
    down, well = source.items()
    with pytest.raises(SourceError, match="/a gave no answer"):
        list(source.read(down, EVERYTHING))
    assert [part.records.num_rows for part in source.read(well, EVERYTHING)] == [1]


def test_links_are_relative_to_where_the_feed_is(server: HttpServer) -> None:
    server.answer("/old", Reply(status=301, headers={"Location": "/news/feed"}))
    server.answer(
        "/news/feed",
        Reply(rss("<item><guid>7</guid><link>1.html</link></item>"), headers={"Content-Type": "text/xml"}),
    )
    (row,) = rows(feeds(f"{server.url}/old"))
    assert row["id"] == "7"
    assert (row["url"], row["feed_url"]) == (f"{server.url}/news/1.html", f"{server.url}/old")


@pytest.mark.parametrize("link", ["javascript:alert(1)", "data:text/html,x", "http://["])
def test_links_that_could_run_something_are_left_out(tmp_path: Path, link: str) -> None:
    (row,) = of(tmp_path, rss(f"<item><title>T</title><link>{link}</link></item>"))
    assert row["url"] is None


def test_the_encoding_of_the_response_counts(server: HttpServer) -> None:
    raw = rss("<item><title>ZZ</title></item>").replace(b"ZZ", "Привет".encode("koi8-r"))
    server.answer("/feed", Reply(raw, headers={"Content-Type": "application/xml; charset=koi8-r"}))
    assert [row["title"] for row in rows(feeds(f"{server.url}/feed"))] == ["Привет"]


def test_only_the_connections_server_is_given_the_password(server: HttpServer) -> None:
    with HttpServer() as other:
        for one in (server, other):
            one.answer("/feed", Reply(rss("")))
        source = feeds(
            f"{server.url}/feed {other.url}/feed", connection=server.with_credentials("me", "s3cr3t")
        )
        read(source)
        assert server.asked[0].basic == ("me", "s3cr3t")
        assert other.asked[0].basic is None


def test_keys_in_an_address_are_in_no_name_record_or_error(
    server: HttpServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.answer("/feed", Reply(rss("<item><title>AT&T</title></item>")), Reply(status=404))
    source = feeds(f"{server.url}/feed?id=1&token=s3cr3t")
    assert server.asked == []
    (row,) = rows(source)
    assert server.asked[0].query == {"id": "1", "token": "s3cr3t"}
    assert row["feed_url"] == f"{server.url}/feed?id=1&token=…"
    shown = f"{row}{source.name}{refusal(source)}{caplog.text}"
    assert "s3cr3t" not in shown


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("", "No feed is named"),
        ("https://me:s3cr3t@host/feed", "A credential stands"),
        ("https://host/feed?key=s3cr3t https://host/feed?key=s3cr3t2", "differ in their keys alone"),
        ("/no/such/file", "cannot be read"),
        ("gopher://host/feed", "no address of http"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(url: str, why: str) -> None:
    with pytest.raises(SourceError) as refused:
        read(feeds(url))
    assert why in str(refused.value)
    assert "s3cr3t" not in str(refused.value)


def test_a_feed_in_a_file_is_bounded(tmp_path: Path) -> None:
    (tmp_path / "feed.xml").write_bytes(rss("x" * 1000))
    assert "more than 500 bytes" in refusal(feeds(str(tmp_path / "feed.xml"), max_bytes=500))


def test_names_of_feeds() -> None:
    assert named("https://h/f?a=1&api_key=x#b") == "https://h/f?a=1&api_key=…#b"
    assert named("https://h/f?a=1") == "https://h/f?a=1"
