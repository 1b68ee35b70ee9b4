"""Feeds of any kind as records of one schema."""

from __future__ import annotations

import calendar
import hashlib
import io
import re
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import feedparser  # type: ignore[import-untyped]
import msgspec
import pyarrow as pa

from common.utils.arrow import schema_of

SCHEMA = schema_of(
    id=pa.string(),
    title=pa.string(),
    summary=pa.string(),
    content=pa.string(),
    url=pa.string(),
    author=pa.string(),
    categories=pa.string(),
    enclosures=pa.string(),
    language=pa.string(),
    published=pa.string(),
    published_raw=pa.string(),
    updated=pa.string(),
    updated_raw=pa.string(),
    dates_as_given=pa.bool_(),
    feed_url=pa.string(),
    feed_title=pa.string(),
    feed_link=pa.string(),
)
"""Of every entry. ``categories`` and ``enclosures`` are JSON lists. ``published`` and ``updated`` are UTC,
such as ``2026-01-31T08:00:00Z``, and null where that cannot be told from the feed's text, which ``…_raw``
keeps; then ``dates_as_given`` is true. ``feed_link`` is the site's page."""

Record = dict[str, Any]
TEXTS = frozenset(field.name for field in SCHEMA if field.type == pa.string())
NUMBERED = re.compile(rb"&#(\d+|[xX][0-9a-fA-F]+);?")
# An id stays as it is written: made absolute it would change with the feed's host.
feedparser.mixin._FeedParserMixin.can_be_relative_uri.discard("id")
SCHEMES = frozenset(["", "http", "https", "ftp", "mailto", "magnet"])  # none that runs a script
JSON_FEED = "https://jsonfeed.org/version/"


class NoFeed(Exception):
    """A text that is no feed at all."""


@dataclass(frozen=True, slots=True)
class Feed:
    """What could be read.

    Attributes:
        records: Of ``SCHEMA``, in the feed's order.
        fault: What is wrong with the feed; empty where nothing is.
    """

    records: list[Record]
    fault: str = ""


def feed_of(raw: bytes, place: tuple[str, str], headers: dict[str, str]) -> Feed:
    """The entries of a feed: RSS, Atom, RDF, CDF or JSON Feed.

    Args:
        raw: As received.
        place: The feed's name for the records, and the URL that its links are relative to.
        headers: Of the response: ``content-type``.

    Raises:
        NoFeed: It is none.
    """
    if not raw.strip():
        raise NoFeed("it is empty")
    if raw.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{":
        return _json_feed(raw.removeprefix(b"\xef\xbb\xbf"), place)
    try:
        found = _parsed(raw, place[1], headers)
    except NoFeed:  # what its parsers often fail of, on letters that Unicode does not have
        found = _parsed(NUMBERED.sub(_letter, raw), place[1], headers)
    if not (found.get("version") or found.entries or b"<channel" in raw.lower()):  # CDF has no version
        raise NoFeed("neither RSS, Atom, RDF nor JSON Feed")
    records = [_record(entry, found.feed, place) for entry in found.entries]
    return Feed(records, _fault(found) if found.get("bozo") else "")


def _parsed(raw: bytes, base: str, headers: dict[str, str]) -> Any:
    try:
        # A stream, as it takes text for the name of a file or a URL, and would read that.
        return feedparser.parse(io.BytesIO(raw), response_headers=headers | {"content-location": base})
    except Exception as error:  # noqa: BLE001 # its parsers raise whatever the text provokes
        raise NoFeed(f"its parser failed ({type(error).__name__})") from None


def _letter(reference: re.Match[bytes]) -> bytes:
    """A numbered letter, or the one that stands for what is none."""
    text = reference[1].lower()
    digits, base = (text[1:], 16) if text.startswith(b"x") else (text, 10)
    number = int(digits[:9], base)
    return reference[0] if number < 0x110000 and not 0xD800 <= number < 0xE000 else b"&#xFFFD;"


def _fault(found: Any) -> str:
    error = found.get("bozo_exception")
    return f"{type(error).__name__}: {error}"[:300].replace("\n", " ")


def _record(entry: Any, feed: Any, place: tuple[str, str]) -> Record:
    """An entry of feedparser's. ``dict.get``, as its own ``get`` gives one field for another."""
    given = dict(dict.items(entry))
    contents = [part.get("value") for part in given.get("content", []) if part.get("value")]
    detail = given.get("title_detail") or given.get("summary_detail") or {}
    return _complete(
        {
            "id": given.get("id"),
            "title": given.get("title"),
            "summary": given.get("summary"),
            "content": contents[0] if contents else None,
            "url": given.get("link"),
            "author": given.get("author") or dict.get(feed, "author"),
            "categories": _json(tag.get("term") or tag.get("label") for tag in given.get("tags", [])),
            "enclosures": _json(dict(link) for link in entry.get("enclosures", [])),
            "language": given.get("language") or detail.get("language") or dict.get(feed, "language"),
            **_dates(given),
            "feed_title": dict.get(feed, "title"),
            "feed_link": dict.get(feed, "link"),
        },
        place,
    )


def _dates(given: Record) -> Record:
    found: Record = {}
    for name, others in (("published", ("created",)), ("updated", ())):
        source = next((one for one in (name, *others) if given.get(one)), name)
        found[f"{name}_raw"] = given.get(source)
        found[name] = _utc(given.get(f"{source}_parsed"))
    found["dates_as_given"] = any(
        found[f"{name}_raw"] and not found[name] for name in ("published", "updated")
    )
    return found


def _utc(moment: time.struct_time | None) -> str | None:
    if moment is None:
        return None
    try:
        return f"{datetime.fromtimestamp(calendar.timegm(moment), UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (ValueError, OverflowError, OSError):
        return None


def _json_feed(raw: bytes, place: tuple[str, str]) -> Feed:
    """JSON Feed 1.0 and 1.1 (jsonfeed.org), which feedparser does not know."""
    try:
        feed = msgspec.json.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise NoFeed("it begins like JSON and is none that can be read") from None
    entries = feed.get("items")
    if not isinstance(entries, list):
        raise NoFeed('it is JSON without a list of "items"')
    version = feed.get("version")
    faults = [] if str(version).startswith(JSON_FEED) else ["its version is not that of JSON Feed"]
    good = [entry for entry in entries if isinstance(entry, dict)]
    if len(good) < len(entries):
        faults.append(f"{len(entries) - len(good)} items are no objects")
    return Feed([_json_record(entry, feed, place) for entry in good], "; ".join(faults))


def _json_record(entry: Record, feed: Record, place: tuple[str, str]) -> Record:
    dates = {"published": entry.get("date_published"), "updated": entry.get("date_modified")}
    given = {name: value for name, value in dates.items() if value}
    given |= {f"{name}_parsed": _rfc3339(str(value)) for name, value in dates.items()}
    authors = next((found for source in (entry, feed) if (found := _authors(source))), [])
    return _complete(
        {
            "id": entry.get("id"),
            "title": entry.get("title"),
            "summary": entry.get("summary"),
            "content": entry.get("content_html") or entry.get("content_text"),
            "url": entry.get("url") or entry.get("external_url"),
            "author": ", ".join(authors) or None,
            "categories": _json(entry.get("tags") or []),
            "enclosures": _json(entry.get("attachments") or []),
            "language": entry.get("language") or feed.get("language"),
            **_dates(given),
            "feed_title": feed.get("title"),
            "feed_link": feed.get("home_page_url"),
        },
        place,
    )


def _authors(source: Record) -> list[str]:
    """Of version 1.1, else of 1.0."""
    authors = source.get("authors") or [source.get("author")]
    return [str(one["name"]) for one in authors if isinstance(one, dict) and one.get("name")]


def _rfc3339(text: str) -> time.struct_time | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.utctimetuple() if moment.tzinfo else None


def _complete(record: Record, place: tuple[str, str]) -> Record:
    """Texts as UTF-8 can hold them, and an id for an entry without one: its URL, else its digest."""
    record["feed_url"], base = place
    for name in ("url", "feed_link"):
        record[name] = _link(base, record[name])
    for name in TEXTS & record.keys():
        value = record[name]
        if value is not None:
            record[name] = str(value).encode("utf-8", "replace").decode()
    if not record["id"]:
        told = [record[name] for name in ("title", "summary", "content", "published_raw", "enclosures")]
        record["id"] = record["url"] or f"sha256:{hashlib.sha256(repr(told).encode()).hexdigest()}"
    return record


def _link(base: str, link: Any) -> str | None:
    """A link made absolute, where feedparser has not done so."""
    try:
        joined = urljoin(base, str(link)) if link else ""
        return joined if urlsplit(joined).scheme in SCHEMES else None
    except ValueError:
        return None


def _json(values: Iterable[Any]) -> str | None:
    """A JSON list; ``None`` for an empty one."""
    found = [value for value in values if value]
    return msgspec.json.encode(found).decode(errors="replace") if found else None
