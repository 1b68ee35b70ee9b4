"""Every DAG file, as it stands and as it is parsed."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from integrity.rules import PACKAGES

DAGS = Path(__file__).resolve().parents[2] / "dags"
FILES = sorted(path for path in DAGS.glob("*/*.py") if path.parent.name not in PACKAGES)
PIPELINES = DAGS / "pipelines.py"  # the DAGs of all pipelines in YAML
VERBS = ("extract", "transform", "validate", "load", "publish")
HEAVY = ("duckdb", "narwhals", "deltalake", "pandas", "great_expectations")
BUDGET = 1.0  # seconds for one file, beyond Airflow's own import

# Imports one DAG file after Airflow and says how long it took, what it brought in, and what it was warned of.
PARSE = """
import json, runpy, sys, time, warnings
import airflow.models  # sets up Airflow's logging, which takes warnings to itself
from airflow.sdk import CronDataIntervalTimetable, ExceptionRetryPolicy, Param, dag, get_current_context, task
before = set(sys.modules)
began = time.monotonic()
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    runpy.run_path(sys.argv[1])
seconds = time.monotonic() - began
kinds = (DeprecationWarning, FutureWarning)
print(json.dumps({
    "seconds": seconds,
    "modules": sorted({name.split(".")[0] for name in set(sys.modules) - before}),
    "deprecated": [str(one.message) for one in caught if issubclass(one.category, kinds)],
}))
"""


@pytest.fixture(scope="module")
def bag() -> Any:
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(str(DAGS))


@pytest.fixture(scope="module")
def publishing(bag: Any) -> list[Any]:
    """The DAGs that publish a collection."""
    from vlp.defaults import COLLECTION_TAG

    found = [dag for dag in bag.dags.values() if COLLECTION_TAG in dag.tags]
    assert found
    return found


def parse(path: Path) -> dict[str, Any]:
    environment = {**os.environ, "PYTHONPATH": str(DAGS)}
    done = subprocess.run(
        [sys.executable, "-c", PARSE, str(path)], capture_output=True, text=True, check=True, env=environment
    )
    return json.loads(done.stdout.splitlines()[-1])


def test_there_are_dags_and_all_can_be_imported(bag: Any) -> None:
    assert DAGS.is_absolute()
    assert FILES
    assert bag.import_errors == {}
    assert len(bag.dags) >= len(FILES)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_yields_its_dag(bag: Any, path: Path) -> None:
    stem, _, major = path.stem.rpartition("_v")
    expected = f"vitrine_{path.parent.name}_{stem}_v{major}"
    assert [dag.dag_id for dag in bag.dags.values() if Path(dag.fileloc) == path] == [expected]


def test_every_dag_says_what_it_is(bag: Any) -> None:
    for dag in bag.dags.values():
        assert re.fullmatch(r"vitrine_[a-z][a-z0-9_]*_v\d+", dag.dag_id)
        file = Path(dag.fileloc)
        domain = file.parent.name if file in FILES else dag.dag_id.split("_")[1]
        assert domain in dag.tags, dag.dag_id
        assert dag.description, dag.dag_id
        for word in ("What", "When", "From where", "To where", "How to run it again", "Who owns it"):
            assert f"**{word}:**" in dag.doc_md, f"{dag.dag_id} does not say: {word}"
        assert {task.owner for task in dag.tasks} != {"airflow"}, "nobody owns it"


def test_the_owner_is_the_contracts(publishing: list[Any]) -> None:
    from common.pipelines.contracts import contracts
    from common.utils.settings import Settings
    from vlp.local import collection_name

    known = contracts(Settings())
    for dag in publishing:
        contract = known[collection_name(dag)]
        assert {task.owner for task in dag.tasks} == {contract.owner}
        assert dag.dag_id == f"vitrine_{contract.domain}_{contract.subject}_v{contract.major}"


def test_every_dag_of_a_collection_is_a_chain_of_the_five_verbs(publishing: list[Any]) -> None:
    for dag in publishing:
        order = [task.task_id.split("_")[0] for task in dag.topological_sort()]
        extracts = order.count("extract")
        assert extracts >= 1, dag.dag_id
        assert order == ["extract"] * extracts + list(VERBS[1:]), dag.dag_id
        for task in dag.tasks:
            below = {dag.task_dict[name].task_id.split("_")[0] for name in task.downstream_task_ids}
            verb = task.task_id.split("_")[0]
            assert below == set(VERBS[VERBS.index(verb) + 1 :][:1]), task.task_id


def test_every_task_can_be_repeated(bag: Any) -> None:
    for task in (task for dag in bag.dags.values() for task in dag.tasks):
        assert task.retries > 0
        assert task.retry_exponential_backoff > 1
        assert task.retry_policy


def test_a_failed_task_of_a_collection_is_noted(publishing: list[Any]) -> None:
    assert all(task.on_failure_callback for dag in publishing for task in dag.tasks)


def test_windows_are_real_intervals(publishing: list[Any]) -> None:
    from airflow.sdk import CronDataIntervalTimetable

    for dag in publishing:
        if dag.dag_id == "vitrine_sales_product_months_v1":  # no clock starts it
            continue
        timetable = getattr(dag.timetable, "timetable", dag.timetable)  # of one that assets trigger as well
        assert isinstance(timetable, CronDataIntervalTimetable), dag.dag_id


def test_runs_neither_pile_up_nor_catch_up(bag: Any) -> None:
    for dag in bag.dags.values():
        assert dag.catchup is False
        assert dag.max_active_runs == 1


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_parsing_is_cheap_and_up_to_date(path: Path) -> None:
    found = parse(path)
    assert found["seconds"] < BUDGET
    assert [name for name in found["modules"] if name in HEAVY] == []
    assert found["deprecated"] == []


def test_the_parse_test_sees_a_breach(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("import narwhals, time\nfrom airflow.decorators import dag\ntime.sleep(0.1)\n")
    found = parse(bad)
    assert "narwhals" in found["modules"]
    assert any("deprecated" in text for text in found["deprecated"])
    assert found["seconds"] > 0.1


def test_packages_are_not_parsed_for_dags(bag: Any) -> None:
    assert {Path(dag.fileloc) for dag in bag.dags.values()} == {*FILES, PIPELINES}
    ignored = (DAGS / ".airflowignore").read_text("utf-8").split()
    assert {f"{package}/" for package in PACKAGES} <= set(ignored)
