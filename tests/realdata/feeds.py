"""feedparser's own corpus through the feeds adapter: which of its expectations hold for mapped fields.

``python tests/realdata/feeds.py`` writes docs/feeds.md.
"""

from __future__ import annotations

import io
import logging
import re
import sys
import tarfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import feedparser

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / "dags"), str(REPOSITORY / "tests")]

from common.io.sources import Scope  # noqa: E402
from common.io.sources.feeds import Feeds, FeedSettings  # noqa: E402
from common.utils.errors import SourceError  # noqa: E402
from common.utils.window import Window  # noqa: E402
from servers.http import HttpServer, Reply  # noqa: E402

ARCHIVE = Path("feeds/feedparser_tests_open.tar.gz")
EXPECT = re.compile(r"Expect:\s*(.*?)\s*(?:-->|[\r\n]|\",\s*$|$)", re.MULTILINE)
HEADER = re.compile(r"^Header:\s*([\w-]+):\s*(.*?)\s*$", re.MULTILINE)
ENCODINGS = (
    "utf-8",
    "utf-16",
    "utf-16-be",
    "utf-16-le",
    "utf-32",
    "utf-32-be",
    "utf-32-le",
    "cp037",
    "latin-1",
)
THEIRS = "http://127.0.0.1:8097/"
EVERYTHING = Scope(Window(None, datetime(2100, 1, 1, tzinfo=UTC)))

MEANT = {"wellformed/base/http_entry_id_base_content_location.xml": "meant: an id stays as written"}

ENTRY = {
    "title": "title",
    "summary": "summary",
    "description": "summary",
    "link": "url",
    "id": "id",
    "guid": "id",
    "author": "author",
    "language": "language",
    "published": "published_raw",
    "updated": "updated_raw",
}
FEED = {"title": "feed_title", "link": "feed_link"}


class NotMapped(Exception):
    """The expectation is of something that the records do not hold."""


class _Named(dict[str, Any]):
    """Fields by feedparser's names, as keys and as attributes."""

    def __missing__(self, name: str) -> Any:
        raise NotMapped(name)

    __getattr__ = dict.__getitem__

    def __getattribute__(self, name: str) -> Any:
        if name in ("get", "has_key", "keys"):
            raise NotMapped(name)
        return super().__getattribute__(name)


class _Names(_Named):
    """What an expectation may name at its top."""

    def __missing__(self, name: str) -> Any:
        if name in ("len", "locals"):
            raise KeyError(name)
        raise NotMapped(name)


@dataclass(frozen=True)
class Outcome:
    """What came of one file: ``holds``, ``differs``, ``refused`` or ``not mapped``, and why."""

    path: str
    verdict: str
    why: str
    seconds: float


def files(archive: Path) -> Iterator[tuple[str, bytes]]:
    """The corpus's files."""
    with tarfile.open(archive) as tar:
        for member in sorted(tar.getmembers(), key=lambda one: one.name):
            if member.isfile():
                yield member.name.removeprefix("./"), tar.extractfile(member).read()  # type: ignore[union-attr]


def outcomes(archive: Path) -> list[Outcome]:
    """Each file, served and read over HTTP, against its expectation."""
    with HttpServer() as server:
        return [_outcome(server, path, raw) for path, raw in files(archive)]


def _outcome(server: HttpServer, path: str, raw: bytes) -> Outcome:
    text = next(text for text in _decoded(raw) if "Expect:" in text)
    expected = EXPECT.search(text)[1]  # type: ignore[index]
    headers = dict(HEADER.findall(text)) if "\x00" not in text else {}
    headers = {name: value for name, value in headers.items() if value.isprintable() and value.isascii()}
    kind = {"Content-Type": "application/json" if path.endswith(".json") else "application/xml"}
    named = {name.lower() for name in headers}
    server.answer(f"/{path}", Reply(raw, headers=headers if "content-type" in named else kind | headers))
    faults = _Faults()
    logger = logging.getLogger("common.io.sources.feeds")
    logger.addHandler(faults)
    logger.setLevel(logging.WARNING)
    started = time.perf_counter()
    try:
        source = Feeds(FeedSettings(url=f"{server.url}/{path}"), "VITRINE_A_B_")
        (item,) = source.items()
        records = [row for part in source.read(item, EVERYTHING) for row in part.records.to_pylist()]
    except SourceError as error:
        return Outcome(path, "refused", error.what.partition(": ")[2], time.perf_counter() - started)
    finally:
        logger.removeHandler(faults)
    seconds = time.perf_counter() - started
    expected = expected.replace(THEIRS, f"{server.url}/")
    verdict, why = _verdict(expected, records, bool(faults.seen))
    if verdict == "differs" and path in MEANT:
        why = MEANT[path]
    elif verdict == "differs" and not _holds_for_itself(expected, raw, kind):
        why = f"feedparser {feedparser.__version__} itself gives another value"
    return Outcome(path, verdict, why, seconds)


def _holds_for_itself(expected: str, raw: bytes, headers: dict[str, str]) -> bool:
    try:
        found = feedparser.parse(io.BytesIO(raw), response_headers=headers)
        return bool(eval(expected, {"feedparser": feedparser}, found))
    except (LookupError, AttributeError):
        return False


def _verdict(expected: str, records: list[dict[str, Any]], bozo: bool) -> tuple[str, str]:
    names = _Names(bozo=bozo, entries=[_entry(row) for row in records], feed=_Named())
    if records:
        names["feed"] = _Named({name: records[0][ours] or "" for name, ours in FEED.items()})
    try:
        held = eval(expected, {"__builtins__": {"len": len, "locals": dict}}, names)
    except NotMapped as error:
        if not records and re.search(r"\bfeed\W+(title|link)\b", expected):
            return "not mapped", "a feed without entries"
        return "not mapped", str(error)
    except (LookupError, TypeError, NameError, SyntaxError) as error:
        return "differs", f"{type(error).__name__}: {error}"
    return ("holds", "") if held else ("differs", "another value")


def _entry(row: dict[str, Any]) -> _Named:
    made = _Named({name: row[ours] for name, ours in ENTRY.items() if row[ours] is not None})
    made |= {name: "" for name in ("title", "summary", "description") if name not in made}
    made["content"] = [_Named(value=row["content"] or "")]
    for name in ("published", "updated"):
        if row[name]:
            made[f"{name}_parsed"] = datetime.fromisoformat(row[name]).utctimetuple()
    return made


def _decoded(raw: bytes) -> Iterator[str]:
    for encoding in ENCODINGS:
        try:
            yield raw.decode(encoding)
        except UnicodeDecodeError:
            continue


class _Faults(logging.Handler):
    """The warnings of one feed."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.seen: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.seen.append(record.getMessage())


def page(found: list[Outcome]) -> str:
    """docs/feeds.md."""
    counted = Counter(one.verdict for one in found)
    others = Counter(one.why for one in found if one.verdict == "not mapped")
    rare = [why for why, count in others.items() if count < 3]
    mapped = counted["holds"] + counted["differs"] + counted["refused"]
    lines = [
        "# Feeds: feedparser's corpus through the adapter",
        "",
        "Written by `python tests/realdata/feeds.py`. Each file is served over HTTP, read by the adapter,",
        "and its `Expect:` is asked of the records. Where that is of what the records do not hold, it",
        "counts as not mapped: the adapter keeps a fixed set of fields.",
        "",
        "| outcome | files |",
        "|---|---:|",
        f"| all | {len(found)} |",
        f"| of fields that are mapped | {mapped} |",
        f"| … hold | {counted['holds']} ({counted['holds'] / mapped:.1%}) |",
        f"| … differ | {counted['differs']} |",
        f"| … refused as no feed | {counted['refused']} |",
        f"| of other fields | {counted['not mapped']} |",
        "",
        "## What does not hold",
        "",
        "| file | why |",
        "|---|---|",
        *(f"| {one.path} | {one.why} |" for one in found if one.verdict in ("differs", "refused")),
        "",
        "## What is not mapped",
        "",
        "| asked of | files |",
        "|---|---:|",
        *(f"| {why} | {count} |" for why, count in others.most_common() if count >= 3),
        f"| {len(rare)} more, each once or twice | {sum(others[why] for why in rare)} |",
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    logging.basicConfig(level=logging.CRITICAL)
    logging.getLogger("common.io.sources.feeds").propagate = False
    (REPOSITORY / "docs" / "feeds.md").write_text(
        page(outcomes(REPOSITORY.parent / "shared" / "realdata" / ARCHIVE)), encoding="utf-8"
    )
