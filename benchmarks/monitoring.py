"""What one more day of run records costs, by how many lie before it: ``make bench NAME=monitoring``.

Parquet files of a week hold the history: 200 pipelines, 13,700 runs a day, for up to two years. It is read
once; then one more day arrives and is measured: the run of ``monitoring/pipeline_days`` for that day, and
those of the three collections made of it, each in a fresh process with its imports; the transform's part is
said beside. Below are the same three answers by SQL over all records each time: in DuckDB on the same files,
and in SQLite (no quantiles).
"""

import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
from shared import report

from common.utils.odcs import load_contract
from common.utils.settings import Settings
from common.utils.window import Window
from common.verbs import pipeline
from common.verbs.references import Run
from common.verbs.subject import Subject

SIZES = (100_000, 1_000_000, 10_000_000)
DAYS, PIPELINES, DAILY = 730, 200, 13_700
FIRST = datetime(2024, 11, 1, tzinfo=UTC)
DOWNSTREAM = ("sync_status", "user_vitals", "summary")
SOURCE = {"SOURCE": "files", "KEY": "id", "UPDATED_AT": "event_at"}
ROWS = """COPY (
    SELECT id, 'system ' || number % 4 AS system, 'pipeline ' || number AS pipeline, 'run ' || id AS run_id,
        'team ' || number % 20 AS owner, CASE WHEN chance % 33 = 0 THEN 'failed' ELSE 'success' END AS state,
        strftime(start, '%Y-%m-%dT%H:%M:%SZ') AS started_at,
        strftime(start + to_milliseconds(lasted), '%Y-%m-%dT%H:%M:%S.%fZ') AS ended_at, ended_at AS event_at,
        CASE WHEN chance % 33 > 0 THEN chance % 100000 END AS rows,
        CASE WHEN chance % 33 = 0 THEN 'TimeoutError: no answer' END AS error
    FROM (
        SELECT id, hash(id) % {pipelines} AS number, hash(id, 1) % 1000000 AS chance,
            CAST(exp(6 + (hash(id, 2) % 1000) / 200.0) AS BIGINT) AS lasted,
            TIMESTAMP '{first}' + to_seconds(CAST(86000.0 * {days} * nth / {count} AS BIGINT)) AS start
        FROM (SELECT range + {start} AS id, range AS nth FROM range({count}))
    )
) TO '{path}' (FORMAT parquet)"""
QUERIES = {
    "sync_status": """SELECT system, pipeline, max(started_at),
        max(ended_at) FILTER (WHERE state = 'success'), count(*),
        count(*) FILTER (WHERE state = 'failed'), sum(rows) FROM runs GROUP BY system, pipeline""",
    "user_vitals": """SELECT owner, count(*), avg(CASE state WHEN 'success' THEN 1.0 ELSE 0 END), {quantiles}
        sum(rows), max(started_at) FROM runs GROUP BY owner""",
    "summary": """SELECT substr(ended_at, 1, 10) AS date, system, count(*), sum(rows),
        count(*) FILTER (WHERE state = 'failed'), count(DISTINCT pipeline) FROM runs GROUP BY 1, 2""",
}
SECONDS = "epoch(CAST(ended_at AS TIMESTAMP) - CAST(started_at AS TIMESTAMP))"
QUANTILES = f"median({SECONDS}), quantile_cont({SECONDS}, 0.95),"


def write(path: Path, first_id: int, count: int, first_day: int, days: int) -> None:
    """Runs with ascending ids over some days."""
    first = (FIRST + timedelta(days=first_day)).replace(tzinfo=None)
    told = {
        "pipelines": PIPELINES,
        "first": first,
        "days": days,
        "count": count,
        "start": first_id,
        "path": path,
    }
    duckdb.connect().execute(ROWS.format(**told))


def publish(name: str, first_day: str) -> dict[str, Any]:
    """All five verbs of one collection: seconds, those of the transform, and peak memory in GiB."""
    began, verb = time.perf_counter(), pipeline.transform_live
    figures: dict[str, Any] = {}

    def transform(*arguments: Any) -> Any:
        start = time.perf_counter()
        found = verb(*arguments)
        figures["transform"] = time.perf_counter() - start
        return found

    pipeline.transform_live = transform
    settings = Settings.from_environment()
    contract = load_contract(settings.contracts / "monitoring" / f"{name}.odcs.yaml")
    window = Window(FIRST + timedelta(days=int(first_day)), FIRST + timedelta(days=DAYS + 1))
    run = Run(f"bench {time.time()}", window)
    pipeline.run_all(Subject("monitoring", name, 1), contract, settings, run)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return figures | {"seconds": time.perf_counter() - began, "peak": peak}


def sql(engine: str, folder: str) -> dict[str, Any]:
    """The three answers over all records."""
    began = time.perf_counter()
    if engine == "sqlite":
        connection: Any = sqlite3.connect(f"{folder}/runs.db")
        queries = [query.format(quantiles="") for query in QUERIES.values()]
    else:
        connection = duckdb.connect()
        connection.execute(f"CREATE VIEW runs AS FROM '{folder}/runs/*.parquet'")
        queries = [query.format(quantiles=QUANTILES) for query in QUERIES.values()]
    for query in queries:
        connection.execute(query).fetchall()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return {"seconds": time.perf_counter() - began, "peak": peak}


def copy(folder: str) -> dict[str, Any]:
    """The records in SQLite."""
    rows = duckdb.connect().execute(f"FROM '{folder}/runs/*.parquet'")
    with sqlite3.connect(f"{folder}/runs.db") as connection:
        connection.execute(f"CREATE TABLE runs ({', '.join(column[0] for column in rows.description or ())})")
        while batch := rows.fetchmany(100_000):
            connection.executemany(f"INSERT INTO runs VALUES ({', '.join('?' * len(batch[0]))})", batch)
    return {}


def apart(environment: dict[str, str], *arguments: str) -> dict[str, Any]:
    """One step in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, *arguments],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def measure(size: int, folder: Path) -> list[dict[str, Any]]:
    """The history read once, then a day: pipeline_days, the three others, and the SQL beside them."""
    (folder / "runs").mkdir()
    written = 0
    for week in range(DAYS - round(size / DAILY), DAYS, 7):  # a file a week, as an export would be
        days = min(7, DAYS - week)
        write(folder / "runs" / f"{week:03}.parquet", written + 1, days * DAILY, week, days)
        written += days * DAILY
    environment = {f"VITRINE_MONITORING_PIPELINE_DAYS_RUNS_{name}": value for name, value in SOURCE.items()}
    environment["VITRINE_MONITORING_PIPELINE_DAYS_RUNS_PATH"] = str(folder / "runs")
    environment["VITRINE_HOME"] = str(folder / "home")
    history = apart(environment, "publish", "pipeline_days", "0")
    write(folder / "runs" / "one-more-day.parquet", written + 1, DAILY, DAYS, 1)
    steps = [apart(environment, "publish", name, str(DAYS)) for name in ("pipeline_days", *DOWNSTREAM)]
    apart({}, "copy", str(folder))
    return [history, *steps, *(apart({}, "sql", engine, str(folder)) for engine in ("duckdb", "sqlite"))]


def cell(figures: dict[str, Any]) -> str:
    """Seconds, those of the transform among them, and peak memory."""
    shown = report.duration(figures["seconds"])
    if "transform" in figures:
        shown += f" (transform {report.duration(figures['transform'])})"
    return f"{shown}, {figures['peak']:.2f} GB"


def main() -> None:
    """Measures all sizes and prints the table."""
    sizes = [int(one) for one in sys.argv[1:]] or SIZES
    columns = []
    for size in sizes:
        with tempfile.TemporaryDirectory() as folder:
            columns.append(measure(size, Path(folder)))
    names = ["the history, read once", "**a day: pipeline_days**", *DOWNSTREAM]
    names += ["SQL over all, DuckDB", "SQL over all, SQLite"]
    rows = [[name, *(cell(one[at]) for one in columns)] for at, name in enumerate(names)]
    print(f"One day of {DAILY:,} runs after a history; seconds and peak memory; {report.machine()}\n")
    print(report.table(["", *(f"{size:,} runs before" for size in sizes)], rows))


if __name__ == "__main__":
    steps = {"publish": publish, "sql": sql, "copy": copy}
    if len(sys.argv) > 1 and sys.argv[1] in steps:
        print(json.dumps(steps[sys.argv[1]](*sys.argv[2:])))
    else:
        main()
