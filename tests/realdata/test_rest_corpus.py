"""Real exchanges of APIs, served by a real server: GitHub's paging by Link header, museums' pages."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from common.io.sources import Part, Scope
from common.io.sources.rest import RestApi
from common.io.sources.rest.settings import RestSettings
from common.utils.errors import SourceError
from common.utils.window import Window
from servers.http import Asked, HttpServer, Reply, as_json

EVERYTHING = Scope(Window(None, datetime(2100, 1, 1, tzinfo=UTC)))
GITHUB = "https://api.github.com"


@pytest.fixture
def server() -> Iterator[HttpServer]:
    with HttpServer() as running:
        yield running


def parts(server: HttpServer, path: str, **settings: Any) -> list[Part]:
    source = RestApi(RestSettings(url=f"{server.url}{path}", retries=0, **settings), "VITRINE_A_B_")
    (item,) = source.items()
    return list(source.read(item, EVERYTHING))


def replayed(server: HttpServer, exchange: dict[str, Any]) -> Reply:
    """A recorded answer, its addresses changed to this server's."""
    body = exchange["response"]
    kept = ("link", "content-type", "location")
    headers = {name: value for name, value in exchange["headers"].items() if name in kept}
    raw = b"" if body == "" else json.dumps(body).encode()
    moved = {
        name: str(value).replace(f"{GITHUB}:443", server.url).replace(GITHUB, server.url)
        for name, value in headers.items()
    }
    return Reply(raw, exchange["status"], moved)


def exchanges(realdata: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in sorted((realdata / "api_json" / "github_rest_fixtures").glob("*.json")):
        for exchange in json.loads(path.read_text()):
            yield path.stem, exchange


def test_githubs_pages_give_all_issues_once(realdata: Path, server: HttpServer) -> None:
    recorded = [exchange for name, exchange in exchanges(realdata) if name == "paginate-issues"]
    replies = {exchange["path"]: replayed(server, exchange) for exchange in recorded}

    def reply(asked: Asked) -> Reply:
        query = "&".join(f"{name}={value}" for name, value in asked.query.items())
        return replies[f"{asked.path}?{query}"]

    for path in replies:
        server.answer(urlsplit(path).path, reply)
    found = parts(server, urlsplit(recorded[0]["path"]).path, params="per_page=3", paging="link")
    assert [part.records.num_rows for part in found] == [3, 3, 3, 3, 1]
    numbers = [row["number"] for part in found for row in part.records.to_pylist()]
    assert numbers == list(range(13, 0, -1))
    assert sum(part.unreadable.num_rows for part in found) == 0


def test_every_exchange_is_read_or_refused_as_its_status_says(realdata: Path, server: HttpServer) -> None:
    recorded = list(exchanges(realdata))
    assert len(recorded) == 34
    for at, (_, exchange) in enumerate(recorded):
        server.answer(f"/{at}", replayed(server, exchange))
        body, status = exchange["response"], exchange["status"]
        if status >= 300:
            with pytest.raises(SourceError):
                parts(server, f"/{at}")
            continue
        (part,) = parts(server, f"/{at}")
        given = body if isinstance(body, list) else [body] if body != "" else []
        assert part.records.num_rows + part.unreadable.num_rows == len(given)
        assert part.records.num_rows == sum(isinstance(one, dict) for one in given)


@pytest.mark.parametrize(
    ("file", "records"),
    [
        ("nappy/images.json", "images"),
        ("nypl/response_search_success.json", "nyplAPI.response.result"),
        ("rawpixel/public_domain_response.json", "results"),
        ("sciencemuseum/response_success.json", "data"),
        ("stocksnap/full_response.json", "results"),
        ("brooklynmuseum/response_success.json", "data"),
        ("museumvictoria/response_success.json", ""),
        ("freesound/page.json", ""),
    ],
)
def test_the_records_of_museums_pages(realdata: Path, server: HttpServer, file: str, records: str) -> None:
    raw = (realdata / "api_json" / "openverse" / file).read_bytes()
    truth = json.loads(raw)
    for step in records.split(".") if records else ():
        truth = truth[step]
    truth = truth if isinstance(truth, list) else [truth]
    server.answer("/page", Reply(raw))
    (part,) = parts(server, "/page", records=records)
    assert part.unreadable.num_rows == sum(not isinstance(one, dict) for one in truth)
    for row, one in zip(
        part.records.to_pylist(), [one for one in truth if isinstance(one, dict)], strict=True
    ):
        given = {name for name, value in row.items() if value is not None and not name.startswith("_")}
        assert given == {
            name for name, value in one.items() if value is not None and not name.startswith("_")
        }


def test_every_body_of_the_museums_is_one_record_or_a_list_of_them(
    realdata: Path, server: HttpServer
) -> None:
    for path in sorted((realdata / "api_json" / "openverse").rglob("*.json")):
        truth = json.loads(path.read_bytes())
        server.answer("/page", as_json(truth))
        (part,) = parts(server, "/page")
        assert part.records.num_rows + part.unreadable.num_rows == (
            len(truth) if isinstance(truth, list) else 1
        )
