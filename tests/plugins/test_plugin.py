"""The plugin in Airflow's own API server, each time in a process of its own."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

# Airflow's API server as `airflow api-server` makes it, and requests to it.
SCRIPT = """
import json, sys
from airflow.utils.db import initdb
initdb()
from airflow.api_fastapi.app import create_app, create_auth_manager
from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
from airflow.plugins_manager import get_import_errors
from starlette.testclient import TestClient

app = create_app()
token = create_auth_manager().generate_jwt(SimpleAuthManagerUser(username="ann", role="viewer"))
users = {"Authorization": f"Bearer {token}"}
found = {"import_errors": get_import_errors(), "token": sys.modules.get("token", json).__file__,
         "app": "app" in sys.modules}
with TestClient(app) as client:
    for name, path, headers in json.loads(sys.argv[1]):
        answer = client.get(path, headers=users if headers == "user" else headers)
        found[name] = [answer.status_code, answer.json()]
    found["airflow"] = client.get("/api/v2/version").status_code
print("\\n" + json.dumps(found))
"""
COLLECTIONS = "/dashboards/v1/collections"


NORMAL = [
    ("health", "/dashboards/v1/health", {}, 200),
    ("nobody", COLLECTIONS, {}, 401),
    ("list", COLLECTIONS, "user", 200),
    ("page", f"{COLLECTIONS}/sales/product_revenue", "user", 404),
    ("wrong", f"{COLLECTIONS}/sales/product_revenue?limt=1", "user", 400),
    ("document", "/dashboards/v1/openapi.json", "user", 200),
    ("nowhere", "/dashboards/v1/nowhere", {}, 404),
]
BROKEN = [
    ("health", "/dashboards/v1/health", {}, 503),
    ("page", COLLECTIONS, {}, 503),
    ("root", "/dashboards/v1/", {}, 503),
]
Asked = list[tuple[str, str, Any, int]]


def start(repository: Path, folder: Path, asked: Asked, **variables: str) -> subprocess.Popen[str]:
    environment = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(folder),
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(repository / "plugins"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(folder),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__API_AUTH__JWT_SECRET": "a-secret-of-these-tests-alone-" + "x" * 40,
        "VITRINE_COLLECTIONS": f"sqlite:///{folder / 'collections.db'}",
        **variables,
    }
    command = [sys.executable, "-c", SCRIPT, json.dumps([one[:3] for one in asked])]
    return subprocess.Popen(
        command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


@pytest.fixture(scope="module")
def airflow(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What two API servers answer, one with the repository's contracts, one with a broken contract."""
    folders = {name: tmp_path_factory.mktemp(name) for name in ("normal", "broken")}
    contract = folders["broken"] / "contracts" / "shop" / "orders.odcs.yaml"
    contract.parent.mkdir(parents=True)
    contract.write_text("kind: DataContrakt\n")
    started = {
        "normal": start(repository, folders["normal"], NORMAL),
        "broken": start(repository, folders["broken"], BROKEN, VITRINE_CONTRACTS=str(contract.parents[1])),
    }
    found = {}
    for name, process in started.items():
        output, log = process.communicate(timeout=200)
        assert process.returncode == 0, log
        found[name] = {**json.loads(output.splitlines()[-1]), "log": output + log}
    return found


def test_it_stands_under_its_prefix_and_asks_for_a_user(airflow: dict[str, dict[str, Any]]) -> None:
    found = airflow["normal"]
    assert found["import_errors"] == {}
    assert found["airflow"] == 200
    assert {name: found[name][0] for name, *_ in NORMAL} == {name: status for name, *_, status in NORMAL}
    for name in ("health", "nobody", "list", "page", "wrong", "nowhere"):
        assert set(found[name][1]) == {"status", "data", "message", "timestamp", "metadata"}
    listed = {one["name"]: one["links"]["self"] for one in found["list"][1]["data"]}
    assert listed["sales/product_revenue"] == f"{COLLECTIONS}/sales/product_revenue"
    assert found["document"][1]["servers"] == [{"url": "/dashboards/v1"}]


def test_airflow_loads_none_of_its_modules_by_a_bare_name(
    airflow: dict[str, dict[str, Any]], repository: Path
) -> None:
    """Without plugins/.airflowignore, `token` would be ours for the whole API server."""
    assert not airflow["normal"]["token"].startswith(str(repository))
    assert not airflow["normal"]["app"]


def test_airflow_starts_even_where_the_api_cannot(airflow: dict[str, dict[str, Any]]) -> None:
    found = airflow["broken"]
    assert found["airflow"] == 200
    for name, _, _, status in BROKEN:
        assert found[name][0] == status
        assert "not set up right" in found[name][1]["message"]
    assert "DataContrakt" in found["log"], "the log says what is wrong"


def test_the_app_is_made_when_it_is_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, airflow_users: Callable[..., str]
) -> None:
    from dashboards_plugin import DashboardsPlugin

    monkeypatch.setenv("VITRINE_COLLECTIONS", f"sqlite:///{tmp_path / 'collections.db'}")
    monkeypatch.setenv("VITRINE_CONTRACTS", str(tmp_path))
    plugin = DashboardsPlugin()
    (mounted,) = plugin.fastapi_apps
    assert mounted["url_prefix"] == "/dashboards/v1"
    assert plugin.fastapi_apps[0]["app"] is mounted["app"]
    assert TestClient(mounted["app"]).get("/health").json()["data"]["store"] == "reachable"
    (tmp_path / "orders.odcs.yaml").write_text("kind: DataContrakt\n")
    broken = TestClient(DashboardsPlugin().fastapi_apps[0]["app"]).get("/health")
    assert broken.status_code == 503
    assert broken.json()["status"] == "error"
