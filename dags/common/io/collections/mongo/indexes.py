"""The indexes that a contract asks for, and how they come to be and go."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pymongo.collection import Collection
from pymongo.errors import NetworkTimeout, OperationFailure

from common.io.collections.encoding import CHUNK, STORED
from common.io.collections.protocol import StoreError
from common.utils.contract import Contract

OURS = "vitrine_"  # what the names of our indexes begin with
INDEX_NOT_FOUND, INDEX_WITH_OTHER_NAME = 27, 85


@dataclass(frozen=True, slots=True)
class Index:
    """An index that the contract asks for."""

    columns: tuple[str, ...]
    unique: bool = False

    @property
    def name(self) -> str:
        """Tells ours from others, and one definition from another."""
        digest = hashlib.sha256(f"{self.columns} {self.unique}".encode()).hexdigest()[:10]
        return f"{OURS}{digest}_{'_'.join(self.columns)}"[:60]


def indexes(contract: Contract) -> list[Index]:
    """Of the key and of each declared index, all ending in the chunk, and of the chunk alone.

    The chunk test of a page stays inside of its index.
    """
    ordered = [contract.key, *(tuple(dict.fromkeys((*one, *contract.key))) for one in contract.indexes)]
    wanted = [Index((*columns, CHUNK)) for columns in dict.fromkeys(ordered)]
    return [*wanted, Index((CHUNK,)), *(Index((*one, CHUNK), unique=True) for one in contract.unique)]


def build(rows: Collection[dict[str, Any]], contract: Contract) -> None:
    """Builds the indexes that are missing and drops those of ours that are no longer declared."""
    wanted = {index.name: index for index in indexes(contract)}
    for index in wanted.values():
        _create(rows, index, contract)
    for name in rows.index_information():
        if name.startswith(OURS) and name not in wanted:
            _drop(rows, name)


def _create(rows: Collection[dict[str, Any]], index: Index, contract: Contract) -> None:
    """Waits while the server builds: for many rows that takes longer than an answer may take."""
    columns = [(column, 1) for column in index.columns]
    while True:
        try:
            rows.create_index(columns, name=index.name, **_uniqueness(index, contract))
            return
        except OperationFailure as error:
            if error.code != INDEX_WITH_OTHER_NAME:
                raise
            raise StoreError(
                f"An index on {', '.join(index.columns)} is there under another name.",
                where=rows.full_name,
                next_step="Somebody made it by hand: drop it, and run again.",
            ) from error
        except NetworkTimeout:
            rows.database.command("ping")  # raises where the server is silent, and not only busy


def _uniqueness(index: Index, contract: Contract) -> dict[str, Any]:
    """Of rows that have all the fields: MongoDB would take nulls for alike."""
    if not index.unique:
        return {}
    kinds = {name: STORED[contract.field(name).type] for name in index.columns if name != CHUNK}
    given = {
        name: {"$type": "string" if pa.types.is_string(kind) else "number"} for name, kind in kinds.items()
    }
    return {"unique": True, "partialFilterExpression": given}


def _drop(rows: Collection[dict[str, Any]], name: str) -> None:
    try:
        rows.drop_index(name)
    except OperationFailure as error:
        if error.code != INDEX_NOT_FOUND:  # another process was first
            raise
