import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import AssetOrTimeSchedule, CronDataIntervalTimetable

from common.pipelines.cards import Card
from common.utils.settings import Settings
from unit.common.pipelines.pipeline_kit import house, published, written
from vlp.pipelines import Wrong, made, pipeline_dags, schedule, wrong

LOADER = Path(__file__).resolve().parents[2] / "dags" / "pipelines.py"
CARD = Card(
    path="include/pipelines/shop/orders_v1.yaml",
    domain="shop",
    subject="orders",
    description="Orders",
    owner="shop-data",
    cron="@daily",
    sources={"orders": "files", "names": "sql"},
    targets=("warehouse",),
)


def test_the_dag_has_the_five_verbs() -> None:
    dag = made(CARD)
    assert dag.dag_id == "vitrine_shop_orders_v1"
    assert {task.task_id for task in dag.topological_sort()} == {
        "extract_orders",
        "extract_names",
        "transform_orders",
        "validate_orders",
        "load_orders",
        "load_orders_to_warehouse",
        "publish_orders",
        "publish_orders_to_warehouse",
    }
    assert {task.owner for task in dag.tasks} == {"shop-data"}
    assert dag.tags == {"collection", "shop"}
    for word in ("What", "When", "From where", "To where", "How to run it again", "Who owns it"):
        assert f"**{word}:**" in (dag.doc_md or "")


def test_retries_are_the_files() -> None:
    dag = made(
        CARD.model_copy(update={"retries": {"times": 2}, "targets": ()}).model_validate(
            {**CARD.model_dump(), "retries": {"times": 2, "delay": "1m", "backoff": 3.0, "longest": "1h"}}
        )
    )
    task: Any = dag.tasks[0]
    assert (task.retries, task.retry_delay.total_seconds(), task.retry_exponential_backoff) == (2, 60, 3.0)
    assert task.max_retry_delay.total_seconds() == 3600


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        ({"cron": "", "after": ()}, type(None)),
        ({"cron": "@hourly", "after": ()}, CronDataIntervalTimetable),
        ({"cron": "0 6 * * *", "after": ("sales/product_revenue",)}, AssetOrTimeSchedule),
    ],
)
def test_when_it_runs(given: dict[str, Any], kind: type) -> None:
    assert isinstance(schedule(CARD.model_copy(update=given)), kind)


def test_after_other_collections_alone() -> None:
    found = schedule(CARD.model_copy(update={"cron": "", "after": ("a/b", "c/d")}))
    assert [asset.name for asset in found.objects] == ["a/b", "c/d"]


def test_a_task_makes_its_own_dag_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    house(tmp_path, monkeypatch)
    written(tmp_path)
    written(tmp_path, name="shop/others_v1.yaml")
    assert [dag.dag_id for dag in pipeline_dags()] == ["vitrine_shop_orders_v1", "vitrine_shop_others_v1"]
    monkeypatch.setenv("_AIRFLOW_PARSING_CONTEXT_DAG_ID", "vitrine_shop_others_v1")
    assert [dag.dag_id for dag in pipeline_dags()] == ["vitrine_shop_others_v1"]


def test_a_wrong_file_is_no_dag_and_its_problem_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = house(tmp_path, monkeypatch)
    written(tmp_path)
    path = written(tmp_path, ("quantity > 0", "quantty > 0"), name="shop/bad_v1.yaml")
    found = {dag.dag_id: dag for dag in pipeline_dags()}
    assert isinstance(found["vitrine_shop_bad_v1"], Wrong)
    assert not isinstance(found["vitrine_shop_orders_v1"], Wrong)
    (bad,) = wrong(settings)
    assert bad.path == str(path)
    assert "unknown column 'quantty'" in bad.problem


def airflow(*arguments: str, environment: dict[str, str], code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "airflow", *arguments],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    return done.stdout


def test_airflow_shows_the_problem_under_the_file_and_all_other_dags(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = house(tmp_path, monkeypatch)
    path = written(tmp_path)
    bad = written(tmp_path, ("quantity > 0", "quantty > 0"), name="shop/bad_v1.yaml")
    dags = tmp_path / "dags"
    dags.mkdir()
    (dags / "pipelines.py").symlink_to(LOADER)
    environment = {
        **os.environ,
        "AIRFLOW_HOME": str(tmp_path / "airflow"),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "PYTHONPATH": os.pathsep.join([str(LOADER.parent), str(LOADER.parents[1] / "plugins")]),
    }
    airflow("db", "migrate", environment=environment)
    airflow("dag-processor", "--num-runs", "1", environment=environment)
    told = airflow("dags", "list-import-errors", "-o", "json", environment=environment, code=1)
    errors = json.loads(told.splitlines()[-1])
    assert [one["filepath"] for one in errors] == [str(bad)]
    assert f"{bad}:16:13: unknown column 'quantty': did you mean 'quantity'?" in errors[0]["error"]
    listed = json.loads(airflow("dags", "list", "-o", "json", environment=environment).splitlines()[-1])
    assert [one["dag_id"] for one in listed] == ["vitrine_shop_orders_v1"]
    assert Settings.from_environment() == settings
    assert published(path, settings).contract.name == "shop/orders"
