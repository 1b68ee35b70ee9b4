"""A REST API read from a real server: paging, what the pages hold, bookmarks, and what is refused."""

import json
import logging
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from common.io.sources import Part, Scope, http
from common.io.sources.rest import ADAPTER, RestApi
from common.io.sources.rest.settings import RestSettings
from common.utils.errors import SettingsError, SourceError
from common.utils.window import Window
from servers.http import Asked, HttpServer, Reply, as_json

WINDOW = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))
EVERYTHING = Scope(WINDOW)
ROWS = [{"id": at, "at": f"2026-01-{at:02}T00:00:00Z"} for at in range(1, 11)]


@pytest.fixture(autouse=True)
def _no_backoff(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "BACKOFF", 0.01)


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


def api(server: HttpServer, **settings: Any) -> RestApi:
    given = {"url": f"{server.url}/x"} if "connection" not in settings else {"url": "x"}
    return RestApi(RestSettings(retries=1, timeout=1, **given | settings), "VITRINE_A_B_")


def read(source: RestApi, scope: Scope = EVERYTHING) -> list[Part]:
    (item,) = source.items()
    return list(source.read(item, scope))


def ids(parts: list[Part]) -> list[int]:
    return [row["id"] for part in parts for row in part.records.to_pylist()]


def refusal(source: RestApi, scope: Scope = EVERYTHING) -> str:
    with pytest.raises(SourceError) as refused:
        read(source, scope)
    assert refused.value.next_step
    return str(refused.value)


def pages(size: int, rows: list[dict[str, Any]] = ROWS) -> list[list[dict[str, Any]]]:
    return [rows[at : at + size] for at in range(0, len(rows), size)]


def by_link(asked: Asked) -> Reply:
    at = int(asked.query.get("page", 1))
    links = (
        f'</x?page={at + 1}>; rel="next", </x?page=4>; rel="last"' if at < 4 else '</x?page=1>; rel="first"'
    )
    return as_json(pages(3)[at - 1], Link=links)


def by_next(asked: Asked) -> Reply:
    at = int(asked.query.get("page", 1))
    return as_json({"links": {"next": f"x?page={at + 1}" if at < 4 else None}, "rows": pages(3)[at - 1]})


def by_cursor(asked: Asked) -> Reply:
    at = int(asked.query.get("after", 0))
    return as_json({"rows": ROWS[at : at + 3], "meta": {"after": at + 3 if at + 3 < 10 else ""}})


def by_last_id(asked: Asked) -> Reply:
    return as_json({"rows": [row for row in ROWS if row["id"] > int(asked.query.get("after", 0))][:3]})


def by_page(asked: Asked) -> Reply:
    return as_json([*pages(3), []][int(asked.query["p"])])


def by_offset(asked: Asked) -> Reply:
    return as_json(ROWS[int(asked.query["skip"]) :][:3])


PAGING = [
    (by_link, {"paging": "link"}),
    (by_next, {"paging": "next", "next_path": "links.next", "records": "rows"}),
    (
        by_cursor,
        {"paging": "cursor", "cursor_path": "meta.after", "cursor_param": "after", "records": "rows"},
    ),
    (
        by_last_id,
        {"paging": "cursor", "cursor_path": "rows.-1.id", "cursor_param": "after", "records": "rows"},
    ),
    (by_page, {"paging": "page", "page_param": "p", "first_page": 0}),
    (by_offset, {"paging": "offset", "offset_param": "skip"}),
]


@pytest.mark.parametrize(("answers", "settings"), PAGING)
def test_every_paging_gives_each_record_once_and_goes_on_from_each_mark(
    server: HttpServer, answers: Any, settings: dict[str, Any]
) -> None:
    server.answer("/x", answers)
    source = api(server, params="size=3", **settings)
    whole = read(source)
    assert ids(whole) == list(range(1, 11))
    assert [row["_position"] for part in whole for row in part.records.to_pylist()] == list(range(1, 11))
    for kept, part in enumerate(whole, 1):
        asked = len(server.asked)
        rest = read(api(server, params="size=3", **settings), Scope(WINDOW, after=part.mark))
        assert [one.records for one in rest] == [one.records for one in whole[kept:]]
        assert len(server.asked) - asked == len(whole) - kept


def test_one_page_is_all_without_paging(server: HttpServer) -> None:
    server.answer("/x", by_link)
    assert ids(read(api(server))) == [1, 2, 3]


@pytest.mark.parametrize(
    ("settings", "body", "why"),
    [
        ({"paging": "next", "records": "r"}, {"r": [{"id": 1}], "next": "/x"}, "very records of page 1"),
        ({"paging": "cursor", "records": "r"}, {"r": [], "next_cursor": "c"}, "to one that was read"),
        ({"paging": "page"}, [{"id": 1}], "very records of page 1"),
        ({"paging": "offset"}, [{"id": 1}], "very records of page 1"),
    ],
)
def test_pages_that_come_again_are_noticed(
    server: HttpServer, settings: dict[str, Any], body: Any, why: str
) -> None:
    server.answer("/x", as_json(body))
    error = refusal(api(server, **settings))
    assert "do not end" in error
    assert why in error


def test_pages_that_lead_back_are_noticed(server: HttpServer) -> None:
    def reply(asked: Asked) -> Reply:
        at = int(asked.query.get("page", 1))
        return as_json([{"id": at}], Link=f'</x?page={at % 3 + 1}>; rel="next"')

    server.answer("/x", reply)
    assert "leads on, to one that was read" in refusal(api(server, paging="link"))
    assert len(server.asked) <= 5


def test_the_number_of_pages_is_bounded(server: HttpServer) -> None:
    server.answer("/x", lambda asked: as_json([{"id": int(asked.query["page"])}]))
    assert "VITRINE_A_B_MAX_PAGES is 5" in refusal(api(server, paging="page", max_pages=5))
    assert len(server.asked) == 5


def test_the_rest_is_read_after_a_server_that_went_away(server: HttpServer) -> None:
    broken = Reply(json.dumps(pages(3)[1]).encode(), reset_after=10)
    server.answer("/x", as_json(pages(3)[0], Link='</x2>; rel="next"'))
    server.answer("/x2", broken)
    source, kept = api(server, paging="link"), []
    with pytest.raises(SourceError):
        kept.extend(source.read(source.items()[0], EVERYTHING))
    (first,) = (part for part in kept)
    server.answer("/x2", broken, as_json(pages(3)[1]))
    rest = read(source, Scope(WINDOW, after=first.mark))
    assert ids([first, *rest]) == [1, 2, 3, 4, 5, 6]
    assert [part.retries for part in rest] == [1]


def test_records_that_cannot_be_used_are_dead_letters_and_the_others_go_on(server: HttpServer) -> None:
    server.answer("/x", as_json([{"id": 1}, 7, {"a": 1, "A": 2}, {"_POSITION": 1}, None, {"id": 2}, {}]))
    (part,) = read(api(server))
    assert [row["_position"] for row in part.records.to_pylist()] == [1, 6, 7]
    found = [
        (row["_position"], row["rule"], row["field"], row["record"]) for row in part.unreadable.to_pylist()
    ]
    assert found == [
        (2, "object", None, "7"),
        (3, "name", "A", '{"a":1,"A":2}'),
        (4, "name", "_POSITION", '{"_POSITION":1}'),
        (5, "object", None, "null"),
    ]


@pytest.mark.parametrize(
    ("records", "body", "expected"),
    [
        ("", {"id": 1}, [1]),
        ("a.b", {"a": {"b": [{"id": 1}, {"id": 2}]}}, [1, 2]),
        ("a.0", {"a": [{"id": 1}, {"id": 2}]}, [1]),
        ("a.b", {"a.b": [{"id": 3}]}, [3]),
        ("a", {"a": None}, []),
    ],
)
def test_where_the_records_are(server: HttpServer, records: str, body: Any, expected: list[int]) -> None:
    server.answer("/x", as_json(body))
    assert ids(read(api(server, records=records))) == expected


def test_no_content_is_no_record(server: HttpServer) -> None:
    server.answer("/x", Reply(status=204))
    assert ids(read(api(server))) == []


@pytest.mark.parametrize("body", [{"data": {"item": []}}, [], {"data": []}])
def test_records_that_are_not_there_are_an_error(server: HttpServer, body: Any) -> None:
    server.answer("/x", as_json(body))
    assert 'no records at "data.items"' in refusal(api(server, records="data.items"))


@pytest.mark.parametrize("raw", [b"<html>", b'{"a": 1', b"\xff\xfe", b'{"a": NaN}', b"[" * 100_000])
def test_a_body_that_is_no_json_is_an_error_with_its_page(server: HttpServer, raw: bytes) -> None:
    server.answer("/x", as_json([{"id": 1}], Link='</x?token=t0k3n>; rel="next"'), Reply(raw))
    error = refusal(api(server, paging="link"))
    assert f"page 2 of {server.url}/x" in error
    assert "t0k3n" not in error


def test_amounts_and_large_numbers_stay_exact(server: HttpServer) -> None:
    server.answer(
        "/x", Reply(b'[{"a": 10130981600972.3559, "b": 123456789012345678901234567890, "c": 1.10}]')
    )
    (part,) = read(api(server))
    assert part.records.select(["a", "b", "c"]).to_pylist() == [
        {"a": "10130981600972.3559", "b": "123456789012345678901234567890", "c": "1.10"}
    ]


def test_placeholders_are_filled_or_their_parameter_left_out(server: HttpServer) -> None:
    server.answer("/x", as_json(ROWS))
    settings = {
        "params": "from={window_start},to={window_end},since={since},n=5",
        "cursor": "at",
        "overlap": "2d",
    }
    (part,) = read(api(server, **settings), Scope(Window(None, WINDOW.end)))
    assert server.asked[-1].query == {"to": "2026-02-01T00:00:00Z", "n": "5"}
    assert part.bookmark == {"cursor": "2026-01-10T00:00:00Z"}
    read(api(server, **settings), Scope(WINDOW, part.bookmark))
    assert server.asked[-1].query == {
        "from": "2026-01-01T00:00:00Z",
        "to": "2026-02-01T00:00:00Z",
        "since": "2026-01-08T00:00:00+00:00",
        "n": "5",
    }


def test_a_placeholder_in_the_path_is_quoted(server: HttpServer) -> None:
    server.answer("/x/2026-01-01T00%3A00%3A00Z", as_json([{"id": 1}]))
    source = api(server, url=f"{server.url}/x/{{window_start}}")
    assert ids(read(source)) == [1]
    assert "stands for nothing" in refusal(source, Scope(Window(None, WINDOW.end)))


def test_the_bookmark_never_goes_back_and_a_mark_keeps_it(server: HttpServer) -> None:
    server.answer("/x", as_json(ROWS[8:], Link='</x2>; rel="next"'))
    server.answer("/x2", as_json(ROWS[:2]))
    source = api(server, paging="link", cursor="id")
    whole = read(source)
    assert [part.bookmark for part in whole] == [{"cursor": "10"}, {"cursor": "10"}]
    (rest,) = read(source, Scope(WINDOW, after=whole[0].mark))
    assert rest.bookmark == {"cursor": "10"}


def test_nothing_new_since_the_bookmark_keeps_it(server: HttpServer) -> None:
    server.answer("/x", as_json([]))
    (part,) = read(api(server, cursor="id", params="since={since}"), Scope(WINDOW, {"cursor": "10"}))
    assert part.bookmark == {"cursor": "10"}


@pytest.mark.parametrize("params", ["", "since={since}"])
def test_a_source_below_its_bookmark_is_refused(server: HttpServer, params: str) -> None:
    server.answer("/x", as_json(ROWS))
    error = refusal(api(server, cursor="id", params=params), Scope(WINDOW, {"cursor": "11"}))
    assert "full_refresh" in error


def test_an_emptied_source_without_a_filter_is_refused(server: HttpServer) -> None:
    server.answer("/x", as_json([]))
    assert "full_refresh" in refusal(api(server, cursor="id"), Scope(WINDOW, {"cursor": "10"}))


def test_a_window_of_old_records_is_not_below_the_bookmark(server: HttpServer) -> None:
    server.answer("/x", as_json(ROWS))
    source = api(server, cursor="id", params="from={window_start}")
    assert read(source, Scope(WINDOW, {"cursor": "99"}))[-1].bookmark == {"cursor": "99"}


@pytest.mark.parametrize(
    ("cursor", "bookmark"), [("id", "2026-01-01T00:00:00Z"), ("at", "7"), ("id", "abc"), ("price", "")]
)
def test_a_cursor_of_another_kind_than_the_bookmark_is_refused(
    server: HttpServer, cursor: str, bookmark: str
) -> None:
    server.answer("/x", Reply(b'[{"id": 1, "at": "2026-01-01T00:00:00Z", "price": 1.5}]'))
    error = refusal(api(server, cursor=cursor), Scope(WINDOW, {"cursor": bookmark}))
    assert "VITRINE_A_B_CURSOR" in error
    assert "full_refresh" in error


def test_a_cursor_that_no_record_has_is_refused(server: HttpServer) -> None:
    server.answer("/x", as_json(ROWS))
    assert "did you mean 'id'" in refusal(api(server, cursor="ID"))


@pytest.mark.parametrize(
    ("auth", "header"),
    [
        ({"auth": "basic"}, ("authorization", "Basic bWU6czNjcjN0")),
        ({"auth": "bearer"}, ("authorization", "Bearer s3cr3t")),
        ({"auth": "api_key", "key_name": "X-Key"}, ("x-key", "s3cr3t")),
    ],
)
def test_who_asks_is_shown(server: HttpServer, auth: dict[str, str], header: tuple[str, str]) -> None:
    server.answer("/x", as_json([]))
    read(api(server, connection=server.with_credentials("me", "s3cr3t"), headers="X-More=1", **auth))
    assert header in server.asked[0].headers.items()
    assert ("x-more", "1") in server.asked[0].headers.items()


def test_a_key_in_the_query_is_in_no_mark_log_or_error(
    server: HttpServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.answer(
        "/x",
        as_json([{"id": 1}], Link='</x?page=2&key=s3cr3t>; rel="next"'),
        as_json([{"id": 2}]),
        Reply(status=400),
    )
    settings = {"connection": server.with_credentials("", "s3cr3t"), "auth": "api_key", "key_in": "query"}
    source = api(server, paging="link", key_name="key", **settings)
    parts = read(source)
    assert [one.query.get("key") for one in server.asked] == ["s3cr3t", "s3cr3t"]
    assert "s3cr3t" not in refusal(source) + caplog.text + "".join(part.mark for part in parts)


def test_the_next_page_on_another_server_is_asked_without_the_credential(server: HttpServer) -> None:
    with HttpServer() as other:
        other.answer("/y", as_json([{"id": 2}]))
        server.answer("/x", as_json([{"id": 1}], Link=f'<{other.url}/y>; rel="next"'))
        source = api(
            server,
            paging="link",
            auth="bearer",
            connection=server.with_credentials("me", "s3cr3t"),
            headers="X-A=s3cr3t",
        )
        assert ids(read(source)) == [1, 2]
        assert "s3cr3t" not in str(other.asked)


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({}, "VITRINE_A_B_URL"),
        ({"url": "/only/a/path"}, "VITRINE_A_B_URL"),
        ({"url": "https://me:s3cr3t@host/x"}, "VITRINE_A_B_URL"),
        ({"url": "https://host/x", "auth": "bearer"}, "VITRINE_A_B_AUTH"),
        ({"connection": "https://me:s3cr3t@host"}, "VITRINE_A_B_AUTH"),
        ({"connection": "https://me:s3cr3t@host", "auth": "oauth2"}, "VITRINE_A_B_TOKEN_URL"),
        ({"connection": "https://me:s3cr3t@host", "auth": "basic", "url": "https://b/x"}, "VITRINE_A_B_URL"),
        ({"connection": "ftp://me:s3cr3t@host", "auth": "basic"}, "VITRINE_A_B_URL"),
    ],
)
def test_settings_that_do_not_go_together_are_refused(settings: dict[str, str], where: str) -> None:
    with pytest.raises(SourceError) as refused:
        RestApi(RestSettings(**settings), "VITRINE_A_B_")
    assert refused.value.where == where
    assert "s3cr3t" not in str(refused.value)


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_A_B_PARAMS", "since={snce}")
    with pytest.raises(SettingsError, match=r"VITRINE_A_B_PARAMS.*did you mean 'since'"):
        ADAPTER.settings.of("VITRINE_A_B_")
    monkeypatch.setenv("VITRINE_A_B_PARAMS", "since={since},n=1")
    monkeypatch.setenv("VITRINE_A_B_HEADERS", "X-A=1")
    settings = ADAPTER.settings.of("VITRINE_A_B_")
    assert isinstance(settings, RestSettings)
    assert (settings.params, settings.headers) == ({"since": "{since}", "n": "1"}, {"X-A": "1"})
