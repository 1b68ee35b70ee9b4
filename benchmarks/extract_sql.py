"""A table of PostgreSQL into bronze, beside raw ADBC, COPY and pandas.

Each way runs in a process of its own and writes the same Delta table, several times, in turns; the best time
and the highest memory count. Ours adds to each row where it came from, and checks its times. ``make bench
NAME=extract_sql``; it ends with 1 where ours needs more memory than its ceiling, or is slower than its goal.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any

from shared import report

CEILING = 600  # MB of a process with all its imports; the table has 2,000,000 rows
GOAL = 0.9  # of the rate of ADBC into the same Delta table
TABLE = """
CREATE TABLE bench AS SELECT
    g AS order_line_id,
    timestamptz '2026-01-01' + g * interval '7 seconds' AS ordered_at,
    date '2026-01-01' + (g % 365)::int AS day,
    'P' || lpad((g % 5000)::text, 6, '0') AS product_id,
    'A product with a name ' || md5((g % 5000)::text) AS product_name,
    CASE WHEN g % 10 > 0 THEN (g % 97)::int END AS quantity,
    ((g % 9999) * 1.01)::numeric(18, 4) AS unit_price,
    g * 0.37 AS free_amount,
    (g * 1.5)::float8 AS score,
    g % 3 = 0 AS returned
FROM generate_series(1, {rows}::int8) AS g
"""
QUERY = "SELECT * FROM bench"


def write(folder: str, batches: Iterator[Any]) -> None:
    """As bronze is written: one commit, streamed."""
    import pyarrow as pa

    from common.io import lake

    first = next(batches)

    def all_of() -> Iterator[Any]:
        yield first
        yield from batches

    reader = pa.RecordBatchReader.from_batches(first.schema, all_of())
    lake.replace(f"{folder}/bronze", reader, run_id="bench")


def ours(url: str, folder: str, parallel: int = 1) -> None:
    """The adapter, with the origin of each row."""
    from common.io.sources import Scope
    from common.io.sources.sql import SqlSettings, SqlSource
    from common.utils.window import Window

    split = {"split": "order_line_id", "parallel": parallel} if parallel > 1 else {}
    source = SqlSource(SqlSettings(connection=url, table="bench", **split), "VITRINE_BENCH_SQL_")
    (item,) = source.items()
    scope = Scope(Window(None, datetime(2100, 1, 1, tzinfo=UTC)))
    write(folder, (part.records for part in source.read(item, scope)))


def plain(batch: Any) -> Any:
    """A batch without Arrow's extension types, which Delta does not take."""
    import pyarrow as pa

    columns = [
        column.storage if isinstance(column, pa.ExtensionArray) else column for column in batch.columns
    ]
    return pa.record_batch(columns, names=batch.schema.names)


def adbc_batches(url: str) -> Iterator[Any]:
    """All rows by ADBC, as its manual reads them."""
    import adbc_driver_postgresql.dbapi as adbc

    with closing(adbc.connect(url)) as connection, closing(connection.cursor()) as cursor:
        cursor.execute(QUERY)
        yield from cursor.fetch_record_batch()


def adbc_delta(url: str, folder: str) -> None:
    """ADBC into the same table."""
    write(folder, map(plain, adbc_batches(url)))


def adbc_alone(url: str, folder: str) -> None:
    """ADBC into nothing."""
    for _ in adbc_batches(url):
        pass


def copy(url: str, folder: str) -> None:
    """COPY as CSV by psycopg, parsed by Arrow, which guesses most types, into the same table."""
    import pyarrow as pa
    from pyarrow import csv

    types = csv.ConvertOptions(column_types={"ordered_at": pa.timestamp("us", tz="UTC")})
    out, into = os.pipe()
    sender = Thread(target=send, args=(url, into))
    sender.start()
    with os.fdopen(out, "rb") as stream:
        write(folder, iter(csv.open_csv(stream, convert_options=types)))
    sender.join()


def send(url: str, into: int) -> None:
    """The table as CSV into a pipe."""
    import psycopg

    statement = f"COPY ({QUERY}) TO STDOUT (FORMAT csv, HEADER)"
    with (
        os.fdopen(into, "wb") as pipe,
        psycopg.connect(url) as connection,
        connection.cursor() as cursor,
        cursor.copy(statement) as blocks,
    ):
        for block in blocks:
            pipe.write(block)


def pandas(url: str, folder: str) -> None:
    """``pandas.read_sql`` into the same table; its numerics are Python's decimals."""
    import pandas as pd
    import pyarrow as pa
    from sqlalchemy import create_engine

    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    write(folder, iter(pa.Table.from_pandas(pd.read_sql(QUERY, engine)).to_batches()))


WAYS: dict[str, Callable[[str, str], None]] = {
    "ours": ours,
    "ours, 2 ranges": lambda url, folder: ours(url, folder, 2),
    "ADBC": adbc_delta,
    "ADBC alone, nothing written": adbc_alone,
    "COPY": copy,
    "pandas.read_sql": pandas,
}


def measured(way: str, url: str) -> dict[str, float]:
    """Seconds and the highest memory (MB) of one way, in a fresh process."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, __file__, "--way", way, "--folder", folder]
        done = subprocess.run(
            command, env={**os.environ, "BENCH_URL": url}, capture_output=True, text=True, check=True
        )
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def one(way: str, folder: str) -> None:
    """What a fresh process does; its imports are part of the memory, and of the time of all ways alike."""
    import common.io.lake

    assert common.io.lake
    began = time.perf_counter()
    WAYS[way](os.environ["BENCH_URL"], folder)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(json.dumps({"seconds": time.perf_counter() - began, "peak": peak}))


def main() -> int:
    """Prints the table; 1 where ours misses its ceiling or its goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=2_000_000)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--way", help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.way:
        one(asked.way, asked.folder)
        return 0
    sys.path.append(str(Path(__file__).resolve().parents[1] / "tests"))
    import psycopg

    import servers

    url = servers.server("postgresql").empty_database()
    try:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(TABLE.format(rows=asked.rows).encode())
            connection.execute("VACUUM ANALYZE bench")
        runs = [{way: measured(way, url) for way in WAYS} for _ in range(asked.times)]
    finally:
        servers.shut_down()
    best = {way: min(run[way]["seconds"] for run in runs) for way in WAYS}
    peak = {way: max(run[way]["peak"] for run in runs) for way in WAYS}
    lines = [
        [way, f"{asked.rows / best[way]:,.0f}", f"{peak[way]:,.0f}", f"{best['ADBC'] / best[way]:.2f}"]
        for way in WAYS
    ]
    print(f"{report.machine()}\n\n{asked.rows:,} rows, the best of {asked.times}\n")
    print(report.table(["", "rows/s", "peak MB", "of ADBC's rate"], lines))
    fast, small = best["ADBC"] / best["ours"] >= GOAL, peak["ours"] <= CEILING
    print(f"\ngoal {GOAL} of ADBC: {'reached' if fast else 'MISSED'}")
    print(f"ceiling {CEILING} MB: {'kept' if small else 'BROKEN'}")
    return 0 if fast and small else 1


if __name__ == "__main__":
    sys.exit(main())
