"""The commands, as processes over real HTTP, and what they say where they cannot work."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pytest

from common.io.collections import open_store
from common.io.collections.protocol import Publication
from common.utils.odcs import load_contracts

NAME = "sales/product_revenue"
VALUES = {
    "date": date(2026, 1, 31),
    "string": "Zoë",
    "integer": 2**60,
    "decimal": Decimal("0.1000"),
    "number": 0.5,
    "boolean": True,
    "timestamp": datetime(2026, 1, 31, tzinfo=UTC),
}


@pytest.fixture(scope="module")
def environment(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A store with one row of the repository's own collection, and an Airflow of its own."""
    folder = tmp_path_factory.mktemp("standalone")
    contract = load_contracts(repository / "include" / "contracts")[NAME]
    url = f"sqlite:///{folder / 'collections.db'}"
    store = open_store(url, batch_size=10)
    collection = store.collection(contract)
    collection.ensure()
    row = {field.name: VALUES[field.type] for field in contract.fields}
    batch = pa.RecordBatch.from_pylist([row], schema=contract.schema)
    staged = collection.stage([batch], ["2026-01-31"], run_id="run")
    collection.publish(
        staged.attempt, Publication("run", datetime(2026, 1, 31, tzinfo=UTC), "source", {}, "1.0.0")
    )
    store.close()
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": str(repository / "plugins"),
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__API_AUTH__JWT_SECRET": "a-secret-of-these-tests-alone-" + "x" * 40,
        "VITRINE_COLLECTIONS": url,
        "VITRINE_HOME": str(folder / "vitrine"),
    }


def run(environment: dict[str, str], *command: str, **options: Any) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, *command],
        env=environment,
        cwd=environment["HOME"],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **options,
    )


def finished(process: subprocess.Popen[str]) -> str:
    output, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return output


@pytest.fixture(scope="module")
def server(environment: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """The API alone: where it listens, a token and the document; the three commands run side by side."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    migrate = run(environment, "-c", "from airflow.utils.db import initdb; initdb()")
    process = run(environment, "-m", "dashboards.standalone", "--port", str(port))
    token, document = run(environment, "-m", "dashboards.token"), run(environment, "-m", "dashboards.openapi")
    url = f"http://127.0.0.1:{port}"
    try:
        finished(migrate)
        printed = finished(token), finished(document)
        wait_for(f"{url}/dashboards/v1/health", process)
        yield url, printed[0].splitlines()[-1], printed[1]
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.communicate()


def wait_for(url: str, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert process.poll() is None, process.communicate()
        try:
            if httpx.get(url).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.1)
    pytest.fail("the API does not come up")


def test_it_serves_alone_what_its_token_may_read(server: tuple[str, str, str]) -> None:
    url, token, _ = server
    page = f"{url}/dashboards/v1/collections/{NAME}"
    assert httpx.get(page).status_code == 401
    with httpx.Client(headers={"Authorization": f"Bearer {token}"}) as client:
        answer = client.get(page)
        assert answer.status_code == 200
        row = answer.json()["data"][0]
        assert row["date"] == "2026-01-31"
        assert row["revenue"] == "0.1000"
        assert row["quantity"] == 2**60
        assert client.get(page, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
        head = client.head(page)
        assert (head.status_code, head.content) == (200, b"")
        listed = client.get(f"{url}/dashboards/v1/collections").json()["data"]
        assert next(one for one in listed if one["name"] == NAME)["links"]["self"] in page
        assert client.get(f"{url}/").json()["status"] == "error"


def test_nobody_chooses_their_address(server: tuple[str, str, str], environment: dict[str, str]) -> None:
    """Not even on the machine itself, which proxies are on, unless a setting says that there are some."""
    url, token, _ = server
    sent = {"Authorization": f"Bearer {token}", "X-Forwarded-For": "203.0.113.9", "X-Request-ID": "forged"}
    assert httpx.get(f"{url}/dashboards/v1/collections/{NAME}", headers=sent).status_code == 200
    deadline, folder = time.monotonic() + 30, Path(environment["VITRINE_HOME"]) / "audit"
    found: list[dict[str, str]] = []
    while not found and time.monotonic() < deadline:
        lines = [line for path in folder.glob("*.ndjson") for line in path.read_text().splitlines()]
        found = [one for one in map(json.loads, lines) if one.get("request_id") == "forged"]
        time.sleep(0.1)
    assert [one["address"] for one in found] == ["127.0.0.1"]


def test_the_document_is_all_that_is_printed_and_has_the_full_paths(server: tuple[str, str, str]) -> None:
    document = json.loads(server[2])
    assert document["openapi"].startswith("3.1")
    assert f"/dashboards/v1/collections/{NAME}" in document["paths"]


def test_the_token_is_one_line(server: tuple[str, str, str]) -> None:
    assert server[1].count(".") == 2
    assert " " not in server[1]


@pytest.fixture
def here(
    environment: dict[str, str], airflow_users: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commands in this process."""
    monkeypatch.setenv("VITRINE_COLLECTIONS", environment["VITRINE_COLLECTIONS"])


def test_uvicorn_finds_the_app(here: None) -> None:
    from dashboards import standalone

    assert standalone.app.url_path_for(NAME) == f"/dashboards/v1/collections/{NAME}"
    with pytest.raises(AttributeError, match="no attribute 'ap'"):
        standalone.ap  # noqa: B018


def test_the_token_says_for_whom_and_how_long(here: None, capsys: pytest.CaptureFixture[str]) -> None:
    from dashboards import token

    assert token.main([]) == 0
    printed = capsys.readouterr()
    assert "For admin, valid for 24 hours" in printed.err
    assert printed.out.count(".") == 2
    assert token.main(["--user", "nobody"]) == 2
    assert "no user 'nobody'" in capsys.readouterr().err


def test_who_starts_the_api_alone_is_told_the_page_and_a_password(
    here: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dashboards import standalone

    file = tmp_path / "passwords.json"
    monkeypatch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE", str(file))
    said = standalone.banner("127.0.0.1", 8099, terminal=True)
    (password,) = json.loads(file.read_text()).values()
    assert f"http://127.0.0.1:8099/dashboards/v1/page/  (user admin, password {password})" in said
    assert oct(file.stat().st_mode)[-3:] == "600"
    assert standalone.banner("127.0.0.1", 8099, terminal=True) == said, "what was made before is kept"
    assert password not in standalone.banner("127.0.0.1", 8099, terminal=False), "a log shows no secret"
    monkeypatch.setenv("AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS", "True")
    assert "everybody is an admin" in standalone.banner("127.0.0.1", 8099, terminal=True)


def test_the_document_is_valid_json_alone(here: None, capsys: pytest.CaptureFixture[str]) -> None:
    from dashboards import openapi

    assert openapi.main() == 0
    assert NAME.split("/")[1] in json.dumps(json.loads(capsys.readouterr().out))


def test_what_keeps_a_command_from_working_is_said(
    here: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from dashboards import openapi, standalone, token

    monkeypatch.setenv("VITRINE_COLLECTIONS", "postgres-or-so")
    assert openapi.main() == 2
    assert standalone.main([]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("no Connection 'postgres-or-so', by which a store or a source") == 2
    monkeypatch.setenv("AIRFLOW__API_AUTH__JWT_SECRET", "")
    assert standalone.main([]) == 2
    assert token.main([]) == 2
    assert capsys.readouterr().err.count("AIRFLOW__API_AUTH__JWT_SECRET") == 2
