"""Whether a source has the columns that a subject needs, and what to write where it calls them otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from common.io.sources.configured import Configured
from common.utils.errors import SourceError


def demand(configured: Configured, where: str, columns: Sequence[str], needed: Sequence[str]) -> None:
    """Raises SourceError where a column is missing that one of ``needed`` (ours) is mapped to.

    Args:
        configured: The source.
        where: Which of its items has the columns, for the message.
        columns: As the item names them; one without any holds nothing and lacks nothing.
        needed: The subject's names.
    """
    used = configured.settings
    proposals = {
        "COLUMNS": {name: used.columns.get(name, name) for name in needed},
        "KEY": {name: name for name in used.key},
        "UPDATED_AT": {name: name for name in [used.updated_at] if name},
        "TYPES": {name: name for name in used.types},
    }
    known = {column.lower() for column in columns}
    for variable, theirs in proposals.items() if columns else ():
        missing = [column for column in theirs.values() if column.lower() not in known]
        if missing:
            right = {name: _nearest(column, columns) for name, column in theirs.items()}
            pairs = [
                f"{name}={column}" if variable == "COLUMNS" else column for name, column in right.items()
            ]
            raise SourceError(
                f"{where} has no column {listed(missing)}; it has {listed(columns)}.",
                where=configured.source.name,
                next_step=f"Say which columns to use: {configured.variables}{variable}={','.join(pairs)}",
            )


def listed(names: Sequence[str]) -> str:
    """Names in quotes, with commas between."""
    return ", ".join(f'"{name}"' for name in names)


def _nearest(wanted: str, columns: Sequence[str]) -> str:
    """The column whose name is most like the wanted one, or holds it; a gap to fill where none is near."""
    plain = {"".join(filter(str.isalnum, column.lower())): column for column in columns}
    sought = "".join(filter(str.isalnum, wanted.lower()))
    near = get_close_matches(sought, plain, n=1, cutoff=0.7) or [
        name for name in plain if name and (sought in name or name in sought)
    ]
    return plain[near[0]] if near else "<column>"
