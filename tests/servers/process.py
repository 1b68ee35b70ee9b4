"""One database server: its own process in a folder of its own, or one that is given by its address."""

from __future__ import annotations

import os
import pwd
import random
import secrets
import shutil
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import urlsplit

import pytest

from servers.guard import end, family_of, send
from servers.session import Session

LIMIT = 60.0  # seconds for a server to answer; an idle machine needs less than one
PATIENCE = 2  # seconds for it to let a client in
HOST, USER = "127.0.0.1", "vitrine"


class ServerError(Exception):
    """A server that is there does not start or does not answer."""


def find(name: str, *places: str) -> str | None:
    """A program on the PATH, else in one of the usual folders (patterns), of several releases the last."""
    usual = [str(one) for place in places for one in sorted(Path("/").glob(place[1:]), reverse=True)]
    path = os.environ.get("PATH", "")
    return (shutil.which(name, path=path) if path else None) or shutil.which(
        name, path=os.pathsep.join(usual)
    )


def free_port() -> int:
    """A free port below those that the system gives to clients, so that it is free again after a restart."""
    while True:
        port = random.randint(15000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind((HOST, port))
            except OSError:
                continue
            return port


def stopped(pid: int) -> bool:
    """Whether all threads of a process stand still; on a busy machine some go on a while after SIGSTOP."""
    try:
        said = [task.read_text() for task in Path(f"/proc/{pid}/task").glob("*/stat")]
    except OSError:  # a thread has ended since
        return False
    return all(one.rpartition(")")[2].split()[0] in "TtZX" for one in said)


def listening(port: int) -> bool:
    """Whether anything listens on a port: a driver would ask again and again and wait in between."""
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


class Server(ABC):
    """A server of one kind, which the whole session shares.

    Attributes:
        kind: The scheme of its URLs.
        title: What people call this kind.
        variable: The environment variable that names a server that is there already, by its URL.
        farewell: The signal on which it ends at once and leaves nothing behind in the system.
        graceful: The signal on which it ends in order, without waiting for its clients.
        own: Whether this session started it.
        seconds: How long it took to start, from nothing.
    """

    kind: ClassVar[str]
    title: ClassVar[str]
    variable: ClassVar[str]
    farewell: ClassVar[signal.Signals] = signal.SIGKILL
    graceful: ClassVar[signal.Signals] = signal.SIGTERM

    def __init__(self, session: Session, password: str = "") -> None:
        given = os.environ.get(self.variable)
        self.own = not given
        self.session, self.password, self.seconds = session, password, 0.0
        self.folder = session.folder / f"{self.kind}-{len(session.servers)}"
        self.port = 0 if given else free_port()
        self.uri = given or f"{self.kind}://{USER}:{password}@{HOST}:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None
        self._made: list[str] = []
        self._names = (f"v_{token}_{number}" for token in [secrets.token_hex(3)] for number in count(1))

    # what a kind is

    @classmethod
    @abstractmethod
    def absent(cls) -> str | None:
        """Why there is none of this kind and how to get it; None where there is one."""

    @classmethod
    @abstractmethod
    def described(cls) -> str:
        """Its name and version, where it is not absent."""

    @abstractmethod
    def prepare(self) -> None:
        """Makes its data, in its folder."""

    @abstractmethod
    def command(self) -> Sequence[str]:
        """What runs it in the foreground."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether it takes connections and does what they ask."""

    @abstractmethod
    def create(self, database: str) -> None:
        """Makes an empty database."""

    @abstractmethod
    def drop(self, database: str) -> None:
        """Drops a database, whoever is connected to it."""

    def user(self) -> str | None:
        """Whom it runs as, where that is not the user of the tests."""
        return None

    # what all do

    def url(self, database: str) -> str:
        """The URL of a database of it."""
        return urlsplit(self.uri)._replace(path=f"/{database}").geturl()

    def empty_database(self) -> str:
        """The URL of a new and empty database."""
        name = next(self._names)
        self.create(name)
        self._made.append(name)
        return self.url(name)

    def start(self) -> None:
        """Starts it, from nothing; one that is given must answer."""
        began = time.monotonic()
        self.session.add(self)
        if self.own:
            self.folder.mkdir()
            self._give(self.folder)
            self.prepare()
            self.launch()
        elif not self.answers():
            raise ServerError(f"The server that {self.variable} names does not answer.")
        self.seconds = time.monotonic() - began

    def stop(self) -> None:
        """Ends it for good; of one that is given it drops the databases that it made there."""
        if self._process:
            self._end(self.farewell)
        while self._made:
            name = self._made.pop()
            if not self.own:
                self.drop(name)

    def restart(self, kill: bool = True) -> None:
        """Ends it, with SIGKILL unless told otherwise, and starts it on the same port and folder."""
        self._demand_own()
        self._end(signal.SIGKILL if kill else self.graceful)
        self.launch()

    def pause(self) -> None:
        """Stops it with SIGSTOP: connections stay open, and nothing answers."""
        pid = self._demand_own()
        for process in family_of(pid)[:1] + family_of(pid):  # it first, that it starts no more children
            send(process, signal.SIGSTOP)
            while not stopped(process.pid):
                time.sleep(0.001)

    def resume(self) -> None:
        """Lets it go on after ``pause``."""
        for process in reversed(family_of(self._demand_own())):
            send(process, signal.SIGCONT)

    def run(self, *command: str) -> None:
        """Runs a command of its preparation as its user."""
        done = subprocess.run(
            command, cwd=self.folder, capture_output=True, text=True, check=False, **self._as_user()
        )
        if done.returncode:
            raise ServerError(f"{command[0]} ended with {done.returncode}:\n{done.stdout}{done.stderr}")

    def launch(self) -> None:
        """Starts its process on its folder, and waits until it answers."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C is for the tests; they end it
                **self._as_user(),
            )
        self._pid_file.write_text(f"{self._process.pid} {int(self.farewell)}")
        deadline = time.monotonic() + LIMIT
        while not (listening(self.port) and self.answers()):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise ServerError(f"{self.described()} does not start. Its log ends with:\n{self._tail()}")
            time.sleep(0.02)

    def _end(self, how: signal.Signals) -> None:
        if self._process:
            end(self._process.pid, how)
            self._process.wait()
            self._pid_file.unlink()
            self._process = None

    def _demand_own(self) -> int:
        if self._process is None:
            pytest.skip(f"the server that {self.variable} names is not ours to stop")
        return self._process.pid

    def _as_user(self) -> dict[str, Any]:
        name = self.user()
        return {"user": name, "group": pwd.getpwnam(name).pw_gid, "extra_groups": []} if name else {}

    def _give(self, path: Path) -> None:
        if name := self.user():
            shutil.chown(path, name)

    @property
    def _log(self) -> Path:
        return self.folder / "server.log"

    @property
    def _pid_file(self) -> Path:
        return self.folder / "pid"

    def _tail(self, lines: int = 20) -> str:
        return "\n".join(self._log.read_text("utf-8", "replace").splitlines()[-lines:])
