"""From page to page, by what an answer says of the next one."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from common.io.sources.http import Answer
from common.io.sources.rest.paging import BOM, MISSING, Page, at, next_place, page_of, place_url
from common.io.sources.rest.settings import RestSettings
from common.utils.errors import SourceError

URL = httpx.URL("https://host/api/x?page=9&n=2")


def answer(body: bytes = b"[]", link: str = "") -> Answer:
    links = {"next": {"url": link}} if link else {}
    return Answer(200, httpx.Headers({"content-type": "text/html"}), body, URL, links)


def page(body: Any = None, records: list[Any] | None = None, link: str = "") -> Page:
    return Page(answer(link=link), body, records or [])


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("", {"a": [{"id": 1}, {"id": 2}], "a.b": 7, "n": None}),
        ("a.0.id", 1),
        ("a.-1.id", 2),
        ("a.2", MISSING),
        ("a.-3", MISSING),
        ("a.x", MISSING),
        ("a.b", 7),  # a name with a dot in it comes first
        ("n", None),
        ("n.x", MISSING),
        ("none", MISSING),
    ],
)
def test_a_path_leads_into_objects_and_lists(path: str, found: Any) -> None:
    assert at({"a": [{"id": 1}, {"id": 2}], "a.b": 7, "n": None}, path) == found


@pytest.mark.parametrize(
    ("settings", "place", "url"),
    [
        ({"paging": "none"}, "", str(URL)),
        ({"paging": "link"}, "", str(URL)),
        ({"paging": "link"}, "https://host/y", "https://host/y"),
        ({"paging": "next"}, "https://host/y", "https://host/y"),
        ({"paging": "cursor"}, "", str(URL)),
        ({"paging": "cursor", "cursor_param": "c"}, "a&b=", f"{URL}&c=a%26b%3D"),
        ({"paging": "page"}, "", "https://host/api/x?page=1&n=2"),
        ({"paging": "page", "first_page": 0}, "", "https://host/api/x?page=0&n=2"),
        ({"paging": "page"}, "3", "https://host/api/x?page=3&n=2"),
        ({"paging": "offset", "offset_param": "n"}, "", "https://host/api/x?page=9&n=0"),
        ({"paging": "offset", "offset_param": "n"}, "40", "https://host/api/x?page=9&n=40"),
    ],
)
def test_a_place_leads_to_its_page(settings: dict[str, Any], place: str, url: str) -> None:
    assert place_url(RestSettings(**settings), URL, place) == httpx.URL(url)


@pytest.mark.parametrize(
    ("settings", "current", "place", "following"),
    [
        ({"paging": "none"}, page(records=[1]), "", ""),
        ({"paging": "page"}, page(records=[1]), "", "2"),
        ({"paging": "page", "first_page": 0}, page(records=[1]), "", "1"),
        ({"paging": "page"}, page(records=[1]), "9", "10"),
        ({"paging": "page"}, page(), "9", ""),
        ({"paging": "offset"}, page(records=[1, 2]), "", "2"),
        ({"paging": "offset"}, page(records=[1]), "2", "3"),
        ({"paging": "offset"}, page(), "3", ""),
        ({"paging": "link"}, page(records=[1]), "", ""),
        ({"paging": "link"}, page(link="../y?a=1#here"), "", "https://host/y?a=1"),
        ({"paging": "next"}, page({"next": "https://me:s3cr3t@other/y"}), "", "https://other/y"),
        ({"paging": "next", "next_path": "links.next"}, page({"links": {"next": "?p=2"}}), "", "/api/x?p=2"),
        ({"paging": "next"}, page({"next": None}), "", ""),
        ({"paging": "next"}, page({"next": False}), "", ""),
        ({"paging": "next"}, page([]), "", ""),
        ({"paging": "cursor"}, page({"next_cursor": 17}), "", "17"),
        ({"paging": "cursor"}, page({"next_cursor": 0}), "", ""),
        ({"paging": "cursor"}, page({"next_cursor": ""}), "a", ""),
        ({"paging": "cursor", "cursor_path": "data.-1.id"}, page({"data": [{"id": 1}, {"id": 2}]}), "", "2"),
        ({"paging": "cursor", "cursor_path": "data.-1.id"}, page({"data": []}), "2", ""),
    ],
)
def test_a_page_leads_to_the_next_or_was_the_last(
    settings: dict[str, Any], current: Page, place: str, following: str
) -> None:
    absolute = f"https://host{following}" if following.startswith("/") else following
    assert next_place(RestSettings(**settings), current, place) == absolute


def test_the_key_is_not_kept_in_the_place_of_the_next_page() -> None:
    settings = RestSettings(paging="link", auth="api_key", key_in="query", key_name="key")
    assert next_place(settings, page(link="/y?key=s3cr3t&p=2"), "") == "https://host/y?p=2"


@pytest.mark.parametrize(
    ("settings", "current", "said"),
    [
        ({"paging": "link"}, page(link="http://host/y?key=s3cr3t"), "not at https but at http://host/y,"),
        ({"paging": "link"}, page(link="ftp://host/y"), "no address of http"),
        ({"paging": "next"}, page({"next": {"href": "/y"}}), "no address of http"),
        ({"paging": "cursor"}, page({"next_cursor": {"a": 1}}), "no text that could lead"),
    ],
)
def test_a_next_page_that_cannot_be_asked_for_is_refused(
    settings: dict[str, Any], current: Page, said: str
) -> None:
    with pytest.raises(SourceError) as refused:
        next_place(RestSettings(**settings), current, "")
    assert said in str(refused.value)
    assert "s3cr3t" not in str(refused.value)


@pytest.mark.parametrize(
    ("body", "path", "records"),
    [
        (b'[{"id":1},2]', "", [{"id": 1}, 2]),
        (BOM + b'{"id":1}', "", [{"id": 1}]),
        (b'{"data":{"rows":[1]}}', "data.rows", [1]),
        (b'{"data":null}', "data", []),
        (b" \n", "data", []),
    ],
)
def test_records_are_where_the_settings_say(body: bytes, path: str, records: list[Any]) -> None:
    assert page_of(RestSettings(records=path), answer(body), "host").records == records


@pytest.mark.parametrize(
    ("body", "path", "said"),
    [
        (b"<html>", "", "(it is called text/html)"),
        (b'{"a":', "", "it is called"),
        (b'{"items":[]}', "itms", "did you mean 'items'"),
        (b"[]", "items", "the body is a list"),
    ],
)
def test_a_body_without_records_is_refused(body: bytes, path: str, said: str) -> None:
    with pytest.raises(SourceError) as refused:
        page_of(RestSettings(records=path), answer(body), "host")
    assert said in str(refused.value)
    assert refused.value.where == "host"
