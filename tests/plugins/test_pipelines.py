"""The collections of pipelines stand in the API beside those of code, and their chart on the page."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from common.io.collections import open_store
from common.pipelines.contracts import contract_of, contracts
from common.utils.settings import Settings
from common.utils.window import Window
from common.verbs.pipeline import run_all
from common.verbs.references import Run
from common.verbs.subject import Subject
from unit.common.verbs.house import House

MONTHS, DAYS = "sales/product_months", "sales/product_revenue"
EVER = Window(datetime(1970, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


@pytest.fixture
def settings(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The days are published from code, and the months from YAML."""
    house = House(tmp_path, monkeypatch)
    house.write(
        "a.csv", "2026-01-05,p1,Mug,2,3.5000", "2026-01-31,p1,Mug,1,1.0000", "2026-02-01,p1,Mug,1,1.0000"
    )
    house.publish("days")
    settings = Settings.from_environment()
    contract = contract_of(settings, MONTHS)
    run_all(Subject.of(contract), contract, settings, Run("months", EVER))
    return settings


def test_a_pipelines_collection_is_listed_described_and_read(
    settings: Settings, airflow_users: Callable[..., str]
) -> None:
    from dashboards.app import create_app

    store = open_store(settings.collections_url, batch_size=1000, read_only=True)
    app = create_app(contracts(settings), store, settings=settings)
    headers = {"Authorization": f"Bearer {airflow_users()}"}
    with TestClient(app, headers=headers) as client:
        listed = {one["name"]: one for one in client.get("/collections").json()["data"]}
        assert (listed[MONTHS]["version"], listed[MONTHS]["rows"]) == (1, 2)
        assert listed[DAYS]["rows"] == 3
        answer = client.get(f"/collections/{MONTHS}", params={"month": "2026-01-01", "sort": "-product_id"})
        assert answer.status_code == 200, answer.text
        (row,) = answer.json()["data"]
        assert (row["product_id"], row["quantity"], row["revenue"]) == ("p1", 3, "8.0000")
        assert answer.json()["metadata"]["data_as_of"].startswith("2026-02-01")
    store.close()
