"""10,000 order lines through the five verbs, beside the pandas script that one would write instead.

Each side runs in a fresh process: once with its imports, and once more into an empty folder without them.
The script reads, cleans, sums and replaces a table; its money is floating point, and it has no version,
ledger, contract, dead letter or lake. ``make bench NAME=verbs``
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from pathlib import Path

from shared import report

from common.utils.odcs import load_contract
from common.utils.settings import Settings
from common.utils.window import Window
from common.verbs.references import Run
from common.verbs.subject import Subject

ROWS = 10_000
FIRST = date(2026, 1, 5)
SUBJECT = Subject("sales", "product_revenue", major=1)
VERBS = ("extract", "transform", "validate", "load", "publish")


def write_orders(folder: Path) -> None:
    """The first ROWS lines of the sample, one file a day."""
    from samples.generate import SEED
    from samples.orders import day_file

    missing, day = ROWS, FIRST
    while missing:
        head, *lines = day_file(SEED, day).splitlines(keepends=True)
        (folder / f"orders-{day}.csv").write_text(head + "".join(lines[:missing]), "utf-8")
        missing, day = missing - len(lines[:missing]), day + timedelta(days=1)


def verbs(source: Path, home: Path) -> dict[str, float]:
    """Seconds of each verb, and the revenue that gold holds."""
    began = time.perf_counter()
    from common.io import reports

    mapping = {"PATH": str(source), "KEY": "order_line_id", "UPDATED_AT": "updated_at"}
    variables = SUBJECT.intake("order_lines").variables
    os.environ.update({f"{variables}{name}": value for name, value in mapping.items()})
    os.environ["VITRINE_HOME"] = str(home)
    settings = Settings.from_environment()
    contract = load_contract(settings.contracts / "sales" / "product_revenue.odcs.yaml")
    run = Run("bench", Window(None, datetime(2027, 1, 1, tzinfo=UTC)))
    marks: list[tuple[str, float]] = []
    import_module("common.verbs.pipeline").run_all(
        SUBJECT, contract, settings, run, lambda verb: marks.append((verb.split()[0], time.perf_counter()))
    )
    ends = [*(at for _, at in marks[1:]), time.perf_counter()]
    figures = {verb: end - at for (verb, at), end in zip(marks, ends, strict=True)}
    figures["extract"] += marks[0][1] - began  # with its imports
    record = reports.read(settings, contract.name, run.id)
    assert record
    assert record.ledger
    return {**figures, "revenue": float(record.ledger.gold["revenue"])}


def pandas(source: Path, home: Path) -> dict[str, float]:
    """Seconds of the script, and the revenue that its table holds."""
    began = datetime.now(UTC)
    import pandas as pd
    from sqlalchemy import create_engine

    read = [pd.read_csv(file, dtype=str, on_bad_lines="skip") for file in sorted(source.glob("*.csv"))]
    lines = pd.concat(read, ignore_index=True)
    lines["at"] = pd.to_datetime(lines["date"], errors="coerce", format="ISO8601", utc=True)
    for name in ("quantity", "unit_price"):
        lines[name] = pd.to_numeric(lines[name], errors="coerce")
    lines = lines.dropna(subset=["at", "product_id", "quantity", "unit_price"])
    lines = lines.sort_values("updated_at").drop_duplicates("order_line_id", keep="last")
    lines["day"], lines["revenue"] = lines["at"].dt.date, lines["quantity"] * lines["unit_price"]
    daily = lines.groupby(["day", "product_id"], as_index=False).agg(
        product_name=("product_name", "first"), quantity=("quantity", "sum"), revenue=("revenue", "sum")
    )
    engine = create_engine(f"sqlite:///{home / 'pandas.db'}")
    daily.set_index(["day", "product_id"]).to_sql("product_revenue", engine, if_exists="replace")
    script = (datetime.now(UTC) - began).total_seconds()
    return {"script": script, "revenue": float(daily["revenue"].sum())}


def measure(side: str, source: str) -> list[dict[str, float]]:
    """Both passes of one side, in a process of its own."""
    done = subprocess.run(
        [sys.executable, __file__, side, source], stdout=subprocess.PIPE, text=True, check=True
    )
    passes: list[dict[str, float]] = json.loads(done.stdout.splitlines()[-1])
    return passes


def two_passes(side: str, source: str) -> None:
    """Runs one side twice, each time into an empty folder, and prints the figures as JSON."""
    passes = []
    for _ in range(2):
        with tempfile.TemporaryDirectory() as home:
            passes.append({"verbs": verbs, "pandas": pandas}[side](Path(source), Path(home)))
    print(json.dumps(passes))


def main() -> None:
    """Measures both sides and prints the table."""
    with tempfile.TemporaryDirectory() as folder:
        write_orders(Path(folder))
        ours, theirs = measure("verbs", folder), measure("pandas", folder)
    rows = [[name, *(report.duration(one[name]) for one in ours)] for name in VERBS]
    rows.append(["**all five**", *(report.duration(sum(one[name] for name in VERBS)) for one in ours)])
    rows.append(["pandas script", *(report.duration(one["script"]) for one in theirs)])
    print(f"{ROWS:,} order lines; {report.machine()}\n")
    print(report.table(["", "with imports", "again"], rows))
    print(f"\nRevenue: {ours[0]['revenue']:.4f} by the verbs, {theirs[0]['revenue']:.4f} by the script")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        two_passes(*sys.argv[1:])
    else:
        main()
