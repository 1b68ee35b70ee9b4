"""1,000 pipelines in YAML parsed into DAGs, beside dag-factory on files of as many tasks.

Each side is a process of its own in which Airflow's DagBag parses one Python file, as the dag-processor does,
in several rounds. Seconds are without the import of Airflow; the dag-processor gives a file 30. Ours is
parsed three times: with nothing kept from before (each file is checked in full: columns, types, expressions,
the settings of its sources), with the cards that this has kept, and as a task does it, which wants one DAG.
dag-factory checks less, and keeps nothing. It is no part of this project: PEERS names a folder that has it:

    uv pip install --target peers --no-deps dag-factory
    PEERS=peers make bench NAME=parse
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from shared import report

REPOSITORY = Path(__file__).resolve().parents[1]
OURS = """\
description: Daily revenue per product
owner: team-{n}
schedule: "0 {hour} * * *"
sources:
  orders:
    path: data/orders_{n}
    fields:
      order_id: string
      sold_at: timestamp
      product: {{type: string, required: true}}
      quantity: integer
      price: {{type: "decimal(18,4)", min: 0}}
    event_time: sold_at
    key: [order_id]
steps:
  - filter: quantity > 0
  - aggregate: {{by: [date, product], columns: {{revenue: sum(quantity * price), lines: count()}}}}
collection: {{key: [date, product], freshness: 48h}}
validation:
  - range: {{column: revenue, min: 0}}
"""
THEIRS = """\
orders_{n}:
  description: Daily revenue per product
  schedule: "0 {hour} * * *"
  start_date: 2000-01-01
  catchup: false
  max_active_runs: 1
  tags: [collection, shop]
  default_args: {{owner: team-{n}, retries: 4}}
  tasks:
    - task_id: extract
      operator: airflow.providers.standard.operators.bash.BashOperator
      bash_command: "true"
    - task_id: transform
      operator: airflow.providers.standard.operators.bash.BashOperator
      bash_command: "true"
      dependencies: [extract]
    - task_id: validate
      operator: airflow.providers.standard.operators.bash.BashOperator
      bash_command: "true"
      dependencies: [transform]
    - task_id: load
      operator: airflow.providers.standard.operators.bash.BashOperator
      bash_command: "true"
      dependencies: [validate]
    - task_id: publish
      operator: airflow.providers.standard.operators.bash.BashOperator
      bash_command: "true"
      dependencies: [load]
"""
PARSE = """\
import json, sys, time
import airflow.models
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG
began = time.monotonic()
bag = DagBag(sys.argv[1])
seconds = time.monotonic() - began
assert not bag.import_errors, bag.import_errors
tasks = sum(len(one.tasks) for one in bag.dags.values())
print(json.dumps({"seconds": seconds, "dags": len(bag.dags), "tasks": tasks}))
"""


def main() -> None:
    """Writes the files, parses them in turn, prints the medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pipelines", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    peers = os.environ.get("PEERS", "")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        loader = written(folder, asked.pipelines)
        times: dict[str, list[float]] = {}
        for round_ in range(asked.rounds):
            ours = {"VITRINE_PIPELINES": str(folder / "ours"), "VITRINE_HOME": str(folder / f"home{round_}")}
            one = {"_AIRFLOW_PARSING_CONTEXT_DAG_ID": "vitrine_shop_orders_7_v1"}
            for side, file, environment, dags in (
                ("Vitrine, every file checked", REPOSITORY / "dags" / "pipelines.py", ours, asked.pipelines),
                ("Vitrine, cards kept", REPOSITORY / "dags" / "pipelines.py", ours, asked.pipelines),
                ("Vitrine, one DAG for a task", REPOSITORY / "dags" / "pipelines.py", {**ours, **one}, 1),
                *([("dag-factory", loader, {"PYTHONPATH": peers}, asked.pipelines)] if peers else []),
            ):
                times.setdefault(side, []).append(parsed(file, environment, dags))
    rows = [
        [side, report.duration(statistics.median(found)), f"{min(found):.2f} to {max(found):.2f}"]
        for side, found in times.items()
    ]
    print(f"{asked.pipelines:,} pipelines of five tasks; {report.machine()}\n")
    print(report.table(["", "median", "fastest to slowest"], rows))
    if not peers:
        print("dag-factory was not timed: PEERS names no folder that has it.")


def written(folder: Path, count: int) -> Path:
    """Files of both sides; the Python file by which dag-factory loads its own."""
    for number in range(count):
        given = {"n": number, "hour": number % 24}
        for side, text, name in (
            ("ours/shop", OURS, f"orders_{number}_v1.yaml"),
            ("theirs", THEIRS, f"{number}.yaml"),
        ):
            path = folder / side / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text.format(**given), encoding="utf-8")
    loader = folder / "load.py"
    loader.write_text(
        "from airflow.sdk import DAG\nfrom dagfactory import load_yaml_dags\n"
        f"load_yaml_dags(globals_dict=globals(), dags_folder={str(folder / 'theirs')!r})\n",
        encoding="utf-8",
    )
    return loader


def parsed(file: Path, environment: dict[str, str], dags: int) -> float:
    """Seconds of one parse in a process of its own."""
    path = os.pathsep.join(
        filter(None, [os.environ.get("PYTHONPATH", ""), environment.get("PYTHONPATH", "")])
    )
    done = subprocess.run(
        [sys.executable, "-c", PARSE, str(file)],
        env={**os.environ, **environment, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(done.stderr)
    found = json.loads(done.stdout.splitlines()[-1])
    assert (found["dags"], found["tasks"]) == (dags, 5 * dags), found
    return float(found["seconds"])


if __name__ == "__main__":
    main()
