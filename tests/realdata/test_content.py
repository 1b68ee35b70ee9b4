"""The items of feedparser's corpus, counted by feedparser alone; the API is away meanwhile."""

from __future__ import annotations

import html
import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import feedparser
import pytest

from common.io.collections.protocol import Query
from common.utils.odcs import load_contract
from common.utils.settings import Settings
from common.utils.window import Window
from common.verbs import pipeline
from common.verbs.references import Run
from common.verbs.stores import opened
from common.verbs.subject import Subject
from realdata.feeds import ARCHIVE, files
from servers.http import HttpServer, Reply

SUBJECT, VARIABLES = Subject("content", "items", 1), "VITRINE_CONTENT_ITEMS_"
TAG = re.compile(r"(?s)<[^>]*(>|$)")
"""Good enough to tell text from none in this corpus; the transform does more."""


def entries_of(path: str, raw: bytes, url: str) -> list[dict[str, Any]]:
    """The entries by plain feedparser; those of JSON Feed, which it does not know, by plain JSON."""
    if path.endswith(".json"):
        found = json.loads(raw)["items"]
        return [one | {"summary": one.get("content_html"), "link": one.get("url")} for one in found]
    given = {"content-type": "application/xml", "content-location": url}
    return list(feedparser.parse(io.BytesIO(raw), response_headers=given).entries)


def told(entry: dict[str, Any], url: str) -> bool:
    """Whether an entry has text or an address of the web, by plain Python."""
    contents = [part.get("value") for part in dict.get(entry, "content", [])]
    written = [dict.get(entry, "title"), dict.get(entry, "summary"), *contents]
    texts = [html.unescape(TAG.sub("", html.unescape(text))) for text in written if text]
    link = dict.get(entry, "link")
    web = re.match(r"https?://[^/?#\s]", urljoin(url, link) if link else "")
    return bool(web) or any(text.strip() for text in texts)


def test_the_corpus_becomes_items_and_nothing_is_lost(
    realdata: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not (realdata / ARCHIVE).is_file():
        pytest.skip(f"the feeds are not among the real data ({ARCHIVE})")
    entries, urls = list[tuple[dict[str, Any], str]](), list[str]()
    with HttpServer() as server:
        for path, raw in files(realdata / ARCHIVE):
            url = f"{server.url}/{path}"
            kind = "application/json" if path.endswith(".json") else "application/xml"
            server.answer(f"/{path}", Reply(raw, headers={"Content-Type": kind}))
            entries += [(one, url) for one in entries_of(path, raw, url)]
            urls.append(url)
        down = f"{server.url}/none"
        server.answer("/list.txt", Reply("\n".join([*urls, down]).encode()))
        monkeypatch.setenv(f"{VARIABLES}FEEDS_URL", f"{server.url}/list.txt")
        monkeypatch.setenv(f"{VARIABLES}API_SOURCE", "rest")
        monkeypatch.setenv(f"{VARIABLES}API_URL", "http://127.0.0.1:9/away")
        monkeypatch.setenv(f"{VARIABLES}API_RETRIES", "0")
        settings = Settings(home=tmp_path)
        contract = load_contract(settings.contracts / "content" / "items.odcs.yaml")
        run = Run("corpus", Window(None, datetime(2027, 1, 1, tzinfo=UTC)))
        published = pipeline.run_all(SUBJECT, contract, settings, run)
    assert published
    with opened(contract, settings) as collection:
        live = collection.live()
        assert live
        rows = collection.read(live.number, Query(limit=1000)).rows.to_pylist()
    ledger = live.ledger
    untold = sum(not told(*one) for one in entries)
    assert (ledger["read"], ledger["rejected"]) == (len(entries), {"nothing_told": untold})
    assert ledger["written"] + ledger["deduplicated"] == len(entries) - untold
    assert sum(row["records"] for row in rows) == ledger["written"]
    origins = [(one["feed"], one["source_id"]) for row in rows for one in json.loads(row["origins"])]
    assert len(origins) == len(set(origins)) == ledger["written"]
