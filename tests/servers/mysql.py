"""MariaDB or MySQL as a throw-away server."""

from __future__ import annotations

import os
import re
import secrets
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from servers.process import HOST, PATIENCE, USER, Server, ServerError, find
from servers.session import Session

PLACES = ("/usr/sbin", "/usr/local/sbin", "/usr/libexec", "/opt/homebrew/bin")


class MySQL(Server):
    """MariaDB, or MySQL where that is what the machine has: every commit is on disk when it is acknowledged.

    Text sorts by language unless a column says otherwise.
    """

    kind = "mysql"
    title = "MariaDB or MySQL"
    variable = "MYSQL_TEST_URI"

    def __init__(self, session: Session) -> None:
        super().__init__(session, secrets.token_hex(8))

    @classmethod
    def absent(cls) -> str | None:
        if os.environ.get(cls.variable) or program():
            return None
        return (
            f"no mariadbd or mysqld on the PATH or in {PLACES[0]}. "
            f"Install mariadb-server, or set {cls.variable}."
        )

    @classmethod
    def described(cls) -> str:
        if uri := os.environ.get(cls.variable):
            return f"{named(version_at(uri))} ({cls.variable})"
        return named(version_of(program()))

    def prepare(self) -> None:
        self._accounts.write_text(
            f"CREATE USER IF NOT EXISTS '{USER}'@'%' IDENTIFIED BY '{self.password}';\n"
            f"GRANT ALL ON *.* TO '{USER}'@'%' WITH GRANT OPTION;\n"
        )
        options = ["--no-defaults", f"--datadir={self._data}", *_as_root()]
        if "MariaDB" not in version_of(program()):
            return self.run(program(), *options, "--initialize-insecure")
        installer = find("mariadb-install-db") or find("mysql_install_db")
        if not installer:
            raise ServerError("mariadb-install-db is not on the PATH: install all of mariadb-server.")
        self.run(installer, *options, "--skip-test-db", "--force")  # no look-up of names

    def command(self) -> Sequence[str]:
        settings = {
            "datadir": self._data,
            "bind-address": HOST,
            "port": self.port,
            "socket": self.folder / "socket",
            "pid-file": self._data / "server.pid",
            "init-file": self._accounts,
            "character-set-server": "utf8mb4",
            "max-connections": 200,
            "loose-mysqlx": "OFF",  # MySQL alone knows it
        }
        given = [f"--{name}={value}" for name, value in settings.items()]
        return [program(), "--no-defaults", "--skip-name-resolve", "--skip-log-bin", *_as_root(), *given]

    def answers(self) -> bool:
        import mysql.connector

        try:
            connect(self.uri).close()
            return True
        except mysql.connector.Error:
            return False

    def create(self, database: str) -> None:
        self._execute(f"CREATE DATABASE {database}")

    def drop(self, database: str) -> None:
        self._execute(f"DROP DATABASE IF EXISTS {database}")

    def _execute(self, statement: str) -> None:
        connection = connect(self.uri)
        try:
            connection.cursor().execute(statement)
        finally:
            connection.close()

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _accounts(self) -> Path:
        return self.folder / "accounts.sql"


def _as_root() -> list[str]:
    return ["--user=root"] if os.geteuid() == 0 else []  # it runs as root only when it is told to


def connect(uri: str) -> Any:
    """A connection to a server, in no database."""
    import mysql.connector

    parts = urlsplit(uri)
    return mysql.connector.connect(
        host=parts.hostname,
        port=parts.port or 3306,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        connection_timeout=PATIENCE,
        autocommit=True,
    )


def program() -> str:
    """The server's program; empty where there is none."""
    return find("mariadbd", *PLACES) or find("mysqld", *PLACES) or ""


def named(version: str) -> str:
    """``MariaDB 10.11.19``, from what a server or its program says of its version."""
    release = re.search(r"\d+\.\d+\.\d+", version)
    return f"{'MariaDB' if 'MariaDB' in version else 'MySQL'} {release.group() if release else version}"


@cache
def version_of(path: str) -> str:
    """What a program says of its version."""
    return subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout


@cache
def version_at(uri: str) -> str:
    """What a server that is given says of its version."""
    import mysql.connector

    try:
        connection = connect(uri)
    except mysql.connector.Error:
        return "that does not answer"
    try:
        cursor = connection.cursor()
        cursor.execute("SELECT version()")
        return str(cursor.fetchone()[0])
    finally:
        connection.close()
