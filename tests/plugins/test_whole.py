"""Every route of the OpenAPI document: without a token, with odd parameters, and as it says itself."""

import itertools
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dashboards.auth import throttle
from plugins import history
from plugins.fuzzing import cases, plain, raw
from plugins.shop import orders

OPEN = {"/v1/health"}
SAMPLES = {
    "domain": "shop",
    "subject": "orders",
    "number": "2",
    "run": "shop.orders.run-0000",
    "username": "x",
}
ODD = [
    "' OR 1=1 --",
    "1; DROP TABLE orders",
    '{"$gt": ""}',
    "$where",
    "../../etc/passwd",
    "%00",
    "\0",
    "<script>alert(1)</script>",
    "${7*7}",
    "9" * 400,
    "-1",
    "NaN",
    "ü" * 200,
    "[[[[",
    "",
]


@pytest.fixture
def full(shop: Any, api: Any, airflow_users: Callable[..., str]) -> Any:
    """Two versions, runs and dead letters, asked by an administrator."""
    shop.publish(orders(60))
    shop.publish(orders(63))
    history.runs(api.settings, 5)
    history.letters(api.settings, "run-0000", ["a", "b"])
    api.client.headers["Authorization"] = f"Bearer {airflow_users('admin')}"
    return api


def gets(api: Any) -> list[tuple[str, dict[str, Any]]]:
    """Each GET route: its path with samples in it, and what is told of it."""
    paths = api.app.openapi()["paths"]
    return [(path.format(**SAMPLES), told["get"]) for path, told in paths.items() if "get" in told]


def test_every_route_wants_a_token(full: Any) -> None:
    del full.client.headers["authorization"]
    asked = [path for path, _ in gets(full) if path not in OPEN]
    assert len(asked) > 15
    for path in [*asked, "/v1/openapi.json", "/v1/collections/no/such"]:
        answer = full.client.get(path)
        assert answer.status_code == 401, (path, answer.text)


def test_every_route_answers_as_it_is_documented(full: Any) -> None:
    from jsonschema import Draft202012Validator

    document = full.app.openapi()
    for path, told in gets(full):
        if told["operationId"] == "read_shop_returns" or path in (
            "/v1/sync-status",
            "/v1/user-vitals",
            "/v1/summary",
        ):
            continue
        answer = full.client.get(path, params={"collection": "shop/orders"} if path == "/v1/data" else {})
        assert answer.status_code == 200, (path, answer.text)
        schema = told["responses"]["200"]["content"]["application/json"]["schema"]
        validator = Draft202012Validator({**schema, "components": document["components"]})
        validator.validate(answer.json())
        if example := told["responses"]["200"]["content"]["application/json"].get("example"):
            validator.validate(example)


def test_odd_values_in_every_parameter_break_nothing(full: Any) -> None:
    before = full.client.get("/v1/collections/shop/orders?limit=1000").json()["data"]
    turns = itertools.cycle(ODD)
    for path, told in gets(full):
        names = [one["name"] for one in told.get("parameters", []) if one["in"] == "query"]
        for name in [*names, "unknown"]:
            for value in itertools.islice(turns, 4 if len(names) > 20 else len(ODD)):
                answer = full.client.get(path, params={name: value})
                assert answer.status_code in (200, 304, 400, 404, 410), (path, name, value, answer.text)
                assert "Traceback" not in answer.text
    for path in full.app.openapi()["paths"]:
        for part in [one for one in SAMPLES if f"{{{one}}}" in path]:
            for value in ODD[:9]:
                from urllib.parse import quote

                odd = path.format(**{**SAMPLES, part: quote(value, safe="")})
                assert full.client.get(odd).status_code in (200, 400, 404, 405), odd
    after = full.client.get("/v1/collections/shop/orders?limit=1000").json()["data"]
    assert after == before


def test_a_schema_driven_fuzzer_finds_no_fault(full: Any) -> None:
    seen: Counter[int] = Counter()
    for case in cases(full.app.openapi(), "GET", ("positive",), 8):
        answer = full.client.get(case.formatted_path, params=dict(case.query or {}), headers=plain(case))
        seen[answer.status_code] += 1
        assert answer.status_code < 500, (case.formatted_path, case.query, answer.text)
        assert answer.json()["status"] in ("success", "error") if answer.content else True
    assert {200, 400, 404} <= seen.keys(), f"it does not reach every kind of answer: {seen}"


@pytest.mark.parametrize("signed_in", [True, False])
def test_what_is_posted_is_refused_and_breaks_nothing(
    full: Any,
    airflow_users: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    signed_in: bool,
) -> None:
    """Of users in Airflow's configuration; auth/test_fuzz.py has those in its database."""
    (tmp_path / "passwords").write_text('{"admin": "right"}')
    monkeypatch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE", str(tmp_path / "passwords"))
    monkeypatch.setattr(throttle, "BY_NAME", 10**6)
    monkeypatch.setattr(throttle, "BY_ADDRESS", 10**6)
    del full.client.headers["authorization"]
    seen: Counter[tuple[str, int]] = Counter()
    for case in cases(full.app.openapi(), "POST", ("positive", "negative"), 12):
        token = {"Authorization": f"Bearer {airflow_users('admin')}"} if signed_in else {}
        answer = full.client.post(
            case.formatted_path,
            content=raw(case),
            headers={"Content-Type": "application/json", **plain(case), **token},
        )
        route = case.operation.path.removeprefix("/v1/auth")
        seen[route, answer.status_code] += 1
        assert answer.status_code < 500 or answer.status_code == 501, (route, case.body, answer.text)
        assert answer.json()["status"] in ("success", "error")
    statuses = {route: {status for known, status in seen if known == route} for route, _ in seen}
    assert len(statuses) == 6
    assert {400, 401} <= statuses["/login"]
    for route in ("/password", "/users/{username}/password"):
        assert statuses[route] <= ({400, 404, 501} if signed_in else {401, 404})
        assert (501 if signed_in else 401) in statuses[route]
