"""What the contract suite of the sources needs of each kind: a real one that it can fill and break.

A kind is one module of this package with a class ``Case``; :mod:`test_source` runs over all of them.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Protocol

from common.io.sources import Source

KINDS = (
    "files",
    "files_json",
    "files_parquet",
    "files_s3",
    "feeds",
    "rest",
    "postgresql",
    "mysql",
    "sqlite",
    "mongo",
    "collection",
    "runs",
    "runs_airflow",
)
"""The modules of this package."""

Row = dict[str, Any]
"""``id`` (whole number, counts from 1, ascending), ``name`` (text or ``None``), ``amount`` (decimal text or
``None``), ``updated_at`` (ISO time in UTC)."""

SECRET = "s3cr3t-Pa55"
"""The password, token or key of whatever has one."""


class Case(Protocol):
    """One kind of source, filled anew for each test.

    Attributes:
        resumes: Whether its parts have marks to go on from.
        refuses: Whether it has credentials that can be wrong.
        remote: Whether its server can go away.
        part_rows: Records of one part, at most; ``put`` with more than that gives several parts.
        cursor: Settings by which it reads on from a bookmark; ``None`` where it never does.
        fields: What the source calls the suite's fields, where the names differ.
    """

    resumes: bool
    refuses: bool
    remote: bool
    part_rows: int
    cursor: dict[str, Any] | None
    fields: dict[str, str]

    def __init__(self, folder: Path) -> None:
        """Starts, or takes the session's, real server; ``folder`` is the test's own."""

    def put(self, rows: list[Row]) -> None:
        """The source now holds these rows and no others."""

    def source(self, **settings: Any) -> Source:
        """It, with small parts; ``settings`` such as ``cursor="updated_at"`` go to its settings."""

    def refused(self) -> Source:
        """It, opened with a wrong password; only where ``refuses``."""

    def going_away(self, after_parts: int) -> AbstractContextManager[Source]:
        """It, whose server is gone once so many parts were sent; only where ``remote``."""

    def close(self) -> None:
        """Frees what the case holds."""


@contextmanager
def case_of(kind: str, folder: Path) -> Iterator[Case]:
    """The case of a kind, while it is needed."""
    made: Case = importlib.import_module(f"{__name__}.{kind}").Case(folder)
    try:
        yield made
    finally:
        made.close()
