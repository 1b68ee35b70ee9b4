import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from common.utils.errors import SettingsError, VitrineError
from common.utils.settings import Settings
from vlp import up


class Health(BaseHTTPRequestHandler):
    """Answers as Airflow's health page, with what the server was told."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(self.server.health).encode())  # type: ignore[attr-defined]

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def server() -> Iterator[HTTPServer]:
    with HTTPServer(("127.0.0.1", 0), Health) as found:
        found.health = {name: {"status": "healthy"} for name in ("scheduler", "dag_processor", "triggerer")}  # type: ignore[attr-defined]
        thread = threading.Thread(target=found.serve_forever)
        thread.start()
        yield found
        found.shutdown()
        thread.join()


@pytest.fixture
def stopped() -> dict[str, "subprocess.Popen[bytes]"]:
    process = subprocess.Popen([sys.executable, "-c", "raise SystemExit(3)"])
    process.wait()
    return {"scheduler": process}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_port_that_is_taken_is_said_to_be(server: HTTPServer) -> None:
    port = server.server_port
    with pytest.raises(SettingsError, match=f"Port {port} .* is not free.*make up PORT={port + 1}"):
        up.demand_free(port)
    up.demand_free(free_port())


def test_everything_follows_the_port() -> None:
    environment = up.component_environment(8123, {"AIRFLOW__API__BASE_URL": "elsewhere", "HOME": "/h"})
    assert environment["AIRFLOW__API__PORT"] == "8123"
    assert environment["AIRFLOW__API__BASE_URL"] == "http://127.0.0.1:8123"
    assert environment["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://127.0.0.1:8123/execution/"
    assert environment["HOME"] == "/h"


def test_who_is_not_healthy(server: HTTPServer) -> None:
    assert up.unhealthy(free_port()) == {"api-server"}
    assert up.unhealthy(server.server_port) == set()
    server.health["triggerer"]["status"] = None  # type: ignore[attr-defined]
    assert up.unhealthy(server.server_port) == {"triggerer"}


def test_it_waits_for_those_it_is_told_to(server: HTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(up, "READY_WITHIN", 0.1)
    server.health["scheduler"]["status"] = "unhealthy"  # type: ignore[attr-defined]
    up.wait_for(server.server_port, {}, {"api-server", "triggerer"})
    with pytest.raises(VitrineError, match="not ready after 0 seconds: waiting for scheduler"):
        up.wait_for(server.server_port, {}, {"scheduler", "triggerer"})


def test_a_component_that_stops_is_named(stopped: dict[str, "subprocess.Popen[bytes]"]) -> None:
    with pytest.raises(VitrineError, match=r"scheduler stopped by itself with exit code 3.*scheduler\.log"):
        up.watch(stopped)


def test_a_signal_stops_it_once() -> None:
    before = {number: signal.getsignal(number) for number in up.SIGNALS}
    try:
        up.heed(up._stop)
        with pytest.raises(up.Stopped):
            os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)  # while it stops, another one changes nothing
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def test_the_banner_says_where_and_with_which_password(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path)
    up.logs(settings)
    up.password_file(settings).write_text('{"admin": "secret"}')
    text = up.banner(settings, 8123)
    assert "http://127.0.0.1:8123  (user admin, password secret)" in text
    assert "http://127.0.0.1:8123/dashboards/v1/collections" in text
    assert str(tmp_path / "airflow" / "logs" / "up") in text
    up.password_file(settings).write_text("")  # as Airflow leaves it where everybody is an admin
    assert "(everybody is an admin)" in up.banner(settings, 8123)


def test_a_database_that_cannot_be_migrated_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(up, "airflow", lambda: "false")
    with pytest.raises(VitrineError, match=r"cannot be migrated.*migrate\.log"):
        up.migrate(Settings(home=tmp_path))
    monkeypatch.setattr(up, "airflow", lambda: "true")
    up.migrate(Settings(home=tmp_path))
    assert oct(up.password_file(Settings(home=tmp_path)).stat().st_mode)[-3:] == "600"
