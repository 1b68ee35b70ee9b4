"""What a table or a query of a database is configured by."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from common.io.sources.settings import CursorSettings

WINDOW = ("{window_start}", "{window_end}")
"""What stands for the bounds of the run's window in a query; they are bound, never written into it."""


class SqlSettings(CursorSettings):
    """A table or a query, and how it is read.

    Attributes:
        connection: A URL: ``postgresql://…``, ``mysql://…``, ``sqlite:////whole/path.db``.
        table: Its name, with its schema where it is not found without.
        query: A SELECT instead; ``{window_start}`` and ``{window_end}`` stand for the run's window.
        split: A whole-number column by whose ranges PostgreSQL is read side by side.
        parallel: How many ranges and connections.
        timeout: Minutes that one statement may take, also while its rows are fetched.
    """

    connection: str = Field(min_length=1, repr=False)
    table: str = ""
    query: str = ""
    split: str = ""
    parallel: int = Field(default=1, ge=1, le=16)
    timeout: int = Field(default=240, ge=1)

    @model_validator(mode="after")
    def _fit(self) -> Self:
        if bool(self.table) == bool(self.query.strip()):
            raise ValueError("TABLE or QUERY must be set, and not both")
        if (self.parallel > 1) != bool(self.split):
            raise ValueError("SPLIT and PARALLEL (2 or more) go together")
        return self
