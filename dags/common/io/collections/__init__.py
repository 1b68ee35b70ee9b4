"""The versioned store: immutable chunks, one manifest a version, one record that names the live one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from common.io.collections.protocol import Store, StoreError

if TYPE_CHECKING:
    from sqlalchemy import URL

    from common.io.collections.dialect import Dialect


def open_store(url: str, *, batch_size: int, read_only: bool = False) -> Store:
    """The store of collections that a URL names.

    Args:
        url: Its scheme names the kind of store; ``sqlite:////folder/collections.db``.
        batch_size: Rows per write, at least 1.
        read_only: Creates nothing and refuses to write; where no store is yet, nothing is live.

    Raises:
        StoreError: No store reads such a URL. One that is away shows with the first use.
    """
    from sqlalchemy import make_url  # noqa: PLC0415 (DAG files import this package; they open no store)
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

    from common.io.collections.sql import SqlStore  # noqa: PLC0415

    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError(
            "The URL of the collections cannot be read.",
            next_step="Write it as sqlite:////folder/collections.db.",
        ) from error
    return SqlStore(_dialect(parsed, read_only), batch_size=batch_size)


def _dialect(url: URL, read_only: bool) -> Dialect:
    from common.io.collections.sqlite import SQLite  # noqa: PLC0415 (as above)

    dialects = {"sqlite": SQLite}
    scheme = url.get_backend_name()
    if scheme not in dialects:
        raise StoreError(
            f"There is no store of collections for {scheme} URLs.",
            next_step=f"The schemes that exist: {', '.join(dialects)}.",
        )
    return dialects[scheme](url, read_only=read_only)
