"""Throw-away servers keep what they acknowledged, end with their session, and are not absent in silence."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

import servers
from servers import KINDS, Server, ServerError, new_server
from servers.mysql import connect
from servers.process import USER
from servers.session import Session

TESTS = Path(__file__).parent
SYSTEM = {
    "postgresql": "postgres",
    "mysql": "",
    "mongodb": "admin",
}  # where an administrator logs in


@pytest.fixture(scope="module", params=KINDS)
def one(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server of each kind, of this module alone."""
    server = new_server(request.param)
    yield server
    server.stop()


def write(url: str, value: int) -> None:
    """Puts a number into a database; acknowledged when it returns."""
    match urlsplit(url).scheme:
        case "postgresql":
            import psycopg

            with psycopg.connect(url) as connection:
                connection.execute("CREATE TABLE IF NOT EXISTS numbers (value int)")
                connection.execute("INSERT INTO numbers VALUES (%s)", [value])
        case "mysql":
            connection = connect(url)
            cursor = connection.cursor()
            cursor.execute(f"USE {urlsplit(url).path[1:]}")
            cursor.execute("CREATE TABLE IF NOT EXISTS numbers (value int)")
            cursor.execute("INSERT INTO numbers VALUES (%s)", [value])
            connection.close()
        case "mongodb":
            import pymongo

            with pymongo.MongoClient(url) as client:
                client.get_default_database().numbers.insert_one({"value": value})


def read(url: str) -> list[int]:
    """The numbers in a database."""
    match urlsplit(url).scheme:
        case "postgresql":
            import psycopg

            with psycopg.connect(url) as connection:
                return [value for (value,) in connection.execute("SELECT value FROM numbers ORDER BY value")]
        case "mysql":
            connection = connect(url)
            cursor = connection.cursor()
            cursor.execute(f"SELECT value FROM {urlsplit(url).path[1:]}.numbers ORDER BY value")
            found = [value for (value,) in cursor]
            connection.close()
            return found
    import pymongo

    with pymongo.MongoClient(url) as client:
        return [found["value"] for found in client.get_default_database().numbers.find().sort("value")]


def test_each_database_is_empty_and_what_is_acknowledged_outlives_sigkill(one: Server) -> None:
    first, second = one.empty_database(), one.empty_database()
    write(first, 1)
    write(second, 2)
    one.restart()
    assert (read(first), read(second)) == ([1], [2])
    one.restart(kill=False)
    write(first, 3)
    assert read(first) == [1, 3]


def test_a_paused_server_answers_nobody_until_it_is_resumed(one: Server) -> None:
    one.pause()
    assert not one.answers()
    one.resume()
    assert one.answers()


def test_a_forked_child_ends_no_server(one: Server) -> None:
    child = os.fork()
    if not child:
        servers.shut_down()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    assert one.answers()


def test_nobody_gets_in_without_the_password(one: Server) -> None:
    url = one.empty_database()
    write(url, 1)
    for other in (url.replace(one.password, "wrong"), url.replace(f"{USER}:{one.password}@", "")):
        with pytest.raises(Exception, match=r"(?i)password|denied|authenticat"):
            read(other)


def test_a_start_that_fails_shows_the_log(one: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    command = type(one).command
    monkeypatch.setattr(type(one), "command", lambda self: [*command(self), "--nonsense"])
    monkeypatch.setattr(servers, "_shared", {})
    with pytest.raises(ServerError, match=r"does not start(?s:.)*nonsense") as first:
        servers.server(one.kind)
    with pytest.raises(ServerError) as second:
        servers.server(one.kind)
    assert second.value is first.value, "it was started a second time"


def test_a_server_that_is_given_is_cleaned_up_and_never_stopped(
    one: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(one.variable, one.url(SYSTEM[one.kind]).removesuffix("?authSource=admin"))
    given = KINDS[one.kind](Session())
    assert one.variable in given.described()
    given.start()
    url = given.empty_database()
    write(url, 1)
    assert read(url) == [1]
    with pytest.raises(pytest.skip.Exception, match="not ours to stop"):
        given.restart()
    given.session.end()
    assert one.answers()
    if one.kind == "mongodb":
        assert read(url) == []
    else:
        with pytest.raises(Exception, match=r"does not exist|doesn't exist"):
            read(url)


# the session

ASKS = """
import time
from pathlib import Path
from servers import SESSION, server

def test_it(tmp_path):
    server("{kind}")
    Path("ready.part").write_text(str(SESSION.folder))
    Path("ready.part").rename("ready")
    time.sleep({pause})
"""


def pytest_in(folder: Path, kind: str, pause: int = 0, **environment: str) -> subprocess.Popen[str]:
    """A test session of its own that asks for one server; it writes ``ready`` when it has it."""
    (folder / "test_it.py").write_text(ASKS.format(kind=kind, pause=pause))
    options = ["-p", "conftest", "-p", "no:cacheprovider", "-rs", "test_it.py"]
    kept = {name: value for name, value in os.environ.items() if name not in ("CI", *variables())}
    return subprocess.Popen(
        [sys.executable, "-m", "pytest", *options],
        cwd=folder,
        env={**kept, "PYTHONPATH": str(TESTS), **environment},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def variables() -> list[str]:
    return [kind.variable for kind in KINDS.values()]


def until_gone(process: psutil.Process) -> None:
    deadline = time.monotonic() + 30
    while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, f"{process} runs on"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("end", "kind"),
    [(signal.SIGINT, "postgresql"), (signal.SIGTERM, "mysql"), *((signal.SIGKILL, kind) for kind in KINDS)],
)
def test_servers_end_with_their_session(end: signal.Signals, kind: str, tmp_path: Path) -> None:
    if reason := KINDS[kind].absent():
        pytest.skip(reason)
    process = pytest_in(tmp_path, kind, pause=60)
    try:
        while not (tmp_path / "ready").exists():
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.02)
        folder = Path((tmp_path / "ready").read_text())
        family = psutil.Process(process.pid).children(recursive=True)
        assert len(family) >= 2, "a server and the guard"
    finally:
        process.send_signal(end)
        process.communicate(timeout=180)
    for member in family:
        until_gone(member)
    assert not folder.exists()


def test_a_session_says_which_stores_it_ran_against(tmp_path: Path) -> None:
    if reason := KINDS["mysql"].absent():
        pytest.skip(reason)
    said = pytest_in(tmp_path, "mysql", XDG_CACHE_HOME=str(tmp_path)).communicate(timeout=180)[0]
    names = [kind.described() for kind in KINDS.values() if not kind.absent()]
    assert "1 passed" in said
    assert "stores: SQLite 3." in said
    assert f", {KINDS['mysql'].described()} (ready in " in said
    assert all(name in said for name in names if "SecantusDB" not in name)


@pytest.mark.parametrize(("ci", "outcome"), [("", "1 skipped"), ("true", "1 failed")])
def test_an_absent_server_is_skipped_with_its_reason_and_fails_in_ci(
    ci: str, outcome: str, tmp_path: Path
) -> None:
    nowhere = {"PATH": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path), "CI": ci}
    said = pytest_in(tmp_path, "mongodb", **nowhere).communicate(timeout=180)[0]
    assert outcome in said
    assert "no MongoDB: no mongod on the PATH" in said
    assert "NOT tested: MongoDB: no mongod on the PATH" in said
    assert ("CI tests every store" in said) == bool(ci)
