"""``vitrine run`` on a pipeline in YAML: its start, 10,000 rows, and what rules and further stores cost.

Each figure is of whole processes with a home of their own, one after the other in several rounds, all
imports included. The rows of the collection are the records of a CSV file, not a sum of them, so that there
is much to judge and to write. Beside it a pandas script cleans the same file, judges it by the same rules and
replaces a table of SQLite: no versions, ledger, contract or lake. A rule that only Great Expectations knows
costs its import first, which does not grow with the rows.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from shared import report

PIPELINE = """\
description: Order lines
owner: shop-data
sources:
  lines:
    path: {csv}
    fields:
      order_line_id: {{type: string, required: true}}
      sold_at: timestamp
      product_id: {{type: string, required: true}}
      quantity: {{type: integer, min: 1}}
      unit_price: {{type: "decimal(18,4)", min: 0}}
    event_time: sold_at
    key: [order_line_id]
steps:
  - derive: {{amount: quantity * unit_price}}
  - cast: {{amount: "decimal(18,4)"}}
collection: {{key: [date, order_line_id], partition_by: day, freshness: 48h}}
{more}"""
RULES = """\
validation:
  - not_null: [product_id, quantity]
  - range: {column: quantity, min: 1, max: 9}
  - pattern: {column: product_id, regex: "P[0-9]{6}"}
  - one_of: {column: quantity, values: [1, 2, 3, 4, 5, 6, 7, 8, 9]}
  - unique: [order_line_id]
  - row_count: {min: 1}
"""
CUSTOM = """\
validation:
  - expectation: {type: expect_column_mean_to_be_between, kwargs: {column: quantity, min_value: 1}}
"""
SOURCE = """SELECT 'L' || id AS order_line_id,
    TIMESTAMP '2026-01-01' + INTERVAL ((id * 30 * 86400) // {rows}) SECOND AS sold_at,
    'P' || lpad((hash(id) % 2000)::VARCHAR, 6, '0') AS product_id, hash(id + 1) % 9 + 1 AS quantity,
    (hash(id + 2) % 100000 / 100)::DECIMAL(10, 2) AS unit_price FROM range({rows}) AS r(id)"""
SCRIPT = """\
import sqlite3, sys
from decimal import Decimal
import pandas as pd
lines = pd.read_csv(sys.argv[1], dtype={"order_line_id": str, "product_id": str, "unit_price": str})
lines["sold_at"] = pd.to_datetime(lines["sold_at"], utc=True)
lines["date"] = lines["sold_at"].dt.date.astype(str)
pairs = zip(lines["quantity"], lines["unit_price"])
lines["amount"] = [str(quantity * Decimal(price)) for quantity, price in pairs]
lines = lines.drop_duplicates("order_line_id", keep="last")
assert lines[["product_id", "quantity"]].notna().all().all() and lines["quantity"].between(1, 9).all()
assert lines["product_id"].str.fullmatch("P[0-9]{6}").all() and len(lines)
with sqlite3.connect(sys.argv[2]) as store:
    lines.to_sql("orders", store, if_exists="replace", index=False)
"""


def main() -> None:
    """Runs every side in turn, prints the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 200_000])
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    starts = [timed([sys.executable, "-m", "vitrine", "run", "--help"], {}) for _ in range(asked.rounds)]
    print(
        f"{report.machine()}\n\nstart (`vitrine run --help`): {report.duration(statistics.median(starts))}\n"
    )
    for rows in asked.rows:
        with tempfile.TemporaryDirectory() as folder:
            measured(Path(folder), rows, asked.rounds)


def measured(folder: Path, rows: int, rounds: int) -> None:
    """The table of so many rows."""
    import duckdb

    csv = folder / "lines.csv"
    duckdb.sql(f"COPY ({SOURCE.format(rows=rows)}) TO '{csv}' (FORMAT csv, HEADER)")
    second = f'targets: {{second: "parquet://{folder}/second"}}\n'
    third = second.replace("}", f', third: "sqlite:///{folder}/third.db"}}')
    sides = {
        "no rules, one store": "",
        "six rules": RULES,
        "a rule of Great Expectations": CUSTOM,
        "a second store": second,
        "a third store": third,
    }
    times: dict[str, list[float]] = {}
    for round_ in range(rounds):
        for number, (side, more) in enumerate(sides.items()):
            home = folder / f"{round_}-{number}"
            path = home / "pipelines" / "shop" / "orders_v1.yaml"
            path.parent.mkdir(parents=True)
            path.write_text(
                PIPELINE.format(csv=csv, more=more.replace(str(folder) + "/", f"{home}/")), encoding="utf-8"
            )
            environment = {"VITRINE_HOME": str(home), "VITRINE_PIPELINES": str(home / "pipelines")}
            times.setdefault(side, []).append(
                timed([sys.executable, "-m", "vitrine", "run", str(path)], environment)
            )
        script = [sys.executable, "-c", SCRIPT, str(csv), str(folder / f"{round_}.db")]
        times.setdefault("pandas, with the rules, one table", []).append(timed(script, {}))
    print(f"{rows:,} rows\n\n{told(times)}\n")


def told(times: dict[str, list[float]]) -> str:
    """A table of medians, each beside the first."""
    least = statistics.median(next(iter(times.values())))
    lines = []
    for side, found in times.items():
        median = statistics.median(found)
        spread = f"{min(found):.2f} to {max(found):.2f}"
        lines.append([side, report.duration(median), spread, f"{median / least - 1:+.0%}"])
    return report.table(["", "median", "fastest to slowest", "beside the first"], lines)


def timed(command: list[str], environment: dict[str, str]) -> float:
    """Seconds of a whole process."""
    began = time.perf_counter()
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
