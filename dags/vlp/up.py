"""``make up``: Airflow's components on this machine, started and stopped together, leaving nothing behind.

``airflow standalone`` is not used: SIGTERM leaves its children behind.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence, Set
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType
from typing import NoReturn

from common.utils.errors import SettingsError, VitrineError
from common.utils.settings import Settings
from vlp.processes import adopt_orphans, ask, stop_everything
from vlp.source import configure

# The logs are read from their files, so that nothing but the API server takes a port.
COMPONENTS: dict[str, tuple[str, ...]] = {
    "api-server": ("api-server",),
    "dag-processor": ("dag-processor",),
    "triggerer": ("triggerer", "--skip-serve-logs"),
    "scheduler": ("scheduler", "--skip-serve-logs"),
}
READY_WITHIN = 180.0  # seconds; a cold start on two cores takes about 30
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """SIGINT, SIGTERM or SIGHUP has arrived."""


def main(port: int, arguments: Sequence[str]) -> None:
    """Starts everything, says where it is, and waits until somebody stops it.

    Args:
        port: Of the API server, on 127.0.0.1.
        arguments: ``DATA=folder`` and its mapping, see :func:`vlp.source.configure`.

    Raises:
        VitrineError: The port is taken, or a component did not start or stopped by itself.
    """
    settings = Settings.from_environment()
    demand_free(port)
    say(f"Source: {configure(arguments, os.environ, settings, datetime.now(UTC).date())}")
    heed(_stop)
    adopt_orphans()
    processes: dict[str, subprocess.Popen[bytes]] = {}
    try:
        migrate(settings)
        for name in COMPONENTS:
            if name == "scheduler":  # the tasks that it starts at once speak to the API server
                wait_for(port, processes, {"api-server"})
            processes[name] = start(name, port, settings)
        wait_for(port, processes, {"api-server", "scheduler", "dag_processor", "triggerer"})
        say(banner(settings, port))
        watch(processes)
    except Stopped:
        say("\nStopping …")
    finally:
        heed(signal.SIG_IGN)  # we are stopping already
        # The scheduler and its tasks first, while the API server can still note what is to be retried.
        ask([processes["scheduler"].pid] if "scheduler" in processes else [])
        killed = stop_everything()
        say(f"Everything is stopped{f' ({killed} processes had to be killed)' if killed else ''}.")


def demand_free(port: int) -> None:
    """Raises SettingsError where something listens on the port already."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise SettingsError(
                f"Port {port} on 127.0.0.1 is not free ({error.strerror}).",
                next_step=f"Stop what listens there, or choose another: make up PORT={port + 1}",
            ) from error


def component_environment(port: int, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment of the components: everything that names the port, besides what is there."""
    return {
        **environment,
        "AIRFLOW__API__PORT": str(port),
        "AIRFLOW__API__BASE_URL": f"http://127.0.0.1:{port}",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        "PYTHONUNBUFFERED": "1",
    }


def migrate(settings: Settings) -> None:
    """Brings the metadata database to its present schema, and makes the file of the password private."""
    say("Preparing Airflow's database …")
    log = logs(settings) / "migrate.log"
    command = [airflow(), "db", "migrate"]
    with log.open("wb") as output:
        done = subprocess.run(command, stdout=output, stderr=output, check=False)  # noqa: S603 (our own)
    if done.returncode:
        raise VitrineError("Airflow's database cannot be migrated.", where=str(log))
    password_file(settings).touch(mode=0o600)


def start(name: str, port: int, settings: Settings) -> subprocess.Popen[bytes]:
    """Starts a component in a session of its own: the terminal's Ctrl-C reaches this process alone."""
    say(f"Starting {name} …")
    with (logs(settings) / f"{name}.log").open("wb") as output:
        return subprocess.Popen(  # noqa: S603 (our own)
            [airflow(), *COMPONENTS[name]],
            env=component_environment(port, os.environ),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def wait_for(port: int, processes: Mapping[str, subprocess.Popen[bytes]], names: Set[str]) -> None:
    """Returns when these components are healthy.

    Args:
        port: Of the API server, who knows.
        processes: All that have been started.
        names: As Airflow's health page has them, and ``api-server``.

    Raises:
        VitrineError: A component stopped, or it took too long.
    """
    deadline = time.monotonic() + READY_WITHIN
    while missing := names & unhealthy(port):
        demand_running(processes)
        if time.monotonic() > deadline:
            raise VitrineError(
                f"Airflow is not ready after {READY_WITHIN:.0f} seconds: "
                f"waiting for {', '.join(sorted(missing))}.",
                next_step="The logs stand in airflow/logs/up of VITRINE_HOME.",
            )
        time.sleep(0.5)


def unhealthy(port: int) -> Set[str]:
    """The components that the API server does not call healthy, or the API server itself."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v2/monitor/health", timeout=5) as answer:
            health = json.load(answer)
    except OSError:
        return {"api-server"}
    return {name for name, found in health.items() if found["status"] != "healthy"}


def watch(processes: Mapping[str, subprocess.Popen[bytes]]) -> NoReturn:
    """Waits until somebody stops us, or a component stops by itself, which is an error."""
    while True:
        demand_running(processes)
        time.sleep(1)


def demand_running(processes: Mapping[str, subprocess.Popen[bytes]]) -> None:
    """Raises VitrineError where a component has stopped."""
    for name, process in processes.items():
        if process.poll() is not None:
            raise VitrineError(
                f"{name} stopped by itself with exit code {process.returncode}.",
                where=f"airflow/logs/up/{name}.log of VITRINE_HOME",
                next_step="Read the end of that log.",
            )


def banner(settings: Settings, port: int) -> str:
    """Where everything is, and with which password."""
    passwords = json.loads(password_file(settings).read_text("utf-8") or "{}")  # empty: all are admins
    users = ", ".join(f"user {name}, password {password}" for name, password in passwords.items())
    users = users or "everybody is an admin"
    return (
        f"\nAirflow is ready:  http://127.0.0.1:{port}  ({users})\n"
        f"Collections:       http://127.0.0.1:{port}/dashboards/v1/page/  (in Airflow's menu too)\n"
        f"Read API:          http://127.0.0.1:{port}/dashboards/v1/collections  (token: make token)\n"
        f"Logs:              {logs(settings)}\n"
        f"Stores:            {', '.join(settings.stores)}\n"
        "Stop:              Ctrl-C"
    )


def password_file(settings: Settings) -> Path:
    """Where Airflow's simple auth manager keeps the passwords that it makes up."""
    return settings.home / "airflow" / "simple_auth_manager_passwords.json.generated"


def logs(settings: Settings) -> Path:
    """Folder of the components' logs."""
    folder = settings.home / "airflow" / "logs" / "up"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def airflow() -> str:
    """The ``airflow`` command of this environment."""
    return str(Path(sys.executable).parent / "airflow")


def say(text: str) -> None:
    """One line for the person at the terminal, at once."""
    print(text, flush=True)  # noqa: T201 (what a command is for)


def heed(what: Callable[[int, FrameType | None], NoReturn] | signal.Handlers) -> None:
    """What the signals that stop us do from now on."""
    for number in SIGNALS:
        signal.signal(number, what)


def _stop(_number: int, _frame: FrameType | None) -> NoReturn:
    heed(signal.SIG_IGN)
    raise Stopped


if __name__ == "__main__":
    try:
        main(int(os.environ.get("PORT", "8080")), sys.argv[1:])
    except VitrineError as error:
        sys.exit(f"\n{error}")
