"""The DAG as Airflow runs it: tasks, parameters, retries, asset events, run records."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from common.io import reports
from common.verbs.references import Extracted, Loaded, from_json
from dags.house import TASKS, House, asset_events, states

ALWAYS = {"window_start": "1970-01-01", "window_end": "2027-01-01"}
SUCCESS = dict.fromkeys(TASKS, "success:1")


def xcom(run: Any, task_id: str) -> Any:
    return run.get_task_instance(task_id).xcom_pull(task_ids=task_id)


def test_a_run_publishes_and_says_so(house: House) -> None:
    before = len(asset_events())
    run = house.run(**ALWAYS)
    assert run.state == "success"
    assert states(run) == SUCCESS
    assert [(str(row["date"]), row["product_id"], row["quantity"]) for row in house.rows()] == [
        ("2026-01-05", "P-1", 3),
        ("2026-01-06", "P-2", 1),
    ]
    (event,) = asset_events()[before:]
    assert event == {
        "version": 1,
        "new": True,
        "repeated": False,
        "rows": 2,
        "changed": 2,
        "published_at": event["published_at"],
        "watermark": "2026-01-06T00:00:00+00:00",
        "inserted": 2,
        "updated": 0,
        "unchanged": 0,
        "removed": 0,
        "run_id": run.run_id,
    }
    assert house.record.state == "published"
    assert house.record.source_name
    assert house.record.window
    assert Path(house.record.report).is_file()


def test_only_small_references_pass_between_tasks(house: House) -> None:
    run = house.run(**ALWAYS)
    extracted, loaded = xcom(run, TASKS[0]), xcom(run, TASKS[3])
    assert from_json(Extracted, extracted).bronze.rows == 3
    assert from_json(Loaded, loaded).staged.inserted == 2
    assert all(len(json.dumps(xcom(run, task))) < 5000 for task in TASKS)


def test_a_second_run_publishes_nothing_new(house: House) -> None:
    house.run(**ALWAYS)
    before = asset_events()
    run = house.run(**ALWAYS)
    assert states(run) == SUCCESS
    assert xcom(run, TASKS[-1])["new"] is False
    assert house.record.state == "unchanged"
    assert house.live
    assert house.live.number == 1
    assert asset_events() == before


def test_a_dry_run_computes_and_publishes_nothing(house: House) -> None:
    before = asset_events()
    run = house.run(**ALWAYS, dry_run=True)
    assert states(run) == SUCCESS
    assert house.record.state == "dry_run"
    assert house.record.ledger
    assert house.record.ledger.read == 3
    assert house.live is None
    assert asset_events() == before


def test_a_window_is_answered_for_and_no_more(house: House) -> None:
    house.run(window_start="2026-01-06", window_end="2026-01-07T00:00:00Z")
    assert [str(row["date"]) for row in house.rows()] == ["2026-01-06"]
    assert house.record.ledger
    assert house.record.ledger.filtered == {"outside_window": 2}


def test_half_a_window_fails_at_once_and_says_why(house: House) -> None:
    run = house.run(window_start="2026-01-06")
    assert run.state == "failed"
    assert states(run) == {TASKS[0]: "failed:1", **dict.fromkeys(TASKS[1:], "upstream_failed:0")}
    assert house.record.state == "failed"
    assert house.record.error.startswith("extract_order_lines: The run was given one bound of its window")


def test_a_broken_rule_publishes_nothing_and_is_not_retried(house: House) -> None:
    house.run(**ALWAYS)
    before = asset_events()
    house.write("b.csv", *["2026-13-45,P-1,Cup,two,3.50"] * 50)
    run = house.run(**ALWAYS)
    assert run.state == "failed"
    assert states(run)["validate_product_revenue"] == "failed:1"
    assert house.record.state == "failed"
    assert "rejected_share" in house.record.error
    assert house.live
    assert house.live.number == 1
    assert asset_events() == before


def test_a_source_that_comes_back_is_read_on_the_next_try(house: House) -> None:
    away = house.files.rename(house.files.with_name("away"))
    dag = house.dag()
    dag.task_dict[TASKS[0]].on_retry_callback = [lambda context: away.rename(house.files)]
    run = house.run(dag, **ALWAYS)
    assert states(run) == {**SUCCESS, TASKS[0]: "success:2"}
    assert house.record.state == "published"


def test_a_source_that_stays_away_is_said_to_be(house: House) -> None:
    house.files.rename(house.files.with_name("away"))
    run = house.run(**ALWAYS)
    assert states(run)[TASKS[0]] == "failed:2"
    assert str(house.files) in house.record.error
    assert house.live is None


def test_a_run_that_goes_on_after_a_failure_is_running_again(house: House) -> None:
    dag = house.dag()
    seen = []

    def fail(context: Any) -> None:
        run_id = context["dag_run"].run_id
        reports.record(house.settings, house.contract.name, run_id, state="failed", error="a failure")

    def look(context: Any) -> None:
        record = reports.read(house.settings, house.contract.name, context["dag_run"].run_id)
        seen.append(record and (record.state, record.error))

    dag.task_dict[TASKS[1]].on_execute_callback = [fail]
    dag.task_dict[TASKS[1]].on_success_callback = [look]
    house.run(dag, **ALWAYS)
    assert seen == [("running", "")]


@pytest.mark.parametrize("logical_date", [None, datetime(2026, 1, 7, 8, tzinfo=UTC)])
def test_a_bare_trigger_reads_everything_the_first_time(house: House, logical_date: datetime | None) -> None:
    run = house.run(logical_date=logical_date)
    assert states(run) == SUCCESS
    assert len(house.rows()) == 2
    assert house.record.window
    assert house.record.window.start is None


def test_a_full_refresh_takes_another_source(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.run(**ALWAYS)
    other = house.files.with_name("other")
    other.mkdir()
    house.files = other
    house.write("c.csv", "2026-01-06,P-9,Pot,1,1.00")
    monkeypatch.setenv("VITRINE_SALES_PRODUCT_REVENUE_PATH", str(other))
    assert states(house.run(**ALWAYS))[TASKS[0]] == "failed:2"
    assert "full_refresh" in house.record.error
    house.run(**ALWAYS, full_refresh=True)
    assert [row["product_id"] for row in house.rows()] == ["P-9"]
