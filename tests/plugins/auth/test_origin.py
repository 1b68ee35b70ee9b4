"""Which requests come from our own pages."""

import pytest
from starlette.requests import Request

from dashboards.auth.origin import demand_same_origin, is_same_origin
from dashboards.errors import Refused


def sent(**headers: str) -> Request:
    named = {
        name.replace("_", "-"): value for name, value in {"host": "dash.example:8080", **headers}.items()
    }
    return Request({"type": "http", "headers": [(n.encode(), v.encode()) for n, v in named.items()]})


@pytest.mark.parametrize(
    ("headers", "same"),
    [
        ({"sec_fetch_site": "same-origin"}, True),
        ({"sec_fetch_site": "same-origin", "origin": "https://behind.a.proxy"}, True),
        ({"sec_fetch_site": "same-site", "origin": "http://dash.example:8080"}, False),
        ({"sec_fetch_site": "none"}, False),
        ({"sec_fetch_site": "cross-site"}, False),
        ({"origin": "http://dash.example:8080"}, True),
        ({"origin": "http://dash.example"}, False),
        ({"origin": "http://dash.example:8080.evil.example"}, False),
        ({"origin": "null"}, False),
        ({"origin": "null", "host": ""}, False),
        ({}, False),
    ],
)
def test_a_page_of_our_own(headers: dict[str, str], same: bool) -> None:
    request = sent(**headers)
    assert is_same_origin(request) is same
    if same:
        demand_same_origin(request)
        return
    with pytest.raises(Refused) as caught:
        demand_same_origin(request)
    assert caught.value.status_code == 403
