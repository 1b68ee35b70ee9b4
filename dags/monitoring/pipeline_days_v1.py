r"""What each pipeline did on each day, from the run records of any system.

**What:** runs, failures, rows, durations and the last error of each pipeline on each day; the other
collections of the domain are made of it.

**When:** every hour, and when another domain publishes. Its own runs are records too, and start nothing: only
the clock and the other domains do.

**From where:** Airflow's own runs, as this repository's listener writes them; OpenLineage events, dbt's
`run_results.json`, Singer messages, and any table or file of runs, each once its variables are set:
`VITRINE_MONITORING_PIPELINE_DAYS_<SOURCE>_*`, where the source is `AIRFLOW`, `OPENLINEAGE`, `DBT`, `SINGER`
or `RUNS`. `docs/monitoring.md` has an example of each.

**To where:** the collection `monitoring/pipeline_days`; its contract is
`include/contracts/monitoring/pipeline_days.odcs.yaml`, which also says how long days are kept.

**How to run it again:** clear the failed task; every task can be repeated. Trigger it with *full refresh*
after a change of a source or its mapping: it rebuilds all from what the sources hold now.

**Who owns it:** the team `data-platform`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import AssetOrTimeSchedule, CronDataIntervalTimetable, dag

from common.verbs.subject import Subject
from vlp.defaults import collection_dag
from vlp.tasks import Verbs, collection_asset

PIPELINE_DAYS = Subject("monitoring", "pipeline_days", major=1)


@dag(
    "vitrine_monitoring_pipeline_days_v1",
    description="Runs, failures, rows and durations per pipeline and day, from run records of any system",
    schedule=AssetOrTimeSchedule(
        timetable=CronDataIntervalTimetable("0 * * * *", timezone="UTC"),
        assets=(
            collection_asset("sales/product_revenue")
            | collection_asset("content/items")
            | collection_asset("learning/student_progress")
            | collection_asset("learning/course_analytics")
        ),
    ),
    start_date=datetime(2000, 1, 1, tzinfo=UTC),
    doc_md=__doc__,
    **collection_dag(PIPELINE_DAYS, owner="data-platform"),
)
def pipeline_days() -> None:
    """Run records of five kinds become days of pipelines."""
    verbs = Verbs(PIPELINE_DAYS)
    records = [verbs.extract("airflow"), verbs.extract("openlineage"), verbs.extract("dbt")]
    others = [verbs.extract("singer"), verbs.extract("runs")]
    transformed = verbs.transform(*records, *others)
    validated = verbs.validate(transformed)
    loaded = verbs.load(validated)
    verbs.publish(loaded)


pipeline_days()
