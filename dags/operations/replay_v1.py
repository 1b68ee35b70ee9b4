"""Puts dead letters through the verbs again.

**What:** the rejected records of a collection that no run has accepted since go through transform, validate,
load and publish once more. Those that are accepted are marked as replayed; the others stay as they were.
Done twice, it changes nothing.

**When:** never by itself; a person triggers it after a fix: of the encoding, the delimiter or the transform.

**From where:** the dead letters of the collection, as `make dead-letters` lists them: all of them, those of
one rule, or those whose own time lies in a window. A record that could not even be read is read again from
its file, where that is still there with the same content.

**To where:** the live version of the collection in the main store; targets follow with its next run.

**How to run it again:** clear the failed task; every task can be repeated.

**Who owns it:** the team `platform`.
"""

from __future__ import annotations

from airflow.sdk import dag

from vlp import replay
from vlp.defaults import operation_dag


@dag(
    "vitrine_operations_replay_v1",
    description="Puts dead letters through the verbs again, after a fix",
    schedule=None,
    params=replay.replay_form(),
    doc_md=__doc__,
    **operation_dag(owner="platform"),
)
def replay_dead_letters() -> None:
    """Rejected records become rows of their collection."""
    extracted = replay.extract_dead_letters()
    transformed = replay.transform_dead_letters(extracted)
    validated = replay.validate_collection(transformed)
    loaded = replay.load_collection(validated)
    replay.publish_collection(loaded)


replay_dead_letters()
