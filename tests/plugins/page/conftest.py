"""A real Chromium before the real API on a real store; a page notes what it asks for and complains about."""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from plugins.page.house import House, furnish
from plugins.page.server import PASSWORDS, Server

PATIENCE = 20  # seconds
Browser = Any  # of Playwright, which is imported only where Chromium is there


@pytest.fixture(scope="session")
def program() -> str:
    """Chromium's path; where there is none, what needs it is skipped, and fails in CI."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        reason = "there is no Chromium on this machine (chromium, chromium-browser or google-chrome on PATH)"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


# Of a module: Playwright keeps an event loop running, beside which no test can run its own
@pytest.fixture(scope="module")
def chromium(program: str) -> Iterator[Browser]:
    """A browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def server(
    program: str, repository: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[House, Server]]:
    """A furnished house and the process that shows it."""
    folder = tmp_path_factory.mktemp("house")
    house, process = furnish(repository, folder), Server(repository, folder)
    house.url = process.url
    try:
        process.start()
        yield house, process
    finally:
        process.stop()


@pytest.fixture
def house(server: tuple[House, Server]) -> House:
    """What there is to see."""
    return server[0]


@dataclass
class Visit:
    """One visitor's browser window.

    Attributes:
        url: Of the server that is visited.
        complaints: Errors and warnings of the console, and what no script caught.
        asked: URLs of all requests.
    """

    page: Any
    house: House
    url: str
    complaints: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def open(self, view: str = "#/") -> None:
        """Goes to a view by its link, as a bookmark would."""
        self.page.goto(f"{self.url}/dashboards/v1/page/{view}")

    def sign_in(self, name: str = "olga") -> None:
        """By the form."""
        self.page.get_by_label("User name").fill(name)
        self.page.get_by_label("Password").fill(PASSWORDS[name])
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_role("button", name="Sign out").wait_for()

    def texts(self, selector: str) -> list[str]:
        """Of all elements that the selector finds."""
        return [text.strip() for text in self.page.locator(selector).all_inner_texts()]

    def until(self, check: str, argument: Any = None) -> None:
        """Waits until a JavaScript expression holds (asked from here: the page evaluates no text)."""
        deadline = time.monotonic() + PATIENCE
        while not self.page.evaluate(check, argument):
            assert time.monotonic() < deadline, f"never so: {check}; {self.page.locator('main').inner_text()}"
            self.page.wait_for_timeout(30)

    def hosts(self) -> set[str]:
        """That anything was asked of."""
        return {urlsplit(url).netloc for url in self.asked if url.startswith("http")}


@pytest.fixture
def arrive(chromium: Browser, house: House) -> Iterator[Callable[..., Visit]]:
    """A new visitor, whose browser has its own options; afterwards nothing foreign was asked for."""
    visits: list[Visit] = []

    def arrived(url: str = house.url, **options: Any) -> Visit:
        settings = {
            "locale": "en-GB",
            "timezone_id": "Europe/Berlin",
            "viewport": {"width": 1280, "height": 800},
        }
        page = chromium.new_context(**{**settings, **options}).new_page()
        page.set_default_timeout(PATIENCE * 1000)
        visit = Visit(page, house, url)
        page.on(
            "console", lambda said: said.type in ("error", "warning") and visit.complaints.append(said.text)
        )
        page.on("pageerror", lambda error: visit.complaints.append(str(error)))
        page.on("request", lambda request: visit.asked.append(request.url))
        visits.append(visit)
        return visit

    yield arrived
    for visit in visits:
        visit.page.context.close()
        assert visit.hosts() == {urlsplit(visit.url).netloc}, "the page asks nobody but its own API"


@pytest.fixture
def visit(arrive: Callable[..., Visit]) -> Visit:
    """An operator on the list of collections, who has nothing to complain about from here on."""
    visit = arrive()
    visit.open()
    visit.sign_in()
    visit.page.get_by_role("heading", name="Collections").wait_for()
    visit.complaints.clear()  # the browser logs the 401 by which the page found out that nobody is signed in
    return visit
