"""Feeds: RSS, Atom, RDF and JSON Feed, one item a feed, asked for only where they changed.

An item whose feed is away raises when it is read; the other items can still be read.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote, urljoin, urlsplit

import httpx
import pyarrow as pa

from common.io.sources import Adapter, Item, Part, Scope, rejected, with_origin
from common.io.sources.feeds.entries import SCHEMA, NoFeed, Record, feed_of
from common.io.sources.feeds.lists import LISTS, NoList, urls_of
from common.io.sources.http import Answer, Home, HttpClient, HttpSettings, url_of
from common.io.sources.http_answer import shown
from common.io.sources.http_auth import split_url
from common.io.sources.settings import Names, fingerprint
from common.utils.errors import SourceError
from common.utils.settings import REPOSITORY

log = logging.getLogger(__name__)

BATCH = 2_000  # entries of one part
ACCEPT = "application/atom+xml, application/rss+xml, application/rdf+xml, application/feed+json, */*;q=0.8"
SECRET = re.compile(r"(?i)(?<=[?&])([^=&#]*(?:key|token|secret|pass|auth|sig)[^=&#]*=)[^&#]*")


class FeedSettings(HttpSettings):
    """Which feeds are read.

    ``connection`` is for feeds behind a login: only its server gets login and password (HTTP Basic).

    Attributes:
        url: The feeds' URLs with blanks between. What ends with ``.opml`` or ``.txt`` is a list of feeds;
            it may be a path. Empty: the feed that ``connection`` is.
        key: Feed and ``id`` unless told otherwise.
    """

    url: str = ""
    key: Names = ("feed_url", "id")


class Feeds:
    """The feeds that the environment configures for one subject.

    Args:
        settings: Which they are.
        prefix: Of the environment variables, for messages: ``VITRINE_CONTENT_NEWS_``.

    Raises:
        SourceError: No feed is named, or a credential is.
    """

    dialect = ""
    incremental = True

    def __init__(self, settings: FeedSettings, prefix: str) -> None:
        self._settings, self._prefix = settings, prefix
        text = settings.url.strip() or split_url(settings.connection)[0]
        self._given = [text] if "://" not in text and text else text.split()  # a path may have blanks
        where, step = f"{prefix}URL", "Set it to the URL of a feed."
        if not self._given:
            raise SourceError("No feed is named.", where=where, next_step=step)
        if any("@" in urlsplit(one).netloc for one in self._given):
            step = f"Put login and password into {prefix}CONNECTION, such as https://login:password@host."
            raise SourceError("A credential stands in a feed's address.", where=where, next_step=step)

    @property
    def name(self) -> str:
        """For people: the first feed, and how many others there are."""
        others = len(self._given) - 1
        return f"the feeds of {named(self._given[0])}" + (f" and {others} others" if others else "")

    @property
    def fingerprint(self) -> str:
        """Of what was configured; feeds come and go in a list of them."""
        return fingerprint("feeds", self._given, self._settings.mapping)

    def items(self) -> list[Item]:
        """The feeds, nothing is asked of them yet; lists are read."""
        return [Item(name, schema=SCHEMA) for name in sorted(self._urls)]

    def read(self, item: Item, scope: Scope) -> Iterator[Part]:
        """The entries of one feed; one empty part with the same bookmark where it did not change.

        Raises:
            SourceError: It is away, refuses, or is no feed.
        """
        url = self._urls.get(item.name)
        if url is None:
            raise SourceError(
                f"The feed {item.name} is not configured any more.",
                where=f"{self._prefix}URL",
                next_step="Run again: what there is now is looked up anew.",
            )
        answer = self._answer(url, scope)
        bookmark = _bookmark(answer) if answer.status != httpx.codes.NOT_MODIFIED else dict(scope.bookmark)
        records = self._records(answer, item) if answer.status != httpx.codes.NOT_MODIFIED else []
        for start in range(0, max(len(records), 1), BATCH):
            batch = pa.RecordBatch.from_pylist(records[start : start + BATCH], SCHEMA)
            places = range(start + 1, start + 1 + batch.num_rows)
            size = 0 if start else len(answer.body)
            retries = 0 if start else answer.retries
            yield Part(with_origin(batch, item, places), rejected(item, []), size, "", bookmark, retries)

    def _records(self, answer: Answer, item: Item) -> list[Record]:
        kept = ("content-type", "content-language")
        headers = {name: answer.headers[name] for name in kept if name in answer.headers}
        headers.setdefault("content-type", "application/xml")  # of a file, or not said
        base = urljoin(shown(answer.url), answer.headers.get("content-location", ""))
        try:
            feed = feed_of(answer.body, (item.name, base), headers)
        except NoFeed as error:
            raise SourceError(
                f"{item.name} is no feed: {error}.",
                where=item.name,
                next_step=f"Correct the address in {self._prefix}URL or in the list that it is from.",
            ) from None
        if feed.fault:
            log.warning("%s is malformed; %d entries were read. %s", item.name, len(feed.records), feed.fault)
        return feed.records

    @cached_property
    def _urls(self) -> dict[str, str]:
        """The feeds' URLs by the items' names."""
        urls = [(url, _beside(given, url)) for given in self._given for url in self._listed(given)]
        by_name: dict[str, str] = {}
        for name, url in urls:
            if by_name.setdefault(named(name), url) != url:
                raise SourceError(
                    f"Two feeds differ in their keys alone: {named(name)}.",
                    where=f"{self._prefix}URL",
                    next_step="Make two subjects of them.",
                )
        return by_name

    def _listed(self, given: str) -> Sequence[str]:
        if not urlsplit(given).path.lower().endswith(LISTS):
            return [given]
        try:
            urls = urls_of(self._answer(given, None).body)
            if _is_local(given) or not any(map(_is_local, urls)):
                return urls
            why = "it names files of this machine, which a list from elsewhere must not"
        except NoList as error:
            why = str(error)
        raise SourceError(
            f"{named(given)} cannot be used as a list of feeds: {why}.",
            where=f"{self._prefix}URL",
            next_step="Give it OPML, or one URL a line.",
        )

    def _answer(self, url: str, scope: Scope | None) -> Answer:
        """What is at a URL or in a file; 304 where the bookmark is still true."""
        if _is_local(url):
            return self._file(url)
        base, login, password = split_url(self._settings.connection)
        own = url_of(base, f"{self._prefix}CONNECTION") if base else httpx.URL()
        auth = httpx.BasicAuth(login, password) if login or password else None
        bookmark = scope.bookmark if scope else {}
        asked = {"If-None-Match": bookmark.get("etag"), "If-Modified-Since": bookmark.get("modified")}
        headers = {"Accept": ACCEPT} | {name: value for name, value in asked.items() if value}
        with HttpClient(self._settings, self._prefix, Home(own, auth, secrets=(password,))) as client:
            return client.get(url_of(url, f"{self._prefix}URL"), headers)

    def _file(self, url: str) -> Answer:
        path = REPOSITORY / Path(unquote(urlsplit(url).path) if url.startswith("file:") else url).expanduser()
        try:
            if path.stat().st_size <= self._settings.max_bytes:
                return Answer(200, httpx.Headers(), path.read_bytes(), httpx.URL())
            why = f"it has more than {self._settings.max_bytes:,} bytes"
        except OSError as error:
            why = str(error.strerror)
        raise SourceError(
            f"{path.name} cannot be read: {why}.", where=str(path), next_step=f"Correct {self._prefix}URL."
        )


def named(url: str) -> str:
    """A URL as an item's name: without credentials, keys in its query replaced by ``…``."""
    return SECRET.sub(r"\1…", url) if "@" not in urlsplit(url).netloc else SECRET.sub(r"\1…", shown(url))


def _beside(given: str, url: str) -> str:
    """What a list names; a relative path in a list that is a file begins at the list's folder."""
    relative = not (urlsplit(url).scheme or url.startswith(("/", "~")) or url == given)
    return given[: given.rfind("/") + 1] + url if relative and _is_local(given) else url


def _is_local(url: str) -> bool:
    return urlsplit(url).scheme in ("", "file")


def _bookmark(answer: Answer) -> dict[str, str]:
    found = {"etag": answer.headers.get("etag"), "modified": answer.headers.get("last-modified")}
    return {name: value for name, value in found.items() if value}


ADAPTER = Adapter(FeedSettings, Feeds)
