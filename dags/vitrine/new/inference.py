"""The columns of files, by what stands in them: their types, their key, and when a record happened.

Files are read by the adapter that a run reads them by, and texts are typed by the SQL that types them then,
so what is told here is what a run finds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import combinations

import duckdb
import pyarrow as pa

from common.io.collections.encoding import MAX_PRECISION
from common.io.sources import ORIGIN, Scope
from common.io.sources.files.source import FileSettings, FileSource
from common.io.sources.types import TEXT, fitted, merged
from common.pipelines.expressions.types import BOOLEAN, DATE, INTEGER, NUMBER, STRING, TIMESTAMP, Type
from common.transforms import engine
from common.utils.window import Window
from vitrine.new.names import NewError

ROWS = 100_000
"""Records that are looked at."""
PARTS = 3
"""Columns of a key at most."""
MOST_DECIMALS = 9
"""With more digits after the point a number was computed, and is no exact amount."""
WHOLE = r"-?(0|[1-9]\d*)"
DECIMAL = r"-?(0|[1-9]\d*)?([.]\d+)?"
FLOATING = rf"{DECIMAL}([eE][+-]?\d+)?"


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen of a column.

    Attributes:
        theirs: Its name.
        filled: Records that have it.
        different: Values that it has.
        digits: Before the point of the longest number.
    """

    theirs: str
    type: Type
    filled: int
    different: int
    digits: int


class Sample:
    """The first records of files, all columns as text; close it when done.

    Args:
        path: A file, a folder or a glob, absolute, or a URL.

    Raises:
        SourceError: Nothing is there, or it cannot be read.
        NewError: There are no records.
    """

    def __init__(self, path: str) -> None:
        table = _read(path)
        if not (table.num_rows and table.num_columns):
            raise NewError("There are no records to tell the columns by.", where=path)
        self.rows = table.num_rows
        self._duck = duckdb.connect()
        self._duck.execute("SET TimeZone = 'UTC'")
        names = [f"c{at}" for at in range(table.num_columns)]
        self._duck.register("arrived", table.rename_columns(names))
        listed = ", ".join(f"nullif(trim({name}), '') AS {name}" for name in names)
        self._duck.execute(f"CREATE TABLE sample AS SELECT {listed} FROM arrived")  # noqa: S608 (c0, c1, …)
        self.columns = [self._seen(at, name) for at, name in enumerate(table.column_names)]

    def close(self) -> None:
        """Frees the records."""
        self._duck.close()

    def identify(self, columns: Sequence[int]) -> bool:
        """Whether no two records have the same values in some columns, by their places, and all have them."""
        if any(self.columns[at].filled < self.rows for at in columns):
            return False
        listed = ", ".join(f"c{at}" for at in columns)
        ((different,),) = self._duck.sql(f"SELECT count(DISTINCT ({listed})) FROM sample").fetchall()  # noqa: S608
        return bool(different == self.rows)

    def key(self, likely: Sequence[int]) -> tuple[int, ...]:
        """The fewest of some columns that identify a record, by their places; none where they do not."""
        for size in range(1, PARTS + 1):
            for chosen in combinations(likely, size):
                if self.identify(chosen):
                    return chosen
        return ()

    def _seen(self, at: int, theirs: str) -> Seen:
        column = f"c{at}"
        tests = {
            BOOLEAN: "regexp_full_match({c}, '(?i)true|false|yes|no')",
            INTEGER: f"regexp_full_match({{c}}, '{WHOLE}') AND try_cast({{c}} AS BIGINT) IS NOT NULL",
            DATE: f"regexp_full_match({{c}}, '{engine.DATE}') AND {engine.timestamp(column)} IS NOT NULL",
            TIMESTAMP: f"{engine.timestamp(column)} IS NOT NULL",
        }
        asked = [sql.replace("{c}", column) for sql in tests.values()]
        asked += [f"regexp_full_match({column}, '{pattern}')" for pattern in (DECIMAL, FLOATING)]
        asked = [f"bool_and({sql}) FILTER ({column} IS NOT NULL)" for sql in asked]
        point = f"length(split_part({column}, '.', 2))"
        asked += [f"max(length(ltrim(split_part({column}, '.', 1), '-')))", f"max({point})"]
        asked += [f"count({column})", f"count(DISTINCT {column})"]
        (row,) = self._duck.sql(f"SELECT {', '.join(asked)} FROM sample").fetchall()  # noqa: S608 (as above)
        *fits, decimal, floating, whole, scale, filled, different = row
        simple = next((kind for kind, fit in zip(tests, fits, strict=True) if fit), None)
        kind = simple or (_number(whole, scale) if decimal else NUMBER if floating else STRING)
        return Seen(theirs, kind, filled, different, whole or 0)


def _number(whole: int, scale: int) -> Type:
    """An exact type with room to grow, or that of rounded numbers; many digits alone are no number."""
    if not scale:
        return STRING
    fits = scale <= MOST_DECIMALS and whole + scale <= MAX_PRECISION
    return Type("decimal", MAX_PRECISION, scale) if fits else NUMBER


def _read(path: str) -> pa.Table:
    source = FileSource(FileSettings(_env_prefix="VITRINE_NO_SUCH_SOURCE_", path=path), "")  # type: ignore[call-arg]
    found: list[pa.RecordBatch] = []
    for batch in _batches(source):
        found.append(batch)
        if sum(one.num_rows for one in found) >= ROWS:
            break
    schema = merged(batch.schema for batch in found)
    own = [field for field in schema if field.name not in ORIGIN.names]
    texts = pa.schema([(field.name, TEXT) for field in own])
    table = pa.Table.from_batches([fitted(fitted(batch, schema), texts) for batch in found], texts)
    return table.slice(0, ROWS)


def _batches(source: FileSource) -> Iterator[pa.RecordBatch]:
    everything = Scope(Window(None, datetime.max.replace(tzinfo=UTC)))
    for item in source.items():
        for part in source.read(item, everything):
            yield part.records
