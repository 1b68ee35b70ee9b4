"""Throttled sign-in: failures by user name and by address, counted for all API processes together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import sha256

from sqlalchemy import delete, insert, select

from dashboards.auth.tables import ATTEMPTS, SECOND, clock, transaction
from dashboards.errors import Refused
from dashboards.metering import network

WINDOW = 15 * 60  # seconds, moving
BY_NAME, BY_ADDRESS = 10, 50  # failures in it


class Attempt:
    """One attempt to sign in, counted as a failure from its beginning: many at once get no more tries."""

    def __init__(self, name: str, address: str, subject: str | None = None) -> None:
        """Counts it.

        Args:
            name: What was given as user name; known or not, it is counted alike.
            address: Of the client; of IPv6, where one client has many, its network.
            subject: The auth manager's id of the user that signs in under the name, where there is one: all
                names of one user, such as its e-mail address, count together.

        Raises:
            Refused: 429 with ``Retry-After`` where it is one too many.
        """
        self._name = _bucket("name", name.casefold()) if subject is None else _bucket("user", subject)
        self._address = _bucket("address", network(address))
        limits = {self._name: BY_NAME, self._address: BY_ADDRESS}
        self._rows = _count(list(limits))
        if wait := _wait(limits):
            self._forget()
            told = f"Too many failed sign-ins. Try again in {wait} seconds."
            raise Refused(429, told, headers={"Retry-After": str(wait)})

    def passed(self) -> None:
        """It was no failure; the user's earlier ones are forgiven, the address's are not."""
        self._forget()
        with transaction() as database:
            old = ATTEMPTS.c.at < clock() - WINDOW * SECOND
            database.execute(delete(ATTEMPTS).where((ATTEMPTS.c.bucket == self._name) | old))

    def _forget(self) -> None:
        with transaction() as database:
            database.execute(delete(ATTEMPTS).where(ATTEMPTS.c.id.in_(self._rows)))


def _count(buckets: Sequence[str]) -> list[int]:
    now = clock()
    with transaction() as database:
        rows = [database.execute(insert(ATTEMPTS).values(bucket=one, at=now)) for one in buckets]
        return [row.inserted_primary_key[0] for row in rows]  # type: ignore[attr-defined]


def _wait(limits: Mapping[str, int]) -> int:
    """Seconds until there is room in all buckets; 0 where there is."""
    now, waits = clock(), [0]
    for bucket, limit in limits.items():
        within = (ATTEMPTS.c.bucket == bucket) & (ATTEMPTS.c.at > now - WINDOW * SECOND)
        latest = select(ATTEMPTS.c.at).where(within).order_by(ATTEMPTS.c.at.desc()).limit(limit + 1)
        with transaction() as database:
            found = database.scalars(latest).all()
        if len(found) > limit:
            waits.append(WINDOW + (found[limit] - now) // SECOND + 1)
    return max(waits)


def _bucket(kind: str, value: str) -> str:
    return sha256(f"{kind}:{value}".encode()).hexdigest()
