"""A REST API that answers JSON: one endpoint, page by page."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec

from common.io.sources import RESERVED, Adapter, Item, Part, Scope, rejected, with_origin
from common.io.sources.cursors import as_text, highest, parsed
from common.io.sources.documents import ENCODER, Document, named_twice, table_of
from common.io.sources.http import HttpClient
from common.io.sources.http_answer import shown
from common.io.sources.rest.paging import MISSING, Page, at, next_place, page_of, place_url
from common.io.sources.rest.settings import RestSettings, demand_sense, first_url, home_of
from common.io.sources.settings import fingerprint
from common.utils.errors import SourceError, did_you_mean

Rejected = tuple[int, str, str | None, str, str]


class Mark(msgspec.Struct, frozen=True):
    """How far an endpoint was read.

    Attributes:
        place: That leads to the next page.
        page: The number of the last page.
        position: Of its last record.
        digest: Of its records.
        cursor: The highest that the server gave.
        done: Whether there is no next page.
    """

    place: str = ""
    page: int = 0
    position: int = 0
    digest: str = ""
    cursor: str = ""
    done: bool = False


class RestApi:
    """The endpoint that the environment configures for one subject.

    Args:
        settings: Where it is and how it is read.
        prefix: Of the environment variables, for messages: ``VITRINE_SALES_PRODUCT_REVENUE_``.

    Raises:
        SourceError: The settings do not go together.
    """

    dialect = ""

    def __init__(self, settings: RestSettings, prefix: str) -> None:
        demand_sense(settings, prefix)
        self._settings, self._prefix = settings, prefix

    @property
    def name(self) -> str:
        """For people: where it is."""
        return f"the API at {shown(self._settings.address)}"

    @property
    def fingerprint(self) -> str:
        """Of the address, what is asked, where the records are and what they are."""
        said = self._settings
        asked = (said.address, *sorted(said.params.items()), said.records, said.nested)
        return fingerprint("rest", asked, said.cursor, said.mapping)

    @property
    def incremental(self) -> bool:
        """Whether there is a cursor."""
        return bool(self._settings.cursor)

    def items(self) -> list[Item]:
        """The endpoint; nothing is asked of it yet."""
        return [Item(shown(self._settings.address))]

    def read(self, item: Item, scope: Scope) -> Iterator[Part]:
        """The pages, each a part.

        Raises:
            SourceError: The server is away, refuses, answers no JSON or pages without end, or the bookmark
                does not fit what it has.
        """
        mark = msgspec.json.decode(scope.after, type=Mark) if scope.after else Mark()
        first, seen = first_url(self._settings, scope, self._prefix), {mark.place}
        with HttpClient(self._settings, self._prefix, home_of(self._settings, self._prefix)) as client:
            while not mark.done:
                page = self._page(client, first, mark)
                part, mark = self._part(item, scope, page, mark)
                if not mark.done and (mark.place in seen or mark.page >= self._settings.max_pages):
                    raise self._endless(mark, f"after {mark.page} pages it leads on, to one that was read")
                seen.add(mark.place)
                yield part

    def _page(self, client: HttpClient, first: httpx.URL, mark: Mark) -> Page:
        url = place_url(self._settings, first, mark.place)
        answer = client.get(url, {"Accept": "application/json"})
        return page_of(self._settings, answer, f"page {mark.page + 1} of {shown(url)}")

    def _part(self, item: Item, scope: Scope, page: Page, mark: Mark) -> tuple[Part, Mark]:
        digest = hashlib.sha256(ENCODER.encode(page.records)).hexdigest()
        if page.records and digest == mark.digest:
            raise self._endless(mark, f"page {mark.page + 1} has the very records of page {mark.page}")
        good, places, bad = _parted(page.records, mark.position)
        place = next_place(self._settings, page, mark.place)
        known = scope.bookmark.get("cursor", "")
        mark = Mark(
            place=place,
            page=mark.page + 1,
            position=mark.position + len(page.records),
            digest=digest,
            cursor=self._highest(good, mark.cursor, known) if self.incremental else "",
            done=not place,
        )
        if mark.done and self.incremental:
            self._demand_progress(mark, known)
        cursor = highest(mark.cursor, known)
        part = Part(
            with_origin(table_of(good, self._settings.nested), item, places),
            rejected(item, bad),
            size=len(page.answer.body),
            mark=msgspec.json.encode(mark).decode(),
            bookmark={"cursor": cursor} if cursor else {},
            retries=page.answer.retries,
        )
        return part, mark

    def _highest(self, documents: list[Document], so_far: str, known: str) -> str:
        """The highest cursor value of some documents and those before them."""
        name = self._settings.cursor
        values = [at(document, name) for document in documents]
        if values and all(value is MISSING for value in values):
            raise SourceError(
                f'No record of the page has the field "{name}"; {did_you_mean(name, documents[0])}',
                where=f"{self._prefix}CURSOR",
                next_step="Correct it, or leave it empty to read everything in each run.",
            )
        for value in values:
            if value is MISSING or value is None:
                continue
            text = as_text(value)
            if isinstance(value, bool) or not isinstance(value, int | str):
                raise self._no_cursor(f'"{name}" is neither a whole number nor a text in a record')
            if any(type(parsed(text)) is not type(parsed(other)) for other in (so_far, known) if other):
                raise self._no_cursor(
                    f'"{name}" is {text[:60]} in a record, and was {(so_far or known)[:60]}'
                )
            so_far = highest(so_far, text)
        return so_far

    def _no_cursor(self, why: str) -> SourceError:
        return SourceError(
            f"The cursor cannot be followed: {why}.",
            where=f"{self._prefix}CURSOR",
            next_step="Choose a field of one kind that grows, and run with full_refresh.",
        )

    def _demand_progress(self, mark: Mark, known: str) -> None:
        """The server's highest value may not be below the bookmark, where it would give that."""
        used = self._settings.placeholders
        if not known or used & {"window_start", "window_end"} or ("since" in used and not mark.cursor):
            return
        if not mark.cursor or highest(mark.cursor, known) != mark.cursor:
            raise SourceError(
                f"The API was read up to {known} and now has nothing above {mark.cursor or 'nothing'}: "
                "it is another source, or went back to an older state.",
                where=f"{self._prefix}CONNECTION or {self._prefix}URL",
                next_step="Run with full_refresh to read it from its start.",
            )

    def _endless(self, mark: Mark, why: str) -> SourceError:
        return SourceError(
            f"The pages of {shown(self._settings.address)} do not end: {why}.",
            where=f"page {mark.page} of {shown(self._settings.address)}",
            next_step=f"Correct {self._prefix}PAGING and its settings; {self._prefix}MAX_PAGES is "
            f"{self._settings.max_pages}.",
        )


def _parted(records: list[Any], before: int) -> tuple[list[Document], list[int], list[Rejected]]:
    """The records that can be used, their positions, and the others."""
    good: list[Document] = []
    places: list[int] = []
    bad: list[Rejected] = []
    for position, record in enumerate(records, before + 1):
        verdict = _verdict(record)
        if verdict is None:
            good.append(record)
            places.append(position)
        else:
            bad.append((position, *verdict, ENCODER.encode(record).decode()))
    return good, places, bad


def _verdict(record: Any) -> tuple[str, str | None, str] | None:
    """Rule, field and reason of a record that cannot be used."""
    if not isinstance(record, dict):
        return "object", None, "no JSON object"
    if twice := named_twice(record):
        return "name", twice, f'"{twice}" is there twice (upper and lower case are one)'
    if reserved := next((name for name in record if name.lower() in RESERVED), None):
        return "name", reserved, f'"{reserved}" is one of Vitrine\'s own names'
    return None


ADAPTER = Adapter(RestSettings, RestApi)
