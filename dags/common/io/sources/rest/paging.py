"""From one page of an API to the next.

A place is what leads to a page: its URL, cursor, number or offset, as text; empty is the first page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import httpx
import msgspec

from common.io.sources.documents import DECODER, why_no_json
from common.io.sources.http import Answer, url_of
from common.io.sources.http_answer import shown
from common.io.sources.rest.settings import RestSettings
from common.utils.errors import SourceError, did_you_mean

BOM = b"\xef\xbb\xbf"
MISSING = object()


@dataclass(frozen=True, slots=True)
class Page:
    """One answer, understood.

    Attributes:
        body: Of JSON.
        records: As they are, objects or not.
    """

    answer: Answer
    body: Any
    records: list[Any]


def place_url(settings: RestSettings, first: httpx.URL, place: str) -> httpx.URL:
    """Where a page is."""
    match settings.paging:
        case "link" | "next" if place:
            return httpx.URL(place)
        case "cursor" if place:
            return first.copy_set_param(settings.cursor_param, place)
        case "page":
            return first.copy_set_param(settings.page_param, place or settings.first_page)
        case "offset":
            return first.copy_set_param(settings.offset_param, place or 0)
    return first


def next_place(settings: RestSettings, page: Page, place: str) -> str:
    """What leads from a page to the next; empty where it was the last.

    Raises:
        SourceError: What the server says of it cannot be used.
    """
    match settings.paging:
        case "page" if page.records:
            return str(int(place or settings.first_page) + 1)
        case "offset" if page.records:
            return str(int(place or 0) + len(page.records))
        case "link":
            return _next_url(
                settings, page, page.answer.links.get("next", {}).get("url", ""), "the header Link"
            )
        case "next":
            found = at(page.body, settings.next_path)
            found = "" if found is MISSING or not found else found
            return _next_url(settings, page, found, f"the field {settings.next_path}")
        case "cursor":
            found = at(page.body, settings.cursor_path)
            if isinstance(found, dict | list):
                raise SourceError(
                    f"The field {settings.cursor_path} is no text that could lead to the next page.",
                    where=shown(page.answer.url),
                    next_step="Correct CURSOR_PATH of the source.",
                )
            return "" if found in (MISSING, None, "", False) else str(found)
    return ""


def page_of(settings: RestSettings, answer: Answer, where: str) -> Page:
    """What an answer holds.

    Args:
        settings: Saying where its records are.
        answer: To be understood.
        where: For messages.

    Raises:
        SourceError: It is no JSON, or has no records where they should be.
    """
    raw = answer.body.removeprefix(BOM)
    if not raw.strip():
        return Page(answer, None, [])
    try:
        body = DECODER.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        kind = answer.headers.get("content-type", "of no kind")
        raise SourceError(
            f"What came is {why_no_json(raw)} (it is called {kind[:80]}).",
            where=where,
            next_step="Correct the address, or ask the API's owner.",
        ) from None
    found = at(body, settings.records)
    if found is MISSING:
        known = did_you_mean(settings.records, body) if isinstance(body, dict) else "the body is a list."
        raise SourceError(
            f'There are no records at "{settings.records}" in what came; {known}',
            where=where,
            next_step="Correct RECORDS of the source: names with dots between, empty for the body itself.",
        )
    return Page(answer, body, found if isinstance(found, list) else [] if found is None else [found])


def at(value: Any, path: str) -> Any:
    """What lies at the end of a path such as ``data.-1.id``, or ``MISSING``."""
    if isinstance(value, dict) and path in value:
        return value[path]
    for step in path.split(".") if path else ():
        if isinstance(value, dict):
            value = value.get(step, MISSING)
        elif isinstance(value, list) and step.removeprefix("-").isdecimal():
            value = value[int(step)] if -len(value) <= int(step) < len(value) else MISSING
        else:
            return MISSING
    return value


def _next_url(settings: RestSettings, page: Page, text: Any, setting: str) -> str:
    """The URL of the next page, absolute, and without the key that each request is given anew."""
    if not text:
        return ""
    url = url_of(text, setting, page.answer.url).copy_with(userinfo=b"", fragment=None)
    if page.answer.url.scheme == "https" and url.scheme == "http":
        raise SourceError(
            f"The next page is not at https but at {shown(url)}, where anybody can listen.",
            where=shown(page.answer.url),
            next_step="Ask the API's owner to mend it, or choose another PAGING.",
        )
    if settings.auth == "api_key" and settings.key_in == "query":
        url = url.copy_remove_param(settings.key_name)
    return str(url)
