"""Who comes in, how long they stay, and what a viewer is told."""

from collections.abc import Callable
from typing import Any

from plugins.page.house import FOR_OPERATORS, NAME
from plugins.page.server import PASSWORDS

DATA = f"#/collections/{NAME}?sort=-revenue"


def test_a_wrong_password_is_told_and_the_right_one_leads_to_the_link(arrive: Callable[..., Any]) -> None:
    visit = arrive()
    visit.open(DATA)
    page = visit.page
    page.get_by_label("User name").fill("olga")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("alert").filter(has_text="do not fit together").wait_for()
    assert page.get_by_label("Password").input_value() == ""
    page.get_by_label("Password").fill(PASSWORDS["olga"])
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=NAME).wait_for()
    assert page.url.endswith(DATA), "the shared link is kept through the sign-in"


def test_the_session_outlives_a_reload_and_ends_with_the_sign_out(visit: Any) -> None:
    page = visit.page
    assert page.evaluate("Object.keys(localStorage).length + Object.keys(sessionStorage).length") == 0
    assert "vitrine_refresh" not in page.evaluate("document.cookie"), "no script can read the cookie"
    page.reload()
    page.get_by_role("heading", name="Collections").wait_for()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("heading", name="Sign in").wait_for()
    page.reload()
    page.get_by_role("heading", name="Sign in").wait_for()


def test_two_tabs_share_one_session(visit: Any) -> None:
    """Each renews by the cookie, which can be used once; they take turns."""
    tabs = [visit.page.context.new_page() for _ in range(3)]
    for tab in tabs:
        tab.goto(f"{visit.url}/dashboards/v1/page/", wait_until="commit")
    for tab in tabs:
        tab.get_by_role("heading", name="Collections").wait_for()


def test_airflows_own_cookie_is_enough(arrive: Callable[..., Any]) -> None:
    import httpx

    visit = arrive()
    answer = httpx.post(
        f"{visit.url}/dashboards/v1/auth/login", json={"username": "olga", "password": PASSWORDS["olga"]}
    )
    token = answer.json()["data"]["access_token"]
    visit.page.context.add_cookies([{"name": "_token", "value": token, "url": visit.url}])
    visit.open()
    visit.page.get_by_role("heading", name="Collections").wait_for()
    assert visit.page.get_by_role("button", name="Sign out").count() == 0, (
        "Airflow signs its users out itself"
    )
    assert visit.complaints == []


def test_a_viewer_sees_collections_and_is_told_what_is_for_operators(arrive: Callable[..., Any]) -> None:
    visit = arrive()
    visit.open(f"#/collections/{NAME}")
    visit.sign_in("vic")
    page = visit.page
    page.get_by_role("heading", name=NAME).wait_for()
    assert visit.texts("nav.tabs a") == ["Data", "Chart", "Versions"]
    for view in (f"#/collections/{NAME}/runs", f"#/collections/{NAME}/dead-letters", "#/runs/a.b.c"):
        visit.open(view)
        page.get_by_text("Ask an administrator for the role op").wait_for()
    visit.open()
    page.get_by_role("link", name=NAME).wait_for()
    assert page.get_by_role("link", name=FOR_OPERATORS).count() == 0
    visit.open(f"#/collections/{FOR_OPERATORS}")
    page.get_by_role("heading", name=f"There is no collection {FOR_OPERATORS} for you").wait_for()
