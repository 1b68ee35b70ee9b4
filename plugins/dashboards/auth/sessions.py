"""Sessions: from a sign-in to its end, with one refresh token at a time.

What must change together changes in one row: two renewals at once have one winner, and an end stays an end.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Literal

from sqlalchemy import Update, case, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dashboards.auth.inside import RevokedToken
from dashboards.auth.tables import ACCESS, SECOND, SESSIONS, VOIDED, clock, transaction


@dataclass(frozen=True, slots=True)
class Access:
    """An access token that a session gives: its id, and its expiry in microseconds since 1970."""

    jti: str
    expires_at: int


@dataclass(frozen=True, slots=True)
class Held:
    """A refresh token that is the present one of its session.

    Attributes:
        session: The session's id.
        subject: The auth manager's id of the user.
        digest: SHA-256 of the token.
        expires_at: End of the session, in microseconds since 1970.
    """

    session: str
    subject: str
    digest: str
    expires_at: int


def new_refresh_token(session: str = "") -> tuple[str, str]:
    """A session's id (a new one where none is given) and a refresh token of it."""
    session = session or secrets.token_hex(16)
    return session, f"{session}.{secrets.token_urlsafe(32)}"


def begin(subject: str, refresh_token: str, access: Access, expires_at: int, *, voided: int) -> bool:
    """Begins a session; False where the user's tokens were voided since the password was looked at.

    Args:
        subject: The auth manager's id of the user.
        refresh_token: The first of the session.
        access: The access token that is given with it.
        expires_at: End of the session, in microseconds since 1970.
        voided: What :func:`voided_until` said before the password was looked at.
    """
    session = session_of(refresh_token)
    with transaction() as database:
        database.execute(
            insert(SESSIONS).values(
                id=session,
                subject=subject,
                digest=_digest(refresh_token),
                expires_at=expires_at,
            )
        )
        _keep(database, session, access)
        for table in (SESSIONS, ACCESS):
            database.execute(delete(table).where(table.c.expires_at < clock()))
    if voided_until(subject) == voided:
        return True
    end(session)
    return False


def subject_of(session: str) -> str | None:
    """The auth manager's id of the user of a session."""
    with transaction() as database:
        return database.scalar(select(SESSIONS.c.subject).where(SESSIONS.c.id == session))


def look_up(refresh_token: str) -> Held | Literal["unknown", "replayed"]:
    """What a refresh token is; an older one of a session that lasts is a replay."""
    with transaction() as database:
        row = database.execute(select(SESSIONS).where(SESSIONS.c.id == session_of(refresh_token))).first()
    if row is None or row.expires_at <= clock():
        return "unknown"
    if not hmac.compare_digest(row.digest, _digest(refresh_token)):
        return "replayed"
    return Held(row.id, row.subject, row.digest, row.expires_at)


def rotate(held: Held, refresh_token: str, access: Access) -> bool:
    """Puts a new refresh token in the place of a held one; False where another renewal was faster."""
    with transaction() as database:
        changed = database.execute(
            update(SESSIONS)
            .where(SESSIONS.c.id == held.session, SESSIONS.c.digest == held.digest)
            .values(digest=_digest(refresh_token), rotated_at=clock())
        )
        if not changed.rowcount:  # type: ignore[attr-defined]
            return False
        _keep(database, held.session, access)
    return True


def end(session: str) -> bool:
    """Ends a session and voids its access tokens, for Airflow's own API too; whether there was one."""
    with transaction() as database:
        # Its row first: a renewal at the same time is either seen below or finds no row to change.
        found = database.execute(delete(SESSIONS).where(SESSIONS.c.id == session))
        for row in database.execute(select(ACCESS).where(ACCESS.c.session == session)).all():
            revoke(database, row.jti, row.expires_at)
        return bool(found.rowcount)  # type: ignore[attr-defined]


def revoke(database: Session, jti: str, expires_at: int) -> None:
    """Voids one access token, whoever issued it."""
    RevokedToken.revoke(jti, datetime.fromtimestamp(expires_at / SECOND, UTC), session=database)
    database.execute(delete(ACCESS).where(ACCESS.c.jti == jti))


def session_of_access(jti: str) -> str | None:
    """The session that gave an access token, where one of ours did that lasts."""
    with transaction() as database:
        return database.scalar(select(ACCESS.c.session).where(ACCESS.c.jti == jti))


def void(subject: str) -> None:
    """Voids all tokens that a user holds, and ends the user's sessions.

    The instant never moves backwards, whatever the clock does. It is set first: a sign-in that is under way
    either sees that it has moved, or has its session ended here.
    """
    _move(subject)
    with transaction() as database:
        sessions = database.scalars(select(SESSIONS.c.id).where(SESSIONS.c.subject == subject)).all()
    for session in sessions:
        end(session)


def _move(subject: str) -> None:
    """One statement a transaction: locks on a row that is not there yet would stand in each other's way."""
    now, until = clock(), VOIDED.c.until
    moved = update(VOIDED).where(VOIDED.c.subject == subject)
    moved = moved.values(until=case((until < now, now), else_=until + 1))
    if _changed(moved):
        return
    try:
        with transaction() as database:
            database.execute(insert(VOIDED).values(subject=subject, until=now))
    except IntegrityError:  # another process was faster
        _changed(moved)


def _changed(statement: Update) -> bool:
    with transaction() as database:
        return bool(database.execute(statement).rowcount)  # type: ignore[attr-defined]


def voided_until(subject: str) -> int:
    """Up to which instant the tokens issued to a user are void; 0 where none are."""
    with transaction() as database:
        return database.scalar(select(VOIDED.c.until).where(VOIDED.c.subject == subject)) or 0


def holds(subject: str, jti: str, issued_at: int) -> bool:
    """Whether a token, valid otherwise, was issued after the last voiding.

    Tokens name the second of their issue alone. Those of our sessions need no time: the ones before a voiding
    were revoked one by one, so that a sign-in right after it, or after the clock was set back, is good.

    Args:
        subject: The auth manager's id of the user.
        jti: The token's id.
        issued_at: Seconds since 1970.
    """
    until = voided_until(subject)
    return issued_at * SECOND > until or session_of_access(jti) is not None


def session_of(refresh_token: str) -> str:
    """The id of the session that a refresh token says it is of."""
    return refresh_token.partition(".")[0][:32]


def _keep(database: Session, session: str, access: Access) -> None:
    database.execute(insert(ACCESS).values(jti=access.jti, session=session, expires_at=access.expires_at))


def _digest(refresh_token: str) -> str:
    return sha256(refresh_token.encode()).hexdigest()
