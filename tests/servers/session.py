"""The folder of a session's servers, and the guard that ends them when the session itself was killed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from servers.process import Server

GUARD = Path(__file__).with_name("guard.py")


class Session:
    """The servers that one process started. Its forked children have a copy and must not end them."""

    def __init__(self) -> None:
        self.servers: list[Server] = []
        self._owner = os.getpid()

    @cached_property
    def folder(self) -> Path:
        """The session's temporary folder, made at its first use; servers of another user pass through it."""
        made = Path(tempfile.mkdtemp(prefix="vitrine-servers-"))
        made.chmod(0o711)
        return made

    @cached_property
    def _guard(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-I", str(GUARD), str(self._owner), str(self.folder)]
        return subprocess.Popen(command, stdin=subprocess.PIPE, env={}, start_new_session=True)

    def add(self, server: Server) -> None:
        """Takes a server in, before it is started."""
        assert self._owner == os.getpid(), "a forked process starts no servers: give it the URL"
        assert self._guard.poll() is None
        self.servers.append(server)

    def end(self) -> None:
        """Stops the servers and removes the folder."""
        if self._owner != os.getpid() or not self.servers:
            return
        while self.servers:
            self.servers.pop().stop()
        shutil.rmtree(self.folder, ignore_errors=True)
        self._guard.communicate()
        del self._guard, self.folder


SESSION = Session()
