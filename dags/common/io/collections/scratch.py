"""The run's rows in a scratch database, to compare them column by column with what the collection holds.

DuckDB does it out of core: memory stays bounded, and rows may come in any order.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa

from common.io.collections.encoding import CHUNK, HASH, decode, stored_schema
from common.io.collections.incoming import DAY, stored
from common.io.collections.protocol import StageError
from common.utils.contract import Contract

MEMORY = "512MB"
THREADS = 1  # the database and its readers need the other processors; two are no faster
PART = "_part"  # the number of the row's partition, as a manifest has it
ROWS = 100_000  # in a table of rows to write


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
        folder = self._held.enter_context(tempfile.TemporaryDirectory(prefix="vitrine-stage-"))
        self._db = self._held.enter_context(
            duckdb.connect(
                ":memory:", config={"memory_limit": MEMORY, "threads": THREADS, "temp_directory": folder}
            )
        )
        base = stored_schema(self.contract).append(pa.field(PART, pa.int64()))
        ours = {"created_at", "updated_at", CHUNK}
        self._create("incoming", pa.schema([field for field in base if field.name not in ours]))
        self._create("base", base)
        self._db.execute("CREATE TABLE plan (part BIGINT, chunk BIGINT)")
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
            self._demand_json(table)
            self._insert("incoming", table, f"*, {self._hash()}, {self._part()} AS {PART}")
        self._demand_distinct(self.contract.key)
        self._demand_unique()

    def add_base(self, tables: Iterable[pa.Table], parts: Mapping[int, int]) -> None:
        """Takes rows in that the collection holds.

        Args:
            tables: Chunk, key, partition_date, hash and times, or all columns.
            parts: Chunk to the number of its partition.
        """
        self._db.execute("CREATE OR REPLACE TABLE parts (chunk BIGINT PRIMARY KEY, part BIGINT)")
        if parts:
            self._db.executemany("INSERT INTO parts VALUES (?, ?)", list(parts.items()))
        for table in tables:
            part = f"(SELECT part FROM parts WHERE parts.chunk = arriving.{CHUNK})"  # noqa: S608 (a constant)
            self._insert("base", table, f"*, {part} AS {PART}")

    def fold(self, first: int, end: int) -> None:
        """Makes one partition of the days from ``first`` to before ``end``; its number is ``first``."""
        self._db.execute(f"UPDATE incoming SET {PART} = {first} WHERE {PART} >= {first} AND {PART} < {end}")  # noqa: S608

    def carry(self, part: int, days: Iterable[int]) -> None:
        """Adds the rows of the base in a merged partition that are of none of some days."""
        answered = ", ".join(map(str, days))
        self._db.execute(
            f"INSERT INTO incoming BY NAME SELECT {self._kept()} FROM base "  # noqa: S608
            f"WHERE {PART} = {part} AND {DAY} NOT IN ({answered})"
        )

    def complete(self) -> None:
        """Adds the rows of the base whose key the run does not bring."""
        self._db.execute(
            f"INSERT INTO incoming BY NAME SELECT {self._kept()} FROM base ANTI JOIN incoming "  # noqa: S608
            f"USING ({self._key})"
        )
        self._demand_unique()

    def _kept(self) -> str:
        return ", ".join([*self._columns, DAY, HASH, PART])

    def digests(self) -> dict[int, tuple[int, str]]:
        """Number of each partition to the count and the digest of its rows."""
        found = self._db.execute(
            f"SELECT {PART}, count(*), concat(sum({HASH}::HUGEINT), ':', bit_xor({HASH})) "  # noqa: S608
            f"FROM incoming GROUP BY {PART}"
        ).fetchall()
        return {part: (rows, digest) for part, rows, digest in found}

    def compare(self, plan: Mapping[int, int]) -> Counted:
        """Counts what changes in some partitions.

        Args:
            plan: Number of each partition that changes to its new chunk.
        """
        if plan:
            self._db.executemany("INSERT INTO plan VALUES (?, ?)", list(plan.items()))
        planned = f"{self._key}, {HASH} AS hash FROM {{}} WHERE {PART} IN (SELECT part FROM plan)"  # noqa: S608
        counts = self._db.execute(
            "SELECT count(*) FILTER (b.hash IS NULL), count(*) FILTER (i.hash <> b.hash), "  # noqa: S608
            "count(*) FILTER (i.hash = b.hash), count(*) FILTER (i.hash IS NULL) "
            f"FROM (SELECT {planned.format('incoming')}) AS i "
            f"FULL JOIN (SELECT {planned.format('base')}) AS b USING ({self._key})"
        ).fetchall()
        return Counted(*counts[0])

    def rows(self, now: int) -> Iterator[pa.Table]:
        """The rows of the planned chunks in stored form, chunk by chunk, by key.

        Args:
            now: Microseconds since 1970; when rows are created that are new, and updated that differ.
        """
        computed = {
            CHUNK: "plan.chunk",
            "created_at": f"coalesce(base.created_at, {now})",
            "updated_at": f"CASE WHEN base.{HASH} = incoming.{HASH} THEN base.updated_at ELSE {now} END",
        }
        schema = stored_schema(self.contract)
        wanted = [
            f"{computed.get(name, f'incoming.{_quoted(name)}')} AS {_quoted(name)}" for name in schema.names
        ]
        same = " AND ".join(f"base.{_quoted(name)} = incoming.{_quoted(name)}" for name in self.contract.key)
        result = self._db.sql(
            f"SELECT {', '.join(wanted)} FROM incoming JOIN plan ON plan.part = incoming.{PART} "  # noqa: S608
            f"LEFT JOIN base ON {same} ORDER BY plan.chunk, "
            + ", ".join(f"incoming.{_quoted(name)}" for name in self.contract.key)
        )
        for batch in result.to_arrow_reader(ROWS):
            yield pa.Table.from_batches([batch]).cast(schema)

    def _create(self, name: str, schema: pa.Schema) -> None:
        self._db.register("arriving", schema.empty_table())
        self._db.execute(f"CREATE TABLE {name} AS SELECT * FROM arriving")  # noqa: S608
        self._db.unregister("arriving")

    def _insert(self, name: str, table: pa.Table, columns: str) -> None:
        self._db.register("arriving", table)
        self._db.execute(f"INSERT INTO {name} BY NAME SELECT {columns} FROM arriving")  # noqa: S608
        self._db.unregister("arriving")

    def _hash(self) -> str:
        """63 bits of the MD5 of the fields that are not null, so that a field more changes no hash."""
        spelled = ", ".join(self._spelled(sorted(self.contract.schema.names)))
        return f"(md5_number_lower(concat({spelled})) >> 1)::BIGINT AS {HASH}"

    def _part(self) -> str:
        if self.contract.partition_by != "hash":
            return DAY
        spelled = ", ".join(self._spelled(self.contract.key))
        return f"(md5_number_lower(concat({spelled})) % {self.contract.buckets})::BIGINT"

    def _spelled(self, names: Sequence[str]) -> list[str]:
        """Each value with its name and length, so that no two rows are spelled alike."""
        quoted = {name: _quoted(name) for name in names}
        return [f"'{name}=' || length({one}::VARCHAR) || ':' || {one}" for name, one in quoted.items()]

    def _demand_json(self, table: pa.Table) -> None:
        for field in self.contract.fields:
            if field.type not in ("object", "array"):
                continue
            self._db.register("arriving", table)
            name, kind = _quoted(field.name), field.type.upper()
            found = self._db.execute(
                f"SELECT {name} FROM arriving WHERE {name} IS NOT NULL AND "  # noqa: S608
                f"CASE WHEN json_valid({name}) THEN json_type({name}) <> '{kind}' ELSE true END "
                "LIMIT 1"
            ).fetchall()
            self._db.unregister("arriving")
            if found:
                raise StageError(
                    f"{field.name} has a text that is no JSON {field.type}: {found[0][0][:80]}",
                    where=self.contract.name,
                )

    def _demand_unique(self) -> None:
        for unique in self.contract.unique:
            self._demand_distinct(unique)

    def _demand_distinct(self, names: Sequence[str]) -> None:
        columns, given = ", ".join(map(_quoted, names)), " IS NOT NULL AND ".join(map(_quoted, names))
        found = self._db.execute(
            f"SELECT {columns}, count(*) FROM incoming WHERE {given} IS NOT NULL "  # noqa: S608
            f"GROUP BY {columns} HAVING count(*) > 1 ORDER BY {columns} LIMIT 3"
        ).fetchall()
        if found:
            what = "key" if names == self.contract.key else " and ".join(names)
            shown = "; ".join(f"{self._shown(names, row[:-1])} ({row[-1]} rows)" for row in found)
            raise StageError(
                f"Several rows have one {what}: {shown}.",
                where=self.contract.name,
                next_step=f"Make the rows unique by {', '.join(names)} before they are loaded.",
            )

    def _shown(self, names: Sequence[str], values: Sequence[Any]) -> str:
        fields = [self.contract.field(name) for name in names]
        decoded = [decode([value], field)[0].as_py() for value, field in zip(values, fields, strict=True)]
        return ", ".join(f"{name} {value}" for name, value in zip(names, decoded, strict=True))


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
