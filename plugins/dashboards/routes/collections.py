"""The collections: which there are, and pages of their rows."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Depends, HTTPException
from starlette.requests import Request
from starlette.responses import Response

from common.io.collections.protocol import QueryError, Version, VersionGone
from common.utils.errors import did_you_mean
from dashboards.cursor import Cursor, texts
from dashboards.documentation import Links, Summary, listed, paged
from dashboards.envelope import answer, now
from dashboards.etag import entity_tag, not_modified
from dashboards.query import Listing, parse
from dashboards.security import demand_reader
from dashboards.served import Served, Shelf
from dashboards.values import records


def router(shelf: Shelf) -> APIRouter:
    """The list, one route a collection (so that each is documented by its contract), and a 404 that helps."""
    routes = APIRouter(dependencies=[Depends(demand_reader)], tags=["collections"])

    @routes.get("/collections", **listed())
    def collections(request: Request) -> Response:
        """Every collection, with its live version and the age of its data."""
        return list_collections(request, shelf)

    for name, served in shelf.items():
        routes.add_api_route(f"/collections/{name}", _page_of(served), name=name, **paged(served.contract))

    @routes.get("/collections/{domain}/{subject}", include_in_schema=False)
    def unknown(domain: str, subject: str) -> None:
        name = f"{domain}/{subject}"
        raise HTTPException(404, f"There is no collection {name[:128]!r}: {did_you_mean(name, shelf)}")

    return routes


def list_collections(request: Request, shelf: Shelf) -> Response:
    """One summary a collection, in the order of their names."""
    if request.query_params:
        raise QueryError(f"The list takes no parameters, here are {', '.join(request.query_params)}.")
    found = [_summary(request, shelf[name]) for name in sorted(shelf)]
    lasting = [one.model_dump(exclude={"age_seconds"}) for one in found]
    tag = entity_tag(request, {}, lasting)
    if unchanged := not_modified(request, tag):
        return unchanged
    data = [one.model_dump() for one in found]
    response = answer(request, f"{len(data)} collections.", data=data)
    response.headers["ETag"] = tag
    return response


def _summary(request: Request, served: Served) -> Summary:
    contract, live = served.contract, served.collection.live()
    return Summary(
        name=contract.name,
        description=contract.description,
        owner=contract.owner,
        contract_version=contract.version,
        rows=live.rows if live else None,
        links=Links(self=request.url_for(contract.name).path),
        **served.about(live, now(request)),
    )


def _page_of(served: Served) -> Callable[[Request], Response]:
    def page(request: Request) -> Response:
        listing = parse(served.contract, request.query_params.multi_items())
        try:
            return read_page(request, served, listing)
        except VersionGone:
            if listing.version is not None:
                raise
        return read_page(
            request, served, listing
        )  # the live version was retired meanwhile: take its successor

    return page


def read_page(request: Request, served: Served, listing: Listing) -> Response:
    """One page of the pinned version, or of the live one where none is pinned."""
    name, version = served.contract.name, _version(served, listing.version)
    about = served.about(version, now(request))
    tag = entity_tag(request, about, name, served.contract.version)
    if unchanged := not_modified(request, tag):
        return unchanged
    page = served.collection.read(version.number, listing.query)
    following = None
    if page.position is not None:
        following = Cursor(version.number, listing.fingerprint, texts(page.position)).encode()
    pagination = {
        "limit": listing.query.limit,
        "returned": page.rows.num_rows,
        "next_cursor": following,
    }
    more = "; more follow with metadata.pagination.next_cursor as cursor" if following else ""
    response = answer(
        request,
        f"{page.rows.num_rows} rows of {name}, version {version.number}{more}.",
        data=records(page.rows, served.contract.nested),
        about={**about, "pagination": pagination},
    )
    response.headers["ETag"] = tag
    return response


def _version(served: Served, pinned: int | None) -> Version:
    if pinned is not None:
        return served.collection.version(pinned)
    live = served.collection.live()
    if live is None:
        raise HTTPException(404, f"Nothing of {served.contract.name} is published yet: run its DAG first.")
    return live
