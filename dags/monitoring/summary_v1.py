r"""Totals and trends of each day and system.

**What:** runs, failures, rows and durations of each day and system, against the seven days before.

**When:** when `monitoring/pipeline_days` is published, and at one o'clock at night.

**From where:** the collection `monitoring/pipeline_days`, its live version.

**To where:** the collection `monitoring/summary`; its contract is
`include/contracts/monitoring/summary.odcs.yaml`.

**How to run it again:** clear the failed task, or trigger it: it is computed from all days each time.

**Who owns it:** the team `data-platform`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import AssetOrTimeSchedule, CronDataIntervalTimetable, dag

from common.verbs.subject import Subject
from vlp.defaults import collection_dag
from vlp.tasks import Verbs, collection_asset

SUMMARY = Subject("monitoring", "summary", major=1)


@dag(
    "vitrine_monitoring_summary_v1",
    description="Totals of runs per day and system, with trends",
    schedule=AssetOrTimeSchedule(
        timetable=CronDataIntervalTimetable("0 1 * * *", timezone="UTC"),
        assets=collection_asset("monitoring/pipeline_days"),
    ),
    start_date=datetime(2000, 1, 1, tzinfo=UTC),
    doc_md=__doc__,
    **collection_dag(SUMMARY, owner="data-platform"),
)
def summary() -> None:
    """Days of pipelines become days of systems."""
    verbs = Verbs(SUMMARY)
    extracted = verbs.extract("pipeline_days")
    transformed = verbs.transform(extracted)
    validated = verbs.validate(transformed)
    loaded = verbs.load(validated)
    verbs.publish(loaded)


summary()
