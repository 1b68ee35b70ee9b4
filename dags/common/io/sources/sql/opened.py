"""The database that a connection's URL leads to."""

from __future__ import annotations

import importlib
from typing import cast
from urllib.parse import urlsplit

from common.io.sources.sql.database import Database
from common.io.sources.sql.settings import SqlSettings
from common.utils.errors import SourceError

DATABASES = {
    "postgresql": ("postgresql", "PostgreSQL"),
    "postgres": ("postgresql", "PostgreSQL"),
    "mysql": ("mysql", "MySQL"),
    "mariadb": ("mysql", "MySQL"),
    "sqlite": ("sqlite", "SQLite"),
}
"""Module and class by the scheme of the URL; each driver is imported only where it is used."""


def opened(settings: SqlSettings, prefix: str) -> Database:
    """The database of the settings, not connected to yet.

    Raises:
        SourceError: The connection is no URL of one.
    """
    try:
        module, name = DATABASES[urlsplit(settings.connection).scheme.partition("+")[0]]
        found = getattr(importlib.import_module(f"common.io.sources.sql.{module}"), name)
        return cast("Database", found(settings.connection, settings.timeout))
    except (KeyError, ValueError):  # a port or a host that is none; its text may be the password
        raise SourceError(
            "The connection is no URL of a database that can be read.",
            where=f"{prefix}CONNECTION",
            next_step="Write it as postgresql://…, mysql://… or sqlite:////…, special characters as %40.",
        ) from None
