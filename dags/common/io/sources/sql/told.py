"""What drivers say, in words that show neither a row nor a credential."""

from __future__ import annotations

import re
from typing import NamedTuple

from common.utils.errors import SourceError


class Refused(NamedTuple):
    """What a driver says, without its own words where they may show a row or a credential."""

    what: str
    next_step: str

    def at(self, place: str) -> SourceError:
        """The error that a user reads."""
        return SourceError(self.what, where=place, next_step=self.next_step)


GONE = "Run the task again once it is back: nothing of the try is kept."
_KNOWN = (
    (
        r"password authentication|access denied|authentication failed|role .* does not exist|no password",
        "The login was refused",
        "Check the user, the password and the user's rights in the connection.",
    ),
    (r"permission denied|command denied", "The user may not read this", "Grant it SELECT, and nothing else."),
    (
        r"statement timeout|interrupted|max_statement_time|maximum statement execution",
        "A statement took longer than it may",
        "Set {prefix}TIMEOUT to more minutes, read less at a time by CURSOR, or give the query an index.",
    ),
    (
        r"lock timeout|lock wait timeout|is locked",
        "It is locked by somebody else",
        "Run the task again later.",
    ),
    (
        r"unknown database|database .* does not exist|unable to open database",
        "There is no such database",
        "Check the database's name or path in the connection.",
    ),
    (
        r"server closed|lost connection|gone away|terminating connection|connection .*(lost|closed|reset)"
        r"|shut(ting )?down|not open|broken|consuming input|no copy in progress|ssl syscall|\beof\b",
        "The server went away while it was read",
        GONE,
    ),
    (
        r"translate host name|can't connect|refused|could not connect|connection timeout|timed out|expired",
        "It cannot be reached",
        "Check host and port in the connection, and whether the server is running.",
    ),
    (r"malformed|not a database|corrupt", "The file is damaged or no database", "Check it, or restore it."),
    (
        r"out of range|division by zero|invalid input|cannot cast|incorrect .*value",
        "A value of the source cannot be computed as the query or the cursor asks",
        "Correct the query, or the row; the database's log shows which.",
    ),
)


def refused(text: str, kind: str) -> Refused:
    """What a driver's words stand for.

    Args:
        text: What it says; it is not shown, for it may hold a row or a credential.
        kind: Of the error (a class, a state), which is shown where the words are not known.
    """
    lower = text.lower()
    for pattern, what, step in _KNOWN:
        if re.search(pattern, lower):
            return Refused(f"{what} ({kind}).", step.replace("{prefix}", "its variable "))
    return Refused(
        f"The database reports an error ({kind}).", "Its own log says more. Then run the task again."
    )
