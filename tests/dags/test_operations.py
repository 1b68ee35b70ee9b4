"""Rolling back, holding, releasing and tidying up, as a user does it in Airflow."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from common.pipelines.contracts import names
from common.verbs import operations
from dags.house import HEADER, House, states

ALWAYS = {"window_start": "1970-01-01", "window_end": "2027-01-01"}
COLLECTION = {"collection": "sales/product_revenue"}
DAGS = Path(__file__).resolve().parents[2] / "dags"


def operate(name: str, **params: Any) -> Any:
    """The DAG run of one operation; a task that may be retried is retried at once."""
    from airflow.dag_processing.dagbag import DagBag

    dag = DagBag(str(DAGS / "operations")).dags[f"vitrine_operations_{name}_v1"]
    for task in dag.tasks:
        task.retries, task.retry_delay = 1, timedelta(0)
    return dag.test(run_conf=params)


def result(run: Any, task_id: str) -> Any:
    return run.get_task_instance(task_id).xcom_pull(task_ids=task_id)


def tries(run: Any) -> dict[str, str]:
    return {one.task_id: f"{one.state}:{one.try_number}" for one in run.get_task_instances()}


@pytest.fixture
def two_versions(house: House) -> House:
    """The 5th and 6th of January in version 1; the 5th otherwise and the 8th in version 2."""
    house.run(**ALWAYS)
    house.write("b.csv", "2026-01-05,P-9,Pot,1,1.00", "2026-01-08,P-9,Pot,1,1.00")
    house.run(**ALWAYS)
    assert house.live
    assert house.live.number == 2
    return house


def test_a_roll_back_takes_effect_at_once_and_is_recorded(two_versions: House) -> None:
    run = operate("rollback", **COLLECTION, reason="a wrong price list")
    assert run.state == "success"
    assert [str(row["date"]) for row in two_versions.rows()] == ["2026-01-05", "2026-01-06"]
    assert result(run, "roll_back") == {
        **COLLECTION,
        "store": "main",
        "from": 2,
        "to": 1,
        "version": 3,
        "by": "dag_test",
        "reason": "a wrong price list",
        "hold": False,
        "run_again": [
            {"window_start": "2026-01-05", "window_end": "2026-01-06"},
            {"window_start": "2026-01-08", "window_end": "2026-01-09"},
        ],
    }
    history = operations.history(two_versions.contract, two_versions.settings)
    newest = history.versions[0]
    assert (newest.kind, newest.number, newest.restored) == ("rollback", 3, 1)
    assert (newest.by, newest.reason) == ("dag_test", "a wrong price list")
    assert history.hold is None


def test_the_windows_to_run_again_bring_the_content_back(two_versions: House) -> None:
    before = two_versions.rows()
    again = result(operate("rollback", **COLLECTION, reason="test"), "roll_back")["run_again"]
    for window in again:
        assert two_versions.run(**window).state == "success"
    assert two_versions.rows() == before


def test_a_roll_back_to_a_version_that_is_not_there_fails_at_once(two_versions: House) -> None:
    run = operate("rollback", **COLLECTION, reason="test", to=7)
    assert tries(run) == {"choose_version": "failed:1", "roll_back": "upstream_failed:0"}
    assert two_versions.live
    assert two_versions.live.number == 2


def test_a_reason_and_a_collection_must_be_given(metadata_database: None) -> None:
    from airflow.sdk.exceptions import ParamValidationError

    for params in ({}, COLLECTION, {**COLLECTION, "reason": ""}, {"collection": "a/b", "reason": "test"}):
        with pytest.raises((ParamValidationError, ValueError)):
            operate("rollback", **params)


def test_a_hold_stops_scheduled_runs_until_it_is_released(two_versions: House) -> None:
    operate("rollback", **COLLECTION, reason="a wrong price list", hold=True)
    scheduled = two_versions.run()  # a bare trigger is the next scheduled run come early
    assert scheduled.state == "failed"
    assert states(scheduled)["publish_product_revenue"] == "failed:1"
    for words in ("a wrong price list", "dag_test", "vitrine_operations_release_v1"):
        assert words in two_versions.record.error
    assert two_versions.live
    assert two_versions.live.number == 3

    assert two_versions.run(window_start="2026-01-08", window_end="2026-01-09").state == "success"
    assert [str(row["date"]) for row in two_versions.rows()] == ["2026-01-05", "2026-01-06", "2026-01-08"]

    released = operate("release", **COLLECTION, reason="the list is right")
    held = result(released, "release")["held"]
    assert (held["by"], held["reason"]) == ("dag_test", "a wrong price list")
    assert two_versions.run().state == "success"
    assert two_versions.record.state in ("published", "unchanged")
    assert result(operate("release", **COLLECTION, reason="again"), "release")["held"] is None


def test_vacuum_sees_to_every_collection_in_every_store(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VITRINE_TARGETS", "archive")
    monkeypatch.setenv("VITRINE_TARGET_ARCHIVE", f"sqlite:///{house.settings.home / 'archive.db'}")
    for number in range(3):
        house.write(f"{number}.csv", f"2026-01-0{number + 1},P-1,Cup,1,1")
        house.run(**ALWAYS)
    run = operate("vacuum", keep=1)
    assert run.state == "success"
    mapped = [one for one in run.get_task_instances() if one.task_id == "vacuum"]
    settings = type(house.settings).from_environment()
    every = [f"{name} in {store}" for name in names(settings) for store in settings.stores]
    assert sorted(one.rendered_map_index for one in mapped) == sorted(every)
    for store in settings.stores:
        assert len(operations.history(house.contract, settings, store).versions) == 1
    assert tries(operate("vacuum", **COLLECTION, store="main")) == {
        "choose_collections": "success:1",
        "vacuum": "success:1",
    }


def test_a_store_that_is_away_does_not_stop_the_vacuum_of_others(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.run(**ALWAYS)
    (house.settings.home / "away.db").mkdir()
    monkeypatch.setenv("VITRINE_TARGETS", "away")
    monkeypatch.setenv("VITRINE_TARGET_AWAY", f"sqlite:///{house.settings.home / 'away.db'}")
    run = operate("vacuum")
    assert run.state == "failed"
    mapped = [one for one in run.get_task_instances() if one.task_id == "vacuum"]
    found = {(str(one.rendered_map_index).rpartition(" ")[2], one.state) for one in mapped}
    assert found == {("main", "success"), ("away", "failed")}


def test_a_vacuum_before_the_first_publication_does_no_harm(house: House) -> None:
    assert operate("vacuum").state == "success"
    assert not (house.settings.home / "collections.db").exists()


def test_a_contract_that_cannot_be_read_takes_no_operation_away(
    house: House, tmp_path: Path, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "contracts"
    for name in ("sales/product_revenue", "broken/one"):
        (folder / name).parent.mkdir(parents=True)
        text = (repository / "include" / "contracts" / "sales" / "product_revenue.odcs.yaml").read_text()
        (folder / f"{name}.odcs.yaml").write_text(text if name.startswith("sales") else "nonsense")
    monkeypatch.setenv("VITRINE_CONTRACTS", str(folder))
    for _ in range(2):
        house.run(**ALWAYS)
        house.write("b.csv", f"{date(2026, 1, 9)},P-9,Pot,1,1.00", header=HEADER)
    run = operate("rollback", **COLLECTION, reason="test")
    assert run.state == "success"
