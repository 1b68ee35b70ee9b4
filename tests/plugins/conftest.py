"""A real store with a collection of every type, the app on it, and Airflow's own users."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from common.io.collections import open_store
from common.io.collections.protocol import Collection, Publication, Published, Store
from common.utils.settings import Settings
from plugins.shop import DAYS, EMPTY, NOW, ORDERS


@dataclass
class Clock:
    """What "now" is, until it is set otherwise."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Shop:
    """The collection of orders in a store that can be written."""

    collection: Collection
    url: str

    def publish(
        self, rows: list[dict[str, Any]], watermark: datetime | None = None, **kept: Any
    ) -> Published:
        """Publishes these rows as all there are."""
        table = pa.Table.from_pylist(rows, schema=ORDERS.schema)
        partitions = [day.isoformat() for day in DAYS]
        staged = self.collection.stage(table.to_batches(), partitions, run_id=f"run-{len(rows)}")
        at = watermark or NOW - timedelta(hours=1)
        publication = Publication("run", at, "source", {}, "1.2.0", **kept)
        return self.collection.publish(staged.attempt, publication)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where an app keeps what it writes, such as the audit."""
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    """Nothing is published yet."""
    url = f"sqlite:///{tmp_path / 'collections.db'}"
    store = open_store(url, batch_size=1000)
    collection = store.collection(ORDERS)
    collection.ensure()
    yield Shop(collection, url)
    store.close()


@pytest.fixture(scope="session")
def airflow_users() -> Iterator[Callable[..., str]]:
    """Airflow with its metadata database and the simple auth manager: gives a token for a role."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AIRFLOW__API_AUTH__JWT_SECRET", "a-secret-of-these-tests-alone-" + "x" * 40)
        from airflow.api_fastapi.app import create_auth_manager, purge_cached_app
        from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
        from airflow.utils.db import initdb

        initdb()
        manager: Any = create_auth_manager()
        assert os.environ["AIRFLOW_HOME"] in manager.get_generated_password_file()

        def token(role: str | None = "viewer", **options: Any) -> str:
            return manager.generate_jwt(SimpleAuthManagerUser(username="ann", role=role), **options)

        yield token
        purge_cached_app()


@dataclass
class Api:
    """The app, a client of it with a viewer's token, and its clock."""

    app: FastAPI
    client: TestClient
    clock: Clock
    store: Store
    settings: Settings

    def get(self, path: str = "/shop/orders", **parameters: Any) -> Any:
        """A page, or another path under ``/collections``."""
        return self.client.get(f"/v1/collections{path}", params=parameters)

    def data(self, **parameters: Any) -> list[dict[str, Any]]:
        """The rows of a page that must be there."""
        answer = self.get(**parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]


@pytest.fixture
def api(shop: Shop, home: Path, airflow_users: Callable[..., str]) -> Iterator[Api]:
    """The app on the shop's store, read only."""
    from dashboards.app import create_app

    settings = Settings(home=home)
    store, clock = open_store(shop.url, batch_size=1000, read_only=True), Clock()
    app = create_app(
        {one.name: one for one in (ORDERS, EMPTY)}, store, settings=settings, prefix="/v1", clock=clock
    )
    headers = {"Authorization": f"Bearer {airflow_users()}"}
    with TestClient(app, headers=headers) as client:
        yield Api(app, client, clock, store, settings)
    store.close()
