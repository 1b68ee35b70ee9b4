"""The page's files over HTTP: open to all, cached by tag, locked up by their headers."""

import re
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from dashboards.page.router import STATIC

SOURCES = [path for path in STATIC.rglob("*") if path.is_file()]
SCRIPTS = [path for path in SOURCES if path.suffix == ".js"]
FORBIDDEN = (
    r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|style="
    r"|localStorage|sessionStorage"
)


@pytest.fixture
def anybody(api: Any) -> TestClient:
    return TestClient(api.app, headers={})


def test_it_is_served_without_a_user_and_locked_up(anybody: TestClient) -> None:
    answer = anybody.get("/v1/page/")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = answer.headers["content-security-policy"]
    assert {"default-src 'none'", "script-src 'self'", "frame-ancestors 'self'"} <= set(policy.split("; "))
    assert "unsafe" not in policy
    assert answer.headers["x-frame-options"] == "SAMEORIGIN"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_every_file_is_served_as_what_it_is(anybody: TestClient) -> None:
    types = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml", ".html": "text/html"}
    assert len(SOURCES) > 15
    for path in SOURCES:
        answer = anybody.get(f"/v1/page/{path.relative_to(STATIC).as_posix()}")
        assert answer.status_code == 200, path
        assert answer.headers["content-type"].startswith(types[path.suffix])
        assert answer.content == path.read_bytes()


def test_an_unchanged_file_costs_a_304(anybody: TestClient) -> None:
    tag = anybody.get("/v1/page/js/app.js").headers["etag"]
    again = anybody.get("/v1/page/js/app.js", headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert anybody.get("/v1/page/js/api.js", headers={"If-None-Match": tag}).status_code == 200


def test_without_its_slash_it_leads_to_itself(anybody: TestClient) -> None:
    answer = anybody.get("/v1/page", follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (308, "page/")


@pytest.mark.parametrize(
    "name", ["nowhere.js", "../app.py", "%2e%2e/router.py", "..%2frouter.py", "js", "js/"]
)
def test_nothing_else_is_served(anybody: TestClient, name: str) -> None:
    answer = anybody.get(f"/v1/page/{name}")
    assert answer.status_code == 404
    assert answer.json()["status"] == "error"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_it_stays_small_and_safe(path: Path) -> None:
    """No markup from data, no inline script or style, nothing from elsewhere, nothing secret in a storage."""
    text = path.read_text("utf-8")
    assert re.findall(FORBIDDEN, text) == []
    foreign = re.findall(r"https?://(?!www\.w3\.org/2000/svg)[\w.]+", text)
    assert foreign == []
    if path.suffix in (".js", ".css"):
        assert len(text.splitlines()) <= 250
    if path.suffix == ".html":
        assert re.findall(r"<script(?![^>]*src=)|<style|\son\w+=", text) == []


def test_every_import_is_there() -> None:
    for path in SCRIPTS:
        for name in re.findall(r'from "(\.[^"]+)"', path.read_text("utf-8")):
            assert (path.parent / name).resolve() in SOURCES, f"{path.name} imports {name}"
