"""What a driver raises, in the words of the store: without the values of rows, and with what to do next."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from sqlalchemy import Index, Table
from sqlalchemy.exc import DisconnectionError, IntegrityError, InvalidRequestError

from common.io.collections.encoding import CHUNK
from common.utils.errors import VitrineError

# From the first to the last quote, for a value may hold some itself; that of "can't" is none.
QUOTED = re.compile(r"(?<!\w)(['\"]).*\1(?!\w)", re.DOTALL)
# What databases say, outside of quotes, and what helps; the first that fits.
_STEPS = (
    (
        r"permission|denied|authentication|must be owner|read-?only|unable to open",
        "Check the user and the password in the URL, and the user's rights (docs/direct-readers.md).",
    ),
    (
        r"lock (wait )?timeout|deadlock|is locked",
        "Another process holds what this one waits for. Try again when it is done.",
    ),
    (r"disk|no space|is full|error 28\b", "Make room on the database's disk. Then try again."),
    (
        r"connect|gone away|silent|timed out|resolve host|terminat|closed|starting up|shut(ting)? ?down",
        "Is the server running, and can it be reached from here under this address? Then try again.",
    ),
)
_OTHERWISE = "If this does not say what to mend, the database's own log may. Then try again."
_EXHAUSTED = "This connection is closed"  # what SQLAlchemy's pool says after two that were closed at once


class Told(NamedTuple):
    """What a driver's error says.

    Attributes:
        text: Without the values of any row.
        private: Whether the error itself may show some: it then belongs in no log.
    """

    text: str
    private: bool = False


def without_values(text: str) -> Told:
    """Leaves out what stands in quotes."""
    shown = QUOTED.sub("…", text)
    return Told(shown, private=shown != text)


def next_step(text: str) -> str:
    """What to do about an error that says this."""
    told = re.sub(r"(?<!\w)(['\"`]).*?\1(?!\w)", "", text).lower()  # names are no part of what happened
    return next((step for pattern, step in _STEPS if re.search(pattern, told)), _OTHERWISE)


def closed(error: DisconnectionError | InvalidRequestError) -> bool:
    """Whether it says that the server is going away, and not that a program is wrong."""
    return isinstance(error, DisconnectionError) or str(error) == _EXHAUSTED


@contextmanager
def alike(table: Table, kind: type[VitrineError], where: str, step: str) -> Iterator[None]:
    """Raises an error of a kind where rows are alike in what the contract declares unique.

    Args:
        table: Of the rows.
        kind: Of the error.
        where: The rows are.
        step: What to do next; ``{}`` stands for the fields.
    """
    try:
        yield
    except IntegrityError as error:
        told = str(error.orig)
        unique = (index for index in table.indexes if index.unique)
        broken = next((index for index in unique if _named(index, table, told)), None)
        if broken is None:
            raise
        fields = [column.name for column in broken.columns if column.name != CHUNK]
        names = ", ".join(fields)
        raise kind(
            f"Several rows have one {' and '.join(fields)}.", where=where, next_step=step.format(names)
        ) from None  # the driver's error shows a row


def _named(index: Index, table: Table, told: str) -> bool:
    """Whether an error is about an index: servers give its name, SQLite its columns."""
    columns = ", ".join(f"{table.name}.{column.name}" for column in index.columns)
    return str(index.name) in told or told.endswith(columns)
