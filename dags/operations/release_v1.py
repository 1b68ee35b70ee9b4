"""Releases a collection that a roll-back holds.

**What:** scheduled runs publish again. The next one reaches back to where the live version's data end.

**When:** never by itself; a person triggers it and says why.

**From where:** the hold that a run of `vitrine_operations_rollback_v1` has set.

**To where:** the record of the collection, in the main store or a target; it keeps who released it and why.

**How to run it again:** clear the task; where nothing is held, nothing happens.

**Who owns it:** the team `platform`.
"""

from __future__ import annotations

from airflow.sdk import dag

from vlp import operations
from vlp.defaults import operation_dag


@dag(
    "vitrine_operations_release_v1",
    description="Lets scheduled runs publish a collection again after a roll-back with hold",
    schedule=None,
    params=operations.release_form(),
    doc_md=__doc__,
    **operation_dag(owner="platform"),
)
def release() -> None:
    """A held collection is free again."""
    operations.release()


release()
