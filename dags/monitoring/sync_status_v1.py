r"""How each pipeline stands now.

**What:** last run, lag, next expected run, freshness and streak of failures of each pipeline.

**When:** when `monitoring/pipeline_days` is published, and a quarter past every hour, since lag grows though
nothing runs.

**From where:** the collection `monitoring/pipeline_days`, its live version.

**To where:** the collection `monitoring/sync_status`; its contract is
`include/contracts/monitoring/sync_status.odcs.yaml`.

**How to run it again:** clear the failed task, or trigger it: it is computed from all days each time.

**Who owns it:** the team `data-platform`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import AssetOrTimeSchedule, CronDataIntervalTimetable, dag

from common.verbs.subject import Subject
from vlp.defaults import collection_dag
from vlp.tasks import Verbs, collection_asset

SYNC_STATUS = Subject("monitoring", "sync_status", major=1)


@dag(
    "vitrine_monitoring_sync_status_v1",
    description="Last run, lag, freshness and streak of failures per pipeline",
    schedule=AssetOrTimeSchedule(
        timetable=CronDataIntervalTimetable("15 * * * *", timezone="UTC"),
        assets=collection_asset("monitoring/pipeline_days"),
    ),
    start_date=datetime(2000, 1, 1, tzinfo=UTC),
    doc_md=__doc__,
    **collection_dag(SYNC_STATUS, owner="data-platform"),
)
def sync_status() -> None:
    """Days of pipelines become the present state of each."""
    verbs = Verbs(SYNC_STATUS)
    extracted = verbs.extract("pipeline_days")
    transformed = verbs.transform(extracted)
    validated = verbs.validate(transformed)
    loaded = verbs.load(validated)
    verbs.publish(loaded)


sync_status()
