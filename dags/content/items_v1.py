r"""Stories from everywhere as one collection of items.

**What:** each story once, in plain text, with all its origins: the same story from two sources is one item.

**When:** daily at midnight UTC. Items stay after they left a feed.

**From where:** three sources, each extracted by a task of its own; one that is away does not stop the others.

| source | by default | variables begin with |
|---|---|---|
| `files` | CSV files | `VITRINE_CONTENT_ITEMS_FILES_` |
| `api` | JSON files; a REST API with `SOURCE=rest` | `VITRINE_CONTENT_ITEMS_API_` |
| `feeds` | RSS, Atom, RDF and JSON feeds | `VITRINE_CONTENT_ITEMS_FEEDS_` |

`docs/content.md` says what to set, and by which rules two records are one story.

**To where:** the collection `content/items`; dashboards read it at `/dashboards/v1/collections`.
Its contract is `include/contracts/content/items.odcs.yaml`.

**How to run it again:** clear the failed task; every task can be repeated. After a change of a source or its
mapping, trigger it with *full refresh*. A *dry run* computes and reports everything, and publishes nothing.

**Who owns it:** the team `content-data`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import CronDataIntervalTimetable, dag

from common.verbs.subject import Subject
from vlp.defaults import collection_dag
from vlp.tasks import Verbs

ITEMS = Subject("content", "items", major=1)


@dag(
    "vitrine_content_items_v1",
    description="Stories of files, an API and feeds, each once with all its origins",
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    start_date=datetime(2000, 1, 1, tzinfo=UTC),
    doc_md=__doc__,
    **collection_dag(ITEMS, owner="content-data"),
)
def items() -> None:
    """Records of three sources become one item a story."""
    verbs = Verbs(ITEMS)
    extracted = [verbs.extract("files"), verbs.extract("api"), verbs.extract("feeds")]
    transformed = verbs.transform(*extracted)
    validated = verbs.validate(transformed)
    loaded = verbs.load(validated)
    verbs.publish(loaded)


items()
