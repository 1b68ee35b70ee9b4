"""Requests from other sites: browsers send cookies by themselves, so what these alone allow must be ours."""

from __future__ import annotations

from urllib.parse import urlsplit

from fastapi import Request

from dashboards.errors import Refused


def demand_same_origin(request: Request) -> None:
    """Refuses what is not from one of our own pages.

    Raises:
        Refused: 403.
    """
    if not is_same_origin(request):
        raise Refused(
            403,
            "A cookie counts here only from a page of the same origin. Send the token itself instead,"
            " or Origin with the API's own address.",
        )


def is_same_origin(request: Request) -> bool:
    """Whether a page of our own sends this; not where nothing says where it comes from."""
    site = request.headers.get("sec-fetch-site")  # browsers set it, and no proxy on the way changes it
    if site is not None:
        return site == "same-origin"
    origin = urlsplit(request.headers.get("origin", ""))
    return bool(origin.netloc) and origin.netloc == request.headers.get("host")
