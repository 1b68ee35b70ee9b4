"""Nothing there, the API away, keys alone, dark, narrow, and very many."""

import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plugins.page.house import EMPTY, NAME
from plugins.page.server import PASSWORDS

VIEWS = ["#/", "#/monitoring", "#/runs/sales.product_revenue.scheduled__3"] + [
    f"#/collections/{NAME}{part}" for part in ("", "/chart", "/versions", "/runs", "/dead-letters")
]
CHECKS = (Path(__file__).parent / "checks.js").read_text("utf-8")


def check(visit: Any, function: str) -> Any:
    """What a function of checks.js finds in the view."""
    return visit.page.evaluate(f"() => {{ {CHECKS}\nreturn {function}(); }}")


def ready(visit: Any) -> None:
    visit.page.locator("main h1").wait_for()
    visit.page.wait_for_load_state("networkidle")


def test_an_unpublished_collection_says_what_to_run(visit: Any) -> None:
    for part in ("", "/chart", "/versions"):
        visit.open(f"#/collections/{EMPTY}{part}")
        visit.page.get_by_text("vitrine_sales_returns_v1").wait_for()
    visit.open(f"#/collections/{EMPTY}/runs")
    visit.page.get_by_text("It has not run yet").wait_for()
    visit.open(f"#/collections/{EMPTY}/dead-letters")
    visit.page.get_by_text("No dead letters").wait_for()
    assert visit.complaints == []
    visit.open("#/nowhere")
    visit.page.get_by_role("heading", name="There is no such view").wait_for()


def test_the_api_away_is_told_and_tried_again(visit: Any, server: tuple[Any, Any]) -> None:
    _, process = server
    page = visit.page
    process.stop()
    try:
        page.get_by_role("link", name=NAME).click()
        page.get_by_role("alert").filter(has_text="The API does not answer.").wait_for()
    finally:
        process.start()
    page.get_by_role("button", name="Try again").click()
    page.get_by_role("heading", name=NAME).wait_for()


def test_keys_alone_lead_from_the_sign_in_to_a_chart(arrive: Callable[..., Any]) -> None:
    visit = arrive()
    visit.open()
    page, keys = visit.page, visit.page.keyboard
    visit.until("document.activeElement.id === 'username'")
    keys.type("olga")
    keys.press("Tab")
    keys.type(PASSWORDS["olga"])
    keys.press("Enter")
    page.get_by_role("heading", name="Collections").wait_for()
    visit.until("document.activeElement.tagName === 'H1'")
    page.reload()
    page.get_by_role("link", name=NAME).wait_for()
    keys.press("Tab")
    assert page.evaluate("document.activeElement.id") == "skip", "the first key leads past the navigation"
    keys.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    walk(visit, NAME)
    keys.press("Enter")
    visit.until("document.activeElement.tagName === 'H1'")
    walk(visit, "Chart")
    keys.press("Enter")
    page.get_by_role("img", name=re.compile("by date")).wait_for()


def walk(visit: Any, text: str) -> None:
    """Tabs on to a link; what has the focus shows it."""
    for _ in range(60):
        visit.page.keyboard.press("Tab")
        focused = visit.page.evaluate_handle("document.activeElement")
        outline = focused.evaluate("one => getComputedStyle(one).outlineStyle")
        assert outline != "none", f"the focus on {focused} is not to be seen"
        if focused.evaluate("one => one.textContent") == text:
            return
    pytest.fail(f"no key leads to {text}")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_view_is_readable_and_named(arrive: Callable[..., Any], scheme: str) -> None:
    visit = arrive(color_scheme=scheme)
    visit.open()
    visit.sign_in()
    ground = visit.page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(16, 20, 22)") == (scheme == "dark")
    for view in VIEWS:
        visit.open(view)
        ready(visit)
        assert check(visit, "lowContrast") == [], view
        found = check(visit, "unnamed")
        assert found == {"silent": [], "twice": [], "images": 0, "headings": 1, "mains": 1}, view


@pytest.mark.parametrize("width", [375, 768, 1280])
def test_nothing_is_cut_off_at_any_width(arrive: Callable[..., Any], width: int) -> None:
    visit = arrive(viewport={"width": width, "height": 800})
    visit.open()
    visit.sign_in()
    for view in VIEWS:
        visit.open(view)
        ready(visit)
        assert visit.page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, view


def test_two_hundred_collections_are_quick(visit: Any) -> None:
    """The API's answer is made longer on its way: how long the page takes is what is measured."""
    page = visit.page

    def many(route: Any) -> None:
        answer = route.fetch()
        body = answer.json()
        one = body["data"][0]
        body["data"] = [{**one, "name": f"domain_{n % 12}/subject_{n}", "rows": n} for n in range(200)]
        route.fulfill(response=answer, json=body)

    page.route("**/dashboards/v1/collections", many)
    page.reload()
    page.get_by_text("200 collections", exact=True).wait_for()
    begun = time.perf_counter()
    page.get_by_label("Search").press_sequentially("subject_19")
    visit.until("document.querySelectorAll('tbody tr').length === 11")
    spent = check(visit, "redrawn")
    assert page.locator("tbody tr").count() == 200
    assert spent < 500, "all 200 rows are drawn anew in less than what is felt, even on a busy machine"
    assert time.perf_counter() - begun < 10
