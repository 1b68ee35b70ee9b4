"""The collections: which there are, and pages of their rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from fastapi import APIRouter, Depends, HTTPException
from starlette.requests import Request
from starlette.responses import Response

from common.io.collections.protocol import QueryError, Version, VersionGone
from common.io.run_index import Entry
from common.utils.contract import Contract, Freshness
from common.utils.secrets import masked
from dashboards.cursor import Cursor, texts
from dashboards.documentation import paged
from dashboards.envelope import Template, answer, now
from dashboards.estimates import estimated_count
from dashboards.etag import entity_tag, not_modified
from dashboards.gate import Readable, key_of, metered, shown
from dashboards.kept import Content, Kept
from dashboards.query import Listing, parse
from dashboards.responses import listed
from dashboards.security import user_of
from dashboards.served import Library, Served
from dashboards.values import records

LONGEST_ERROR = 500  # characters
LINKS = ("schema", "stats", "versions", "runs", "dead_letters")


def router(library: Library) -> APIRouter:
    """The list, one route a collection (so that each is documented by its contract), and a 404 that helps."""
    routes = APIRouter(dependencies=[Depends(metered)], tags=["collections"])

    @routes.get("/collections", **listed())
    def collections(request: Request) -> Response:
        """Every collection that you may read, with its live version, the age of its data and its last run."""
        return list_collections(request, library)

    for name, served in library.shelf.items():
        path, page = path_of(name), _page_of(library, name)
        routes.add_api_route(path, page, name=name, **paged(served.contract))

    @routes.get("/collections/{domain}/{subject}", include_in_schema=False)
    def unknown(request: Request, domain: str, subject: str) -> None:
        library.demand(user_of(request), f"{domain}/{subject}")

    return routes


def path_of(name: str) -> str:
    """Where the pages of a collection are."""
    return f"/collections/{name}"


def pages(library: Library, prefix: str) -> dict[str, Readable]:
    """By path, the pages of all collections as they are read without a route, once the user is known."""
    return {
        f"{prefix}{path_of(name)}": Readable(served, partial(_read, served))
        for name, served in library.shelf.items()
    }


def _read(served: Served, request: Request) -> Response:
    return page_of(request, served, request.query_params.multi_items())


def list_collections(request: Request, library: Library) -> Response:
    """One summary a collection, in the order of their names."""
    if request.query_params:
        raise QueryError(f"The list takes no parameters, here are {', '.join(request.query_params)}.")
    shelf = library.open_to(user_of(request))
    found = [summary(request, library, shelf[name]) for name in sorted(shelf)]
    lasting = [{name: value for name, value in one.items() if name != "age_seconds"} for one in found]
    tag = entity_tag(request, {}, lasting)
    if unchanged := not_modified(request, tag):
        return unchanged
    response = answer(request, f"{len(found)} collections.", data=found)
    response.headers["ETag"] = tag
    return response


def summary(request: Request, library: Library, served: Served) -> dict[str, Any]:
    """One collection in the list; as :class:`dashboards.models.Summary` says."""
    contract = served.contract
    live = next(iter(served.collection.history()), None)
    run = library.runs.latest(contract.name)
    here = f"{request.url_for('collections').path}/{contract.name}"
    links = {name: f"{here}/{name.replace('_', '-')}" for name in LINKS}
    return {
        "name": contract.name,
        "domain": contract.domain,
        "subject": contract.subject,
        "description": contract.description,
        "owner": contract.owner,
        "contract_version": contract.version,
        "rows": live.rows if live else None,
        **served.about(live, now(request)),
        "verdict": _verdict(run),
        "last_run": run and _outline(run),
        "held": served.collection.hold() is not None,
        "sources": sources(served, live, request),
        "links": {"self": here, **links},
    }


def sources(served: Served, live: Version | None, request: Request) -> Sequence[dict[str, Any]]:
    """How far each source of a collection is read, where it has several."""
    found = live.bookmark.get("sources", {}) if live else {}
    return [
        {
            "name": name,
            "data_as_of": one.get("data_as_of"),
            "read_at": one.get("read_at"),
            "freshness": _source_freshness(served.contract, one, now(request)),
            "error": masked(one.get("error") or "", LONGEST_ERROR) or None,
        }
        for name, one in sorted(found.items())
    ]


def _source_freshness(contract: Contract, source: Mapping[str, Any], now: datetime) -> Freshness:
    """Stale where the source could not be read, or was not for longer than its data may be old.

    How old its newest record is says nothing of it: a table of courses changes twice a year.
    """
    if source.get("error"):
        return "stale"
    read_at = source.get("read_at")
    return contract.freshness_at(now, datetime.fromisoformat(read_at) if read_at else None)


def _verdict(run: Entry | None) -> str | None:
    report = run.validation() if run else None
    return report["verdict"] if report else None


def _outline(run: Entry) -> dict[str, Any]:
    record = run.record()
    return {
        "id": f"{record['collection'].replace('/', '.')}.{run.run_id}",
        "state": run.state,
        "started": record["started"],
        "ended": record["ended"],
    }


def _page_of(library: Library, name: str) -> Callable[[Request], Response]:
    def page(request: Request) -> Response:
        return _read(library.demand(user_of(request), name), request)

    return page


def page_of(request: Request, served: Served, parameters: Sequence[tuple[str, str]]) -> Response:
    """The page of a collection that parameters ask for."""
    listing = parse(served.contract, parameters)
    try:
        return read_page(request, served, listing)
    except VersionGone:
        if listing.version is not None:
            raise
    return read_page(request, served, listing)  # the live version was retired meanwhile: take its successor


def read_page(request: Request, served: Served, listing: Listing) -> Response:
    """One page of the pinned version, or of the live one; it is kept for who asks next."""
    name, version = served.contract.name, _version(served, listing.version)
    moment = now(request)
    about = served.about(version, moment)
    tag = entity_tag(request, about, name, served.contract.version)
    kept = Kept(served, version.number, listing.version is not None, about, tag, None)
    response = shown(request.scope, kept, moment, about["age_seconds"])
    if response is None:
        kept = replace(kept, content=_content(served, listing, version, about))
        response = shown(request.scope, kept, moment, about["age_seconds"])
    assert response is not None  # noqa: S101 (a page with its content)
    request.app.state.keep.put(key_of(request.scope, user_of(request)), kept)
    return response


def _content(served: Served, listing: Listing, version: Version, about: Mapping[str, Any]) -> Content:
    page = served.collection.read(version.number, listing.query)
    following = None
    if page.position is not None:
        following = Cursor(version.number, listing.fingerprint, texts(page.position)).encode()
    more = "; more follow with metadata.pagination.next_cursor as cursor" if following else ""
    rows = page.rows.num_rows
    pagination = {
        "limit": listing.query.limit,
        "returned": rows,
        "estimated_count": estimated_count(served.contract, version, listing.query.filters),
        "next_cursor": following,
    }
    message = f"{rows} rows of {served.contract.name}, version {version.number}{more}."
    data = records(page.rows, served.contract.nested)
    return Content(rows, Template.of(message, data, {**about, "pagination": pagination}))


def _version(served: Served, pinned: int | None) -> Version:
    if pinned is not None:
        return served.collection.version(pinned)
    live = served.collection.live()
    if live is None:
        raise HTTPException(404, f"Nothing of {served.contract.name} is published yet: run its DAG first.")
    return live
