"""Several stores in one run, as Airflow runs it: tasks of their own, failures of their own."""

from pathlib import Path
from typing import Any

import pytest

from common.io import reports
from common.io.collections.protocol import Query
from common.utils.settings import Settings
from common.verbs.stores import opened
from dags.house import TASKS, House, asset_events, states

ALWAYS = {"window_start": "1970-01-01", "window_end": "2027-01-01"}
SUCCESS = dict.fromkeys(TASKS, "success:1")


@pytest.fixture
def targets(house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    """A house with two targets."""
    monkeypatch.setenv("VITRINE_TARGETS", "warehouse, archive")
    for name in ("warehouse", "archive"):
        monkeypatch.setenv(f"VITRINE_TARGET_{name.upper()}", f"sqlite:///{tmp_path / name}.db")
    house.settings = Settings.from_environment()
    return house


def content(house: House, store: str) -> list[dict[str, Any]]:
    with opened(house.contract, house.settings, store, read_only=True) as collection:
        live = collection.live()
        assert live
        return collection.read(live.number, Query(limit=1000)).rows.to_pylist()


def of_target(run: Any, name: str) -> dict[str, str]:
    found = {one.task_id: f"{one.state}:{one.try_number}" for one in run.get_task_instances()}
    return {verb: found[f"{verb}_product_revenue_to_{name}"] for verb in ("load", "publish")}


def outcome(house: House, name: str) -> tuple[str, str]:
    record = reports.read(house.settings, house.contract.name, house.runs[-1].run_id, name)
    assert record
    return record.state, record.error


def test_each_target_has_its_own_tasks_after_validate(targets: House) -> None:
    dag = targets.dag()
    for name in ("warehouse", "archive"):
        load = dag.task_dict[f"load_product_revenue_to_{name}"]
        assert load.upstream_task_ids == {"validate_product_revenue"}
        assert load.downstream_task_ids == {f"publish_product_revenue_to_{name}"}
        assert dag.task_dict[f"publish_product_revenue_to_{name}"].outlets == []
    assert [task.task_id for task in dag.topological_sort() if "_to_" not in task.task_id] == TASKS


def test_every_store_gets_the_same(targets: House) -> None:
    before = len(asset_events())
    run = targets.run(**ALWAYS)
    assert run.state == "success"
    assert len(asset_events()) == before + 1  # of the main store
    for name in ("warehouse", "archive"):
        assert of_target(run, name) == {"load": "success:1", "publish": "success:1"}
        assert content(targets, name) == targets.rows()
        assert outcome(targets, name) == ("published", "")


def test_one_that_fails_stops_no_other_and_is_run_again_alone(
    targets: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "warehouse.db").mkdir()
    run = targets.run(**ALWAYS)
    assert run.state == "failed"
    assert states(run) == SUCCESS
    assert of_target(run, "warehouse") == {"load": "failed:2", "publish": "upstream_failed:0"}
    assert of_target(run, "archive") == {"load": "success:1", "publish": "success:1"}
    assert targets.record.state == "published"
    assert outcome(targets, "archive") == ("published", "")
    state, error = outcome(targets, "warehouse")
    assert state == "failed"
    assert error.startswith("load_product_revenue_to_warehouse: ")
    assert content(targets, "archive") == targets.rows()

    (tmp_path / "warehouse.db").rmdir()
    targets.write("b.csv", "2026-01-09,P-9,Pot,1,1.00")
    again = targets.run(window_start="2026-01-09", window_end="2026-01-10")
    assert again.state == "success"
    assert content(targets, "warehouse") == targets.rows()
    assert len(targets.rows()) == 3


def test_a_wrong_place_of_a_target_fails_its_own_tasks(
    targets: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VITRINE_TARGET_WAREHOUSE", targets.settings.collections_url)
    run = targets.run(**ALWAYS)
    assert states(run) == SUCCESS
    assert of_target(run, "warehouse") == {"load": "failed:1", "publish": "upstream_failed:0"}
    assert "are the same store" in outcome(targets, "warehouse")[1]
    assert of_target(run, "archive") == {"load": "success:1", "publish": "success:1"}


def test_names_that_cannot_be_are_an_import_error(targets: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_TARGETS", "Ware-House")
    with pytest.raises(Exception, match=r"VITRINE_TARGETS: .*'Ware-House' cannot name a target"):
        targets.dag()
