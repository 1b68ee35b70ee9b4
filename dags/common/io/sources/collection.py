"""Another collection of the house: the live version, as its readers see it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any, Self

from pydantic import Field

from common.io.collections import open_store
from common.io.collections.protocol import Collection, Query, Version, VersionGone
from common.io.sources import Adapter, Item, Part, Scope, rejected, with_origin
from common.io.sources.settings import SourceSettings, fingerprint
from common.utils.contract import Contract
from common.utils.errors import SettingsError, SourceError, did_you_mean
from common.utils.settings import Settings

PAGE = 20_000  # rows in memory at a time


def _main_store() -> str:
    settings = Settings.from_environment()
    return settings.collections or settings.collections_url


class CollectionSettings(SourceSettings):
    """Which collection is read.

    Attributes:
        name: ``domain/subject``.
        connection: The store that it stands in; the main one unless another is named.
        key: The collection's own unless others are named.
    """

    name: str
    connection: str = Field(default_factory=_main_store, repr=False)

    @classmethod
    def of(cls, prefix: str, defaults: Mapping[str, Any] | None = None) -> Self:
        """As of every source; the key is the contract's.

        Raises:
            SettingsError: A variable is missing or wrong, or there is no such collection.
        """
        found = super().of(prefix, defaults)
        return found if found.key else found.model_copy(update={"key": contract_of(found, prefix).key})


def contract_of(settings: CollectionSettings, prefix: str) -> Contract:
    """The contract of the collection that is read.

    Raises:
        SettingsError: There is none.
    """
    from common.pipelines import contracts  # noqa: PLC0415 (a pipeline's check asks for the sources in turn)

    house = Settings.from_environment()
    known = contracts.names(house)
    if settings.name not in known:
        raise SettingsError(
            f"There is no collection '{settings.name}': {did_you_mean(settings.name, known)}",
            where=f"{prefix}NAME",
        )
    return contracts.contract_of(house, settings.name)


class CollectionSource:
    """One version of a collection, that which is live when the reading begins.

    Args:
        settings: Which collection.
        prefix: Of the environment variables, for messages.
    """

    dialect = ""
    incremental = False

    def __init__(self, settings: CollectionSettings, prefix: str) -> None:
        self._settings, self._prefix = settings, prefix

    @property
    def name(self) -> str:
        """For people."""
        return f"the collection {self._settings.name}"

    @property
    def fingerprint(self) -> str:
        """Of the collection and the mapping; the same rows in another store are the same source."""
        return fingerprint("collection", self._settings.name, self._contract.major, self._settings.mapping)

    def items(self) -> list[Item]:
        """The collection, with the columns of its contract."""
        with self._opened() as collection:
            live = collection.live()
        return [Item(self._settings.name, rows=live.rows if live else 0, schema=self._contract.schema)]

    def read(self, item: Item, scope: Scope) -> Iterator[Part]:
        """All rows of the live version, in the order of the key; none where nothing is published yet.

        Raises:
            SourceError: The version was retired while it was read.
        """
        with self._opened() as collection:
            live = collection.live()
            try:
                yield from self._parts(collection, live, item) if live else ()
            except VersionGone as error:
                raise SourceError(
                    f"{self.name} published several versions while one was read.",
                    where=str(error.where),
                    next_step="Run it again, or keep more versions with VITRINE_KEEP_VERSIONS.",
                ) from error

    def _parts(self, collection: Collection, live: Version, item: Item) -> Iterator[Part]:
        position, count = None, 0
        while True:
            page = collection.read(live.number, Query(limit=PAGE, after=position))
            for batch in page.rows.cast(self._contract.schema).to_batches():
                places = range(count + 1, count + 1 + batch.num_rows)
                count += batch.num_rows
                yield Part(with_origin(batch, item, places), rejected(item, []), size=batch.nbytes)
            position = page.position
            if position is None:
                return

    @cached_property
    def _contract(self) -> Contract:
        return contract_of(self._settings, self._prefix)

    @contextmanager
    def _opened(self) -> Iterator[Collection]:
        settings = Settings.from_environment()
        store = open_store(
            self._settings.connection,
            batch_size=settings.batch_size,
            read_only=True,
            prefix=settings.collection_prefix,
        )
        try:
            yield store.collection(self._contract)
        finally:
            store.close()


ADAPTER = Adapter(CollectionSettings, CollectionSource)
