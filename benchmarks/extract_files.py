"""A CSV file of 5,000,000 rows into bronze, beside DuckDB, Polars and dlt, which write it as Parquet.

Each side is a process of its own, one after the other, in several rounds. Seconds are without imports, the
peak is the kernel's (``VmHWM``). Ours also hashes the file twice, gives each record its line, keeps apart
what cannot be read and makes one commit. DuckDB and Polars run with the types they find, and with texts.
Polars and dlt are no part of this project: BENCH_PYTHON names a Python that has them:

    python -m venv peers && peers/bin/pip install polars "dlt[filesystem,parquet]" duckdb pandas
    BENCH_PYTHON=peers/bin/python make bench NAME=extract_files
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from shared import report

ROWS = 5_000_000
SOURCE = """SELECT 'L' || id AS order_line_id, TIMESTAMP '2026-01-01' + INTERVAL (id // 100) SECOND AS date,
    'P' || lpad((hash(id) % 2000)::VARCHAR, 6, '0') AS product_id,
    'Product, number ' || (hash(id) % 2000) AS product_name, hash(id + 1) % 9 + 1 AS quantity,
    (hash(id + 2) % 100000 / 100)::DECIMAL(10, 2) AS unit_price, 'EUR' AS currency,
    TIMESTAMP '2026-01-02' + INTERVAL (id // 100) SECOND AS updated_at FROM range({rows}) AS r(id)"""

Work = Callable[[], int]


def ours(csv: str, folder: str) -> Work:
    """Into bronze as ``extract`` does it; a Delta table."""
    return _ours(csv, folder)


def ours_read(csv: str, folder: str) -> Work:
    """The adapter alone."""
    return _ours(csv, "")


def _ours(csv: str, folder: str) -> Work:
    import pyarrow as pa

    from common.io import lake
    from common.io.sources import ORIGIN, Scope
    from common.io.sources.files import FileSettings, FileSource
    from common.io.sources.types import fitted, merged
    from common.verbs.spans import EVER

    def work() -> int:
        source = FileSource(FileSettings(path=csv), "VITRINE_BENCH_SOURCE_")
        (item,) = source.items()
        assert item.schema is not None
        schema = pa.schema([*merged([item.schema]), *ORIGIN, pa.field("_run", pa.string())])
        batches = (part.records for part in source.read(item, Scope(EVER)))
        if not folder:
            return sum(batch.num_rows for batch in batches)
        own = (batch.append_column("_run", pa.repeat("bench", batch.num_rows)) for batch in batches)
        rows = pa.RecordBatchReader.from_batches(schema, (fitted(batch, schema) for batch in own))
        where = "_run = 'bench'"
        lake.replace(folder, rows, run_id="bench", predicate=where, partition_by=("_run",))
        actions = pa.table(lake.DeltaTable(folder).get_add_actions(flatten=True))
        return sum(actions["num_records"].to_pylist())

    return work


def duckdb(csv: str, folder: str, options: str = "") -> Work:
    """COPY of a CSV file to Parquet."""
    import duckdb as duck

    def work() -> int:
        target = f"{folder}/bronze.parquet"
        with duck.connect(config={"temp_directory": folder}) as engine:
            copied = f"COPY (SELECT * FROM read_csv('{csv}'{options})) TO '{target}' (FORMAT parquet)"
            (found,) = engine.execute(copied).fetchall()
        return int(found[0])

    return work


def duckdb_texts(csv: str, folder: str) -> Work:
    """The same without types."""
    return duckdb(csv, folder, ", all_varchar = true")


def polars(csv: str, folder: str, *, types: bool = True) -> Work:
    """The streaming engine."""
    import polars as pl

    def work() -> int:
        target = f"{folder}/bronze.parquet"
        pl.scan_csv(csv, infer_schema=types).sink_parquet(target)
        return int(pl.scan_parquet(target).select(pl.len()).collect().item())

    return work


def polars_texts(csv: str, folder: str) -> Work:
    """The same without types."""
    return polars(csv, folder, types=False)


def dlt(csv: str, folder: str) -> Work:
    """Its filesystem source, read by DuckDB as Arrow, its fastest reader, into its filesystem destination."""
    import dlt as load
    from dlt.sources.filesystem import filesystem, read_csv_duckdb

    def work() -> int:
        files = filesystem(bucket_url=str(Path(csv).parent), file_glob=Path(csv).name)
        pipeline = load.pipeline(
            "bench",
            pipelines_dir=f"{folder}/state",
            destination=load.destinations.filesystem(bucket_url=f"file://{folder}/lake"),
            dataset_name="bronze",
        )
        read = files | read_csv_duckdb(chunk_size=100_000, use_pyarrow=True)
        pipeline.run(read.with_name("orders"), loader_file_format="parquet").raise_on_failed_jobs()
        return int(pipeline.last_trace.last_normalize_info.row_counts["orders"])

    return work


SIDES: dict[str, tuple[str, Callable[[str, str], Work]]] = {
    "ours": ("Vitrine, CSV → bronze (Delta)", ours),
    "ours_read": ("of that, the adapter alone", ours_read),
    "duckdb": ("DuckDB, COPY", duckdb),
    "duckdb_texts": ("DuckDB, COPY of texts", duckdb_texts),
    "polars": ("Polars, scan_csv → sink_parquet", polars),
    "polars_texts": ("Polars, texts", polars_texts),
    "dlt": ("dlt, filesystem, Parquet", dlt),
}
FOREIGN = ("polars", "polars_texts", "dlt")


def measure(side: str, csv: Path, folder: Path) -> dict[str, float]:
    """One side in a process of its own."""
    python = os.environ["BENCH_PYTHON"] if side in FOREIGN else sys.executable
    folder.mkdir()
    command = [python, __file__, "--side", side, str(csv), str(folder)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    shutil.rmtree(folder)
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def line(title: str, rows: int, found: Sequence[dict[str, float]]) -> list[str]:
    """A side's line of the table."""
    seconds = [one["seconds"] for one in found]
    median = statistics.median(seconds)
    size = found[0]["size"]
    return [
        title,
        report.duration(median),
        f"{min(seconds):.2f} to {max(seconds):.2f}",
        f"{rows / median:,.0f}",
        f"{max(one['peak'] for one in found):,.0f} MB",
        f"{size:,.0f} MB" if size else "",
    ]


def run_side(side: str, csv: str, folder: str) -> None:
    """Runs one side and prints its figures as JSON."""
    work = SIDES[side][1](csv, folder)
    began = time.perf_counter()
    rows = work()
    seconds = time.perf_counter() - began
    status = next(line for line in report.lines("/proc/self/status") if line.startswith("VmHWM"))
    size = sum(one.stat().st_size for one in Path(folder).rglob("*.parquet"))
    peak = int(status.split()[1]) / 1024
    print(json.dumps({"rows": rows, "seconds": seconds, "peak": peak, "size": size / 1e6}))


def missing() -> str:
    """Why the peers that this project does not have cannot run; empty where they can."""
    python = os.environ.get("BENCH_PYTHON", "")
    if not python:
        return "Polars and dlt are left out: see BENCH_PYTHON in this file's first lines."
    done = subprocess.run([python, "-c", "import polars, dlt, duckdb, pyarrow"], check=False)
    return "" if done.returncode == 0 else f"Polars and dlt are left out: {python} lacks one of them."


def main() -> int:
    """Measures all sides and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--side", nargs=3, default=[])
    asked = parser.parse_args()
    if asked.side:
        run_side(*asked.side)
        return 0
    import duckdb as duck

    why = missing()
    lines = []
    with tempfile.TemporaryDirectory() as folder:
        csv = Path(folder) / "orders.csv"
        duck.sql(f"COPY ({SOURCE.format(rows=asked.rows)}) TO '{csv}' (FORMAT csv, HEADER)")
        megabytes = csv.stat().st_size / 1e6
        sides = [side for side in SIDES if not (why and side in FOREIGN)]
        rounds = [[measure(side, csv, Path(folder) / side) for side in sides] for _ in range(asked.rounds)]
        for side, found in zip(sides, zip(*rounds, strict=True), strict=True):
            assert {one["rows"] for one in found} == {asked.rows}, f"{side} lost rows: {found}"
            lines.append(line(SIDES[side][0], asked.rows, found))
    print(f"{asked.rows:,} rows, {megabytes:,.0f} MB of CSV; {report.machine()}\n")
    print(report.table(["", "median", "fastest to slowest", "rows/s", "peak", "written"], lines))
    print(f"\n{why}" if why else "")
    return 0


if __name__ == "__main__":
    sys.exit(main())
