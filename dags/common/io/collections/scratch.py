"""The run's rows in a scratch database, to compare them column by column with what the collection holds.

DuckDB does it out of core: memory stays bounded, and rows may come in any order.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from common.io.collections.encoding import decode
from common.io.collections.incoming import DAY, stored, stored_schema
from common.io.collections.protocol import StageError
from common.io.collections.tables import HASH
from common.utils.contract import Contract

MEMORY = "512MB"


class Counted(NamedTuple):
    """Rows of the changed partitions, by comparing (key, row hash) with their base."""

    inserted: int
    updated: int
    unchanged: int
    removed: int


class Scratch:
    """The scratch database of one staging; a context manager that leaves nothing behind."""

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        self._columns = [_quoted(name) for name in contract.schema.names]
        self._key = ", ".join(map(_quoted, contract.key))
        self._held = ExitStack()

    def __enter__(self) -> Scratch:
        """Opens it."""
        folder = Path(self._held.enter_context(tempfile.TemporaryDirectory(prefix="vitrine-stage-")))
        file = str(folder / "scratch.db")
        self._db = self._held.enter_context(duckdb.connect(file, config={"memory_limit": MEMORY}))
        incoming = stored_schema(self.contract).append(pa.field(HASH, pa.int64()))
        base = [pa.field("created_at", pa.int64()), pa.field("updated_at", pa.int64())]
        self._create("incoming", incoming)
        self._create("base", pa.schema([*incoming, *base]))
        self._db.execute("CREATE TABLE plan (day BIGINT, chunk BIGINT)")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Deletes it."""
        self._held.close()

    def add(self, batches: Iterable[pa.RecordBatch]) -> None:
        """Takes the run's rows in.

        Raises:
            StageError: They do not fit the contract, or several have one key.
        """
        for table in stored(batches, self.contract):
            self._insert("incoming", table, f", {self._hash()}")
        self._demand_distinct()

    def add_base(self, tables: Iterable[pa.Table]) -> None:
        """Takes rows in that the collection holds: key, day, hash and times, or all columns."""
        for table in tables:
            self._insert("base", table)

    def complete(self) -> None:
        """Adds the rows of the base whose key the run does not bring."""
        columns = ", ".join([*self._columns, DAY, HASH])
        self._db.execute(
            f"INSERT INTO incoming SELECT {columns} FROM base ANTI JOIN incoming USING ({self._key})"  # noqa: S608
        )

    def digests(self) -> dict[str, tuple[int, str]]:
        """Partition to the count and the digest of its rows; equal digests are equal sets of row hashes."""
        found = self._db.execute(
            f"SELECT {DAY}, count(*), md5(concat(count(*), ':', sum({HASH}::HUGEINT), ':', bit_xor({HASH}))) "  # noqa: S608
            f"FROM incoming GROUP BY {DAY}"
        ).fetchall()
        epoch = date(1970, 1, 1).toordinal()
        return {
            self.contract.partition(date.fromordinal(epoch + day)): (rows, digest)
            for day, rows, digest in found
        }

    def compare(self, plan: Mapping[int, int]) -> Counted:
        """Counts what changes in some partitions.

        Args:
            plan: First day of each partition that changes to its new chunk.
        """
        if plan:
            self._db.executemany("INSERT INTO plan VALUES (?, ?)", list(plan.items()))
        planned = f"{self._key}, {HASH} AS hash FROM {{}} WHERE {DAY} IN (SELECT day FROM plan)"  # noqa: S608
        counts = self._db.execute(
            "SELECT count(*) FILTER (b.hash IS NULL), count(*) FILTER (i.hash <> b.hash), "  # noqa: S608
            "count(*) FILTER (i.hash = b.hash), count(*) FILTER (i.hash IS NULL) "
            f"FROM (SELECT {planned.format('incoming')}) AS i "
            f"FULL JOIN (SELECT {planned.format('base')}) AS b USING ({self._key})"
        ).fetchall()
        return Counted(*counts[0])

    def rows(self, now: int, columns: Sequence[str], batch_size: int) -> Iterator[list[tuple[Any, ...]]]:
        """The rows of the planned chunks in stored form, chunk by chunk, by key.

        Args:
            now: Microseconds since 1970; when rows are created that are new, and updated that differ.
            columns: Of the store's table, in its order.
            batch_size: Rows in each list but the last.
        """
        computed = {
            "_chunk": "plan.chunk",
            "created_at": f"coalesce(base.created_at, {now})",
            "updated_at": f"CASE WHEN base.{HASH} = incoming.{HASH} THEN base.updated_at ELSE {now} END",
        }
        wanted = [computed.get(name, f"incoming.{_quoted(name)}") for name in columns]
        same = " AND ".join(f"base.{_quoted(name)} = incoming.{_quoted(name)}" for name in self.contract.key)
        result = self._db.execute(
            f"SELECT {', '.join(wanted)} FROM incoming JOIN plan ON plan.day = incoming.{DAY} "  # noqa: S608
            f"LEFT JOIN base ON {same} ORDER BY incoming.{DAY}, "
            + ", ".join(f"incoming.{_quoted(name)}" for name in self.contract.key)
        )
        while batch := result.fetchmany(batch_size):
            yield batch

    def _create(self, name: str, schema: pa.Schema) -> None:
        self._db.register("arriving", schema.empty_table())
        self._db.execute(f"CREATE TABLE {name} AS SELECT * FROM arriving")  # noqa: S608
        self._db.unregister("arriving")

    def _insert(self, name: str, table: pa.Table, computed: str = "") -> None:
        self._db.register("arriving", table)
        self._db.execute(f"INSERT INTO {name} BY NAME SELECT *{computed} FROM arriving")  # noqa: S608
        self._db.unregister("arriving")

    def _hash(self) -> str:
        """63 bits of the MD5 of all fields; each with its length, so that no two rows are spelled alike."""
        spelled = [f"coalesce(concat(length({name}::VARCHAR), ':', {name}), '-')" for name in self._columns]
        return f"(md5_number_lower(concat({', '.join(spelled)})) >> 1)::BIGINT AS {HASH}"

    def _demand_distinct(self) -> None:
        found = self._db.execute(
            f"SELECT {self._key}, count(*) FROM incoming GROUP BY {self._key} HAVING count(*) > 1 "  # noqa: S608
            f"ORDER BY {self._key} LIMIT 3"
        ).fetchall()
        if found:
            shown = "; ".join(f"{self._shown(row[:-1])} ({row[-1]} rows)" for row in found)
            raise StageError(
                f"Several rows have one key: {shown}.",
                where=self.contract.name,
                next_step=f"Make the rows unique by {', '.join(self.contract.key)} before they are loaded.",
            )

    def _shown(self, key: Sequence[Any]) -> str:
        fields = [self.contract.field(name) for name in self.contract.key]
        values = [decode([value], field)[0].as_py() for value, field in zip(key, fields, strict=True)]
        return ", ".join(f"{name} {value}" for name, value in zip(self.contract.key, values, strict=True))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
