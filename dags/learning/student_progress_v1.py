r"""How each student does in each course.

**What:** what was due, submitted and scored, clicks and minutes, last activity, and whether a named rule sees
a risk: one row a student and presentation of a course.

**When:** daily at 01:00 UTC, for what the sources hold then.

**From where:** courses, enrolments, registrations, assessments, submissions, contents, activity: files,
MongoDB or any other kind, as `VITRINE_LEARNING_<SOURCE>_…` says for both subjects of the domain and
`VITRINE_LEARNING_STUDENT_PROGRESS_<SOURCE>_…` for this one; `docs/learning.md` has the columns.

**To where:** the collection `learning/student_progress`; dashboards read it at `/dashboards/v1/collections`.
Its contract is `include/contracts/learning/student_progress.odcs.yaml`.
Only operators may read it: its rows are of single persons.

**How to run it again:** clear the failed task; every task can be repeated. A source is read whole, so the
next run mends what an earlier one lacked. After a change of a source or its mapping, trigger it with
*full refresh*. A *dry run* computes and reports everything, and publishes nothing.

**Who owns it:** the team `learning-data`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import CronDataIntervalTimetable, dag

from common.verbs.subject import Subject
from vlp.defaults import collection_dag
from vlp.tasks import Verbs

STUDENT_PROGRESS = Subject("learning", "student_progress", major=1)


@dag(
    "vitrine_learning_student_progress_v1",
    description="Scores, activity and risk of each student in each course",
    schedule=CronDataIntervalTimetable("0 1 * * *", timezone="UTC"),
    start_date=datetime(2000, 1, 1, tzinfo=UTC),
    doc_md=__doc__,
    **collection_dag(STUDENT_PROGRESS, owner="learning-data"),
)
def student_progress() -> None:
    """Records of a learning platform become one row a student and course."""
    verbs = Verbs(STUDENT_PROGRESS)
    extracted = [
        verbs.extract("courses"),
        verbs.extract("enrolments"),
        verbs.extract("registrations"),
        verbs.extract("assessments"),
        verbs.extract("submissions"),
        verbs.extract("contents"),
        verbs.extract("activity"),
    ]
    transformed = verbs.transform(*extracted)
    validated = verbs.validate(transformed)
    loaded = verbs.load(validated)
    verbs.publish(loaded)


student_progress()
