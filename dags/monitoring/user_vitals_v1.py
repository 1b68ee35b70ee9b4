r"""How the runs of each owner went.

**What:** success rate, durations, rows and last activity of each owner over 90 days.

**When:** when `monitoring/pipeline_days` is published, and at one o'clock at night, since the window moves.

**From where:** the collection `monitoring/pipeline_days`, its live version.

**To where:** the collection `monitoring/user_vitals`; its contract is
`include/contracts/monitoring/user_vitals.odcs.yaml`.

**How to run it again:** clear the failed task, or trigger it: it is computed from all days each time.

**Who owns it:** the team `data-platform`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import AssetOrTimeSchedule, CronDataIntervalTimetable, dag

from common.verbs.subject import Subject
from vlp.defaults import collection_dag
from vlp.tasks import Verbs, collection_asset

USER_VITALS = Subject("monitoring", "user_vitals", major=1)


@dag(
    "vitrine_monitoring_user_vitals_v1",
    description="Success rate, durations, rows and last activity per owner",
    schedule=AssetOrTimeSchedule(
        timetable=CronDataIntervalTimetable("0 1 * * *", timezone="UTC"),
        assets=collection_asset("monitoring/pipeline_days"),
    ),
    start_date=datetime(2000, 1, 1, tzinfo=UTC),
    doc_md=__doc__,
    **collection_dag(USER_VITALS, owner="data-platform"),
)
def user_vitals() -> None:
    """Days of pipelines become the vitals of their owners."""
    verbs = Verbs(USER_VITALS)
    extracted = verbs.extract("pipeline_days")
    transformed = verbs.transform(extracted)
    validated = verbs.validate(transformed)
    loaded = verbs.load(validated)
    verbs.publish(loaded)


user_vitals()
