"""Names and values inside SQL text, where parameters cannot stand."""

from __future__ import annotations


def identifier(name: str) -> str:
    """A column's name."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: object) -> str:
    """A value as a string."""
    return "'" + str(value).replace("'", "''") + "'"
