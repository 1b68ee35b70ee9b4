"""Throw-away database servers for tests: each started at its first use, once a session, and ended with it.

``server("postgresql")`` gives the session's server of a kind, whose ``empty_database()`` is the URL of a new
database; ``new_server`` one that a test has for itself. A kind whose server is not on this machine skips the
test, and fails it in CI.
"""

from __future__ import annotations

import os
import sqlite3

import pytest

from servers.mongodb import MongoDB
from servers.mysql import MySQL
from servers.postgresql import PostgreSQL
from servers.process import Server, ServerError
from servers.session import SESSION

__all__ = [
    "KINDS",
    "SESSION",
    "Server",
    "ServerError",
    "closing_lines",
    "header_lines",
    "new_server",
    "server",
    "shut_down",
]

KINDS: dict[str, type[Server]] = {"postgresql": PostgreSQL, "mysql": MySQL, "mongodb": MongoDB}

_shared: dict[str, Server | ServerError] = {}


def server(kind: str) -> Server:
    """The session's running server of a kind.

    Args:
        kind: One of ``KINDS``.

    Raises:
        ServerError: It is there and does not start; then every test that asks for it fails.
    """
    if kind not in _shared:
        try:
            _shared[kind] = new_server(kind)
        except ServerError as error:
            _shared[kind] = error
    found = _shared[kind]
    if isinstance(found, ServerError):
        raise found
    return found


def new_server(kind: str) -> Server:
    """A running server of a kind for one test alone, which may break it; ``stop()`` ends it early.

    Raises:
        ServerError: It is there and does not start.
    """
    reason = KINDS[kind].absent()
    if reason and os.environ.get("CI") == "true":
        pytest.fail(f"CI tests every store. {reason}")
    if reason:
        pytest.skip(reason)
    made = KINDS[kind](SESSION)
    made.start()
    return made


def header_lines() -> list[str]:
    """What the tests of this session can run against, and what is missing."""
    there = [f"SQLite {sqlite3.sqlite_version}"]
    there += [kind.described() for kind in KINDS.values() if not kind.absent()]
    return [f"stores: {', '.join(there)}", *(f"no {line}" for line in _absent())]


def closing_lines() -> list[str]:
    """What the tests of this session did run against."""
    ran = {one.kind: one for one in reversed(SESSION.servers) if one.seconds}
    names = [f"{ran[kind].described()} (ready in {ran[kind].seconds:.1f} s)" for kind in KINDS if kind in ran]
    lines = [f"stores: {', '.join([f'SQLite {sqlite3.sqlite_version}', *names])}"]
    idle = [kind.described() for name, kind in KINDS.items() if name not in ran and not kind.absent()]
    if idle:
        lines.append(f"not asked for by these tests: {', '.join(idle)}")
    lines += [f"NOT tested: {line}" for line in _absent()]
    return lines


def _absent() -> list[str]:
    return [f"{kind.title}: {reason}" for kind in KINDS.values() if (reason := kind.absent())]


def shut_down() -> None:
    """Ends the session's servers and removes their folders; does nothing in a forked child."""
    SESSION.end()
    _shared.clear()
