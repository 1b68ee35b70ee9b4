"""Our tables beside Airflow's own, in its metadata database: all API processes share them.

They are made at their first use. Times are microseconds since 1970 by the clock of the API's machine.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import BigInteger, Column, Engine, Index, Integer, MetaData, String, Table, inspect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from dashboards.auth.inside import metadata_engine

SECOND = 1_000_000

_metadata = MetaData()

# A session begins with a sign-in. Of its refresh token the SHA-256 alone is kept; each renewal replaces it.
SESSIONS = Table(
    "vitrine_sessions",
    _metadata,
    Column("id", String(32), primary_key=True),
    Column("subject", String(255), nullable=False, index=True),  # the auth manager's id of the user
    Column("digest", String(64), nullable=False),
    Column("rotated_at", BigInteger),
    Column("expires_at", BigInteger, nullable=False, index=True),
)
# The access tokens that sessions gave and that still hold, by their `jti`.
ACCESS = Table(
    "vitrine_access_tokens",
    _metadata,
    Column("jti", String(32), primary_key=True),
    Column("session", String(32), nullable=False, index=True),
    Column("expires_at", BigInteger, nullable=False, index=True),
)
# Tokens of a user that were issued until then are void, whoever issued them.
VOIDED = Table(
    "vitrine_voided",
    _metadata,
    Column("subject", String(255), primary_key=True),
    Column("until", BigInteger, nullable=False),
)
ATTEMPTS = Table(
    "vitrine_sign_in_attempts",
    _metadata,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("bucket", String(64), nullable=False),
    Column("at", BigInteger, nullable=False),
    Index("ix_vitrine_sign_in_attempts", "bucket", "at"),
)

_made: set[str] = set()


def clock() -> int:
    """Now."""
    return time.time_ns() // 1000


@contextmanager
def transaction() -> Iterator[Session]:
    """A transaction on Airflow's metadata database, in which our tables exist.

    Raises:
        DBAPIError: The database does not answer.
    """
    engine = metadata_engine()
    _ensure(engine)
    with Session(engine) as session, session.begin():
        yield session


def _ensure(engine: Engine) -> None:
    place = str(engine.url)
    if place in _made:
        return
    for table in _metadata.sorted_tables:
        try:
            table.create(engine, checkfirst=True)
        except DBAPIError:
            if not inspect(engine).has_table(table.name):
                raise
            # Another process made it between our look and our making.
    _made.add(place)
