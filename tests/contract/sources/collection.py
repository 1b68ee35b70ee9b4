"""Another collection of the house, in an SQLite file."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, ClassVar
from unittest.mock import patch

import pyarrow as pa

from common.io.collections import open_store
from common.io.collections.protocol import Publication
from common.io.sources import Source, collection
from common.io.sources.collection import CollectionSettings, CollectionSource
from common.utils.odcs import load_contract
from contract.sources import Row

PREFIX = "VITRINE_SHOP_ORDERS_"
CONTRACT = """
apiVersion: v3.1.0
kind: DataContract
id: lines
name: Lines
version: 1.0.0
status: active
domain: shop
description: {purpose: For the tests of its readers.}
team: {name: tests}
schema:
  - name: lines
    logicalType: object
    properties:
      - {name: id, logicalType: integer, required: true, primaryKey: true, primaryKeyPosition: 1}
      - {name: name, logicalType: string}
      - {name: amount, logicalType: number, physicalType: "decimal(18,4)"}
      - {name: moved_at, logicalType: timestamp}
    customProperties: [{property: partitionBy, value: hash}]
slaProperties: [{property: freshness, value: 1, unit: d}]
customProperties: [{property: maxRowDrop, value: 1}, {property: maxRejected, value: 1}]
"""


class Case:
    """Pages of four rows."""

    resumes = False
    refuses = False
    remote = False
    part_rows = 4
    cursor: ClassVar[dict[str, Any] | None] = None
    fields: ClassVar[dict[str, str]] = {"updated_at": "moved_at"}  # the store has an updated_at of its own

    def __init__(self, folder: Path) -> None:
        self._url = f"sqlite:///{folder / 'collections.db'}"
        file = folder / "contracts" / "shop" / "lines.odcs.yaml"
        file.parent.mkdir(parents=True)
        file.write_text(CONTRACT, encoding="utf-8")
        self._contract = load_contract(file)
        self._environment = patch.dict(os.environ, {"VITRINE_CONTRACTS": str(folder / "contracts")})
        self._environment.start()
        self._rows, collection.PAGE = collection.PAGE, self.part_rows

    def put(self, rows: list[Row]) -> None:
        converted = [
            {
                **row,
                "amount": row["amount"] and Decimal(row["amount"]),
                "moved_at": row["updated_at"] and datetime.fromisoformat(row["updated_at"]),
            }
            for row in rows
        ]
        table = pa.Table.from_pylist(converted, self._contract.schema)
        store = open_store(self._url, batch_size=100)
        there = store.collection(self._contract)
        there.ensure()
        staged = there.stage(table.to_batches(), [f"b{at:03}" for at in range(16)], run_id="put")
        there.publish(staged.attempt, Publication("put", None, "tests", {}, "1.0.0"))
        store.close()

    def source(self, **settings: Any) -> Source:
        given = CollectionSettings(name="shop/lines", connection=self._url, key=("id",))
        return CollectionSource(given.model_copy(update=settings), PREFIX)

    def refused(self) -> Source:
        raise NotImplementedError("a file has no credentials")

    def going_away(self, after_parts: int) -> AbstractContextManager[Source]:
        raise NotImplementedError("a file has no server")

    def close(self) -> None:
        collection.PAGE = self._rows
        self._environment.stop()
