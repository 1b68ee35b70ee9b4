"""Airflow's API server and the API alone beside it, over real HTTP, with either auth manager."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import create_engine
from sqlalchemy.engine import Engine

import servers
from servers import guard
from servers.process import free_port

SECRET = "a-secret-of-these-tests-alone-" + "x" * 40
PASSWORDS = {name: f"pass-word-of-{name}" for name in ("ada", "ora", "ann", "una", "lou", "nil")}
ROLES = {"ada": "admin", "ora": "op", "ann": "viewer", "una": "user", "lou": "viewer", "nil": "public"}
FAB = "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager"
READY = 150  # seconds
API = "/dashboards/v1"

# All but the administrator, whom the command makes: it takes ten seconds for each.
MAKE_USERS = """
import json, sys
from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
from airflow.utils.providers_configuration_loader import providers_configuration_loaded

@providers_configuration_loaded
def make():
    with get_application_builder() as builder:
        for name, role, password in json.loads(sys.argv[1]):
            role = builder.sm.find_role(role.capitalize())
            builder.sm.add_user(name, name, "", f"{name}@example.org", role, password)

make()
"""


@dataclass
class House:
    """Two API processes that share Airflow's metadata database.

    Attributes:
        mode: The auth manager, ``simple`` or ``fab``.
        urls: Of Airflow's API server, where anybody may register, and of the API alone, where nobody may.
        logs: Of both.
        database: URL of the metadata database.
    """

    mode: str
    urls: tuple[str, str]
    logs: tuple[Path, Path]
    database: str

    def ask(self, method: str, path: str, *, at: int = 0, token: str = "", **options: Any) -> httpx.Response:
        """A request to one of the processes, without any cookie but those of ``options``."""
        headers = {**({"Authorization": f"Bearer {token}"} if token else {}), **options.pop("headers", {})}
        place = path if path.startswith(("/api/", "/auth/token")) else f"{API}{path}"
        return httpx.request(method, f"{self.urls[at]}{place}", headers=headers, timeout=60, **options)

    def post(self, path: str, body: Any = None, **options: Any) -> httpx.Response:
        """A POST of JSON to ``/auth``."""
        return self.ask("POST", f"/auth{path}", json={} if body is None else body, **options)

    def me(self, token: str, at: int = 0) -> httpx.Response:
        """Who asks."""
        return self.ask("GET", "/auth/me", at=at, token=token)

    def sign_in(self, name: str, password: str = "", at: int = 0) -> dict[str, Any]:
        """The tokens of a sign-in that succeeds."""
        answer = self.post("/login", {"username": name, "password": password or PASSWORDS[name]}, at=at)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]


@pytest.fixture(params=["simple", "fab"])
def house(request: pytest.FixtureRequest) -> House:
    """Of both auth managers."""
    return request.getfixturevalue(f"{request.param}_house")


@pytest.fixture(scope="session")
def simple_house(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Of the simple auth manager, on SQLite."""
    with opened("simple", repository, tmp_path_factory) as found:
        yield found


@pytest.fixture(scope="session")
def fab_house(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """Of the FAB auth manager, on PostgreSQL."""
    with opened("fab", repository, tmp_path_factory) as found:
        yield found


@contextmanager
def opened(mode: str, repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The processes, one pair a session and auth manager."""
    folder = tmp_path_factory.mktemp(f"house-{mode}")
    environment = environment_of(mode, repository, folder)
    run(environment, "-m", "airflow", "db", "migrate")
    make_users(mode, environment, folder)
    ports = (free_port(), free_port())
    environment["AIRFLOW__API__BASE_URL"] = f"http://127.0.0.1:{ports[0]}"
    commands = (
        ["-m", "airflow", "api-server", "--host", "127.0.0.1", "--port", str(ports[0])],
        ["-m", "dashboards.standalone", "--port", str(ports[1])],
    )
    logs = (folder / "api-server.log", folder / "standalone.log")
    started = [
        start({**environment, "VITRINE_API_REGISTER": str(at == 0)}, log, command)
        for at, (command, log) in enumerate(zip(commands, logs, strict=True))
    ]
    urls = (f"http://127.0.0.1:{ports[0]}", f"http://127.0.0.1:{ports[1]}")
    try:
        for process, url, log in zip(started, urls, logs, strict=True):
            wait_for(process, url, log)
        yield House(mode, urls, logs, environment["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"])
    finally:
        for process in started:
            end(process)


def environment_of(mode: str, repository: Path, folder: Path) -> dict[str, str]:
    """The environment of both processes."""
    (folder / "dags").mkdir()
    database = f"sqlite:///{folder / 'airflow.db'}"
    if mode == "fab":
        database = servers.server("postgresql").empty_database().replace("://", "+psycopg2://", 1)
    managed = {
        "simple": {
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(
                f"{name}:{role}" for name, role in ROLES.items() if role != "public"
            ),
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(folder / "passwords.json"),
        },
        "fab": {"AIRFLOW__CORE__AUTH_MANAGER": FAB},
    }
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": os.pathsep.join(str(repository / room) for room in ("plugins", "dags")),
        "AIRFLOW_HOME": str(folder / "airflow"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(repository / "plugins"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(folder / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__API_AUTH__JWT_SECRET": SECRET,
        "AIRFLOW__API__SECRET_KEY": SECRET,
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
        "VITRINE_HOME": str(folder / "vitrine"),
        "VITRINE_COLLECTIONS": f"sqlite:///{folder / 'collections.db'}",
        **managed[mode],
    }


def make_users(mode: str, environment: dict[str, str], folder: Path) -> None:
    """Everybody of ``PASSWORDS``."""
    if mode == "simple":
        (folder / "passwords.json").write_text(json.dumps(PASSWORDS))
        return
    given = {"username": "ada", "password": PASSWORDS["ada"], "role": "Admin", "email": "ada@example.org"}
    names = {**given, "firstname": "Ada", "lastname": "L"}
    run(environment, "-m", "airflow", "users", "create", *(f"--{k}={v}" for k, v in names.items()))
    others = [(name, ROLES[name], password) for name, password in PASSWORDS.items() if name != "ada"]
    run(environment, "-c", MAKE_USERS, json.dumps(others))


def run(environment: dict[str, str], *command: str) -> None:
    done = subprocess.run(
        [sys.executable, *command], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def start(environment: dict[str, str], log: Path, command: list[str]) -> subprocess.Popen[bytes]:
    """A process that ends with the session, also where that is killed."""
    assert servers.SESSION._guard.poll() is None
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *command],
            env=environment,
            cwd=environment["HOME"],
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    noted = servers.SESSION.folder / f"{log.stem}-{process.pid}"
    noted.mkdir()
    (noted / "pid").write_text(f"{process.pid} {signal.SIGTERM:d}")
    return process


def wait_for(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + READY
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            if httpx.get(f"{url}{API}/health", timeout=5).status_code == 200:
                return
        except httpx.HTTPError:
            pass
        time.sleep(0.3)
    raise AssertionError(f"{url} does not answer after {READY} seconds: {log.read_text()[-3000:]}")


def end(process: subprocess.Popen[bytes]) -> None:
    guard.end(process.pid, signal.SIGTERM)
    process.wait()
    shutil.rmtree(next(servers.SESSION.folder.glob(f"*-{process.pid}")))


@pytest.fixture(params=["sqlite", "postgresql", "mysql"])
def metadata(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Engine]:
    """A metadata database with Airflow's revoked tokens alone."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'airflow.db'}"
    else:
        driver = {"postgresql": "postgresql+psycopg2:", "mysql": "mysql+mysqlconnector:"}[request.param]
        url = driver + servers.server(request.param).empty_database().partition(":")[2]
    from airflow import settings
    from airflow.models.revoked_token import RevokedToken

    isolation = {"isolation_level": "READ COMMITTED"} if request.param == "mysql" else {}  # as Airflow does
    engine = create_engine(url, **isolation)
    RevokedToken.__table__.create(engine)
    monkeypatch.setattr(settings, "engine", engine)
    yield engine
    engine.dispose()
