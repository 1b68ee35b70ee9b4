"""Tidies up the collections.

**What:** merges old days by month, retires old versions, and deletes the rows that no retained version has.

**When:** daily at 03:30 UTC, for every collection in every store. A publication does the same for its own;
this sees to those that publish seldom, and to what runs left behind that were killed.

**From where:** the main store and the targets.

**To where:** the same. What readers see stays as it is; who reads a version that is retired is told that.

**How to run it again:** clear a task, or trigger it with other numbers for one collection or one store.

**Who owns it:** the team `platform`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import CronTriggerTimetable, dag

from vlp import operations
from vlp.defaults import operation_dag


@dag(
    "vitrine_operations_vacuum_v1",
    description="Merges old days, retires old versions and deletes what nothing names any more",
    schedule=CronTriggerTimetable("30 3 * * *", timezone="UTC"),
    start_date=datetime(2000, 1, 1, tzinfo=UTC),
    params=operations.vacuum_form(),
    doc_md=__doc__,
    **operation_dag(owner="platform"),
)
def vacuum() -> None:
    """Each collection in each store is tidied up by a task of its own."""
    chosen = operations.choose_collections()
    operations.vacuum.expand(place=chosen)


vacuum()
