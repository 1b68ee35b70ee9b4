"""PostgreSQL as a throw-away server."""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import ClassVar

from servers.process import HOST, PATIENCE, USER, Server, find
from servers.session import Session

PLACES = ("/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin")


class PostgreSQL(Server):
    """PostgreSQL with its own settings: every commit is on disk when it is acknowledged.

    Its databases sort text by language, as most do, so that a store that does not ask for byte order is seen.
    """

    kind = "postgresql"
    title = "PostgreSQL"
    variable = "POSTGRESQL_TEST_URI"
    farewell: ClassVar[signal.Signals] = signal.SIGQUIT  # after SIGKILL its shared memory would stay
    graceful: ClassVar[signal.Signals] = signal.SIGINT

    def __init__(self, session: Session) -> None:
        super().__init__(session, secrets.token_hex(8))

    @classmethod
    def absent(cls) -> str | None:
        if os.environ.get(cls.variable) or programs():
            return None
        return f"no initdb on the PATH or in {PLACES[0]}. Install postgresql, or set {cls.variable}."

    @classmethod
    def described(cls) -> str:
        if uri := os.environ.get(cls.variable):
            return f"PostgreSQL {version_at(uri)} ({cls.variable})"
        return f"PostgreSQL {version_of(f'{programs()}/postgres')}"

    def prepare(self) -> None:
        password = self.folder / "password"
        password.write_text(self.password)
        self._give(password)
        options = {
            "pgdata": self._data,
            "username": USER,
            "pwfile": password,
            "auth": "scram-sha-256",
            "encoding": "UTF8",
            "locale-provider": "icu",
            "icu-locale": "en-US",
        }
        given = [f"--{name}={value}" for name, value in options.items()]
        self.run(f"{programs()}/initdb", "--no-sync", *given)

    def command(self) -> Sequence[str]:
        settings = {
            "listen_addresses": HOST,
            "port": self.port,
            "unix_socket_directories": "",
            "max_connections": 200,
            "recovery_init_sync_method": "syncfs"
            if sys.platform == "linux"
            else "fsync",  # by far the faster
        }
        given = [f"--{name}={value}" for name, value in settings.items()]
        return [f"{programs()}/postgres", "-D", str(self._data), *given]

    def answers(self) -> bool:
        import psycopg

        try:
            with psycopg.connect(self._system, connect_timeout=PATIENCE):
                return True
        except psycopg.OperationalError:
            return False

    def create(self, database: str) -> None:
        self._execute(f"CREATE DATABASE {database}")

    def drop(self, database: str) -> None:
        self._execute(f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")

    def user(self) -> str | None:
        return "nobody" if os.geteuid() == 0 else None  # it refuses to run as root

    def _execute(self, statement: str) -> None:
        import psycopg

        with psycopg.connect(self._system, autocommit=True) as connection:
            connection.execute(statement.encode())

    @property
    def _system(self) -> str:
        """The database that its administrator connects to: the one of the URL, where it is given."""
        return self.url("postgres") if self.own else self.uri

    @property
    def _data(self) -> Path:
        return self.folder / "data"


def programs() -> Path | None:
    """The folder of its programs: distributions put no more than links to a few of them on the PATH."""
    initdb = find("initdb", *PLACES)
    return Path(initdb).resolve().parent if initdb else None


@cache
def version_of(program: str) -> str:
    """The release of a program."""
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    return re.findall(r"\d+[\d.]*", said.stdout)[0]


@cache
def version_at(uri: str) -> str:
    """The release of a server that is given."""
    import psycopg

    try:
        with psycopg.connect(uri, connect_timeout=PATIENCE) as connection:
            return connection.info.parameter_status("server_version") or "?"
    except psycopg.OperationalError:
        return "that does not answer"
