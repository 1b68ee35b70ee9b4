"""The page in Airflow's own navigation: its users are signed in already, and its address can be shared."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from plugins.page.house import NAME, House
from plugins.page.server import PASSWORDS, Server


@pytest.fixture
def airflow(repository: Path, server: tuple[House, Server], house: House) -> Iterator[str]:
    """Airflow's API server on the same house."""
    process = Server(repository, house.folder, migrated=True)
    process.environment |= {
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(repository / "plugins"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(house.folder / "dags"),
        "AIRFLOW__API__BASE_URL": process.url,
        "AIRFLOW__API__SECRET_KEY": "k" * 40,
        "AIRFLOW__API__WORKERS": "1",
    }
    try:
        process.start("-m", "airflow", "api-server", "--host", "127.0.0.1", "--port", str(process.port))
        yield process.url
    finally:
        process.stop()


def test_the_entry_opens_the_page_without_a_second_sign_in(airflow: str, arrive: Callable[..., Any]) -> None:
    given = {"username": "olga", "password": PASSWORDS["olga"]}
    token = httpx.post(f"{airflow}/auth/token", json=given).json()["access_token"]
    visit = arrive(airflow)
    page = visit.page
    page.context.add_cookies([{"name": "_token", "value": token, "url": airflow}])
    page.goto(airflow)
    page.get_by_role("link", name="Collections").click()
    frame = page.frame_locator("iframe[title=Collections]")
    frame.get_by_role("link", name=NAME).click()
    frame.get_by_role("heading", name=NAME).wait_for()
    assert frame.get_by_role("button", name="Sign out").count() == 0
    visit.until("name => location.hash.endsWith(name)", NAME)
    page.reload()
    frame.get_by_role("heading", name=NAME).wait_for()
    assert [said for said in visit.complaints if "Content Security Policy" in said] == []
