"""The API in a process of its own, with Airflow's simple auth manager."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx

from servers.process import free_port

SECRET = "a-secret-of-these-tests-alone-" + "x" * 40
PASSWORDS = {"olga": "the-password-of-olga", "vic": "the-password-of-vic"}
ROLES = {"olga": "op", "vic": "viewer"}


class Server:
    """The API alone, or Airflow with it; it can be stopped and started again."""

    def __init__(self, repository: Path, folder: Path, *, migrated: bool = False) -> None:
        self.port, self.folder = free_port(), folder
        self.url = f"http://127.0.0.1:{self.port}"
        (folder / "passwords.json").write_text(json.dumps(PASSWORDS))
        users = ",".join(f"{name}:{role}" for name, role in ROLES.items())
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PYTHONPATH": os.pathsep.join(str(repository / room) for room in ("plugins", "dags")),
            "AIRFLOW_HOME": str(folder / "airflow"),
            "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
            "AIRFLOW__API_AUTH__JWT_SECRET": SECRET,
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": users,
            "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(folder / "passwords.json"),
            "VITRINE_HOME": str(folder / "home"),
            "VITRINE_COLLECTIONS": f"sqlite:///{folder / 'collections.db'}",
            "VITRINE_CONTRACTS": str(folder / "contracts"),
            "VITRINE_PIPELINES": str(folder / "pipelines"),  # there are none
        }
        if not migrated:
            self._run("-m", "airflow", "db", "migrate")
        self.process: subprocess.Popen[bytes] | None = None

    def _run(self, *command: str) -> None:
        done = subprocess.run(
            [sys.executable, *command], check=False, env=self.environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr

    def start(self, *command: str) -> None:
        """Returns when it answers; the API alone unless another command is named."""
        alone = ("-m", "dashboards.standalone", "--port", str(self.port))
        log = self.folder / f"api-{self.port}.log"
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, *(command or alone)],
                env=self.environment,
                cwd=self.folder,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        deadline = time.monotonic() + 120
        while time.monotonic() < deadline:
            assert self.process.poll() is None, log.read_text()
            try:
                if httpx.get(f"{self.url}/dashboards/v1/health").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.1)
        raise AssertionError(f"the API does not come up: {log.read_text()}")

    def stop(self) -> None:
        """Ends what :meth:`start` started."""
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)  # Airflow's has workers, and the group is ours alone
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
