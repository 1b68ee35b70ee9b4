"""A collection in one of the stores, while it is needed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from common.io import collections
from common.io.collections.protocol import Collection
from common.utils.contract import Contract
from common.utils.settings import MAIN, Settings


@contextmanager
def opened(
    contract: Contract, settings: Settings, store: str = MAIN, *, read_only: bool = False
) -> Iterator[Collection]:
    """The collection of a contract.

    Args:
        contract: Of the collection.
        settings: Where the stores are.
        store: The main one or a target.
        read_only: Creates nothing and refuses to write.

    Raises:
        SettingsError: There is no such store, or no URL of it.
        StoreError: No store reads such a URL, or, with the first use, it is away.
    """
    there = collections.open_store(
        settings.store_url(store),
        batch_size=settings.batch_size,
        read_only=read_only,
        prefix=settings.collection_prefix,
    )
    try:
        yield there.collection(contract)
    finally:
        there.close()
