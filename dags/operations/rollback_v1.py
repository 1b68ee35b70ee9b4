"""Takes a collection back to an earlier version.

**What:** a new version with the content of a retained one. Readers see it at once, no row moves, and it can
be rolled back itself. With *hold*, scheduled runs fail until `vitrine_operations_release_v1` is run.

**When:** never by itself; a person triggers it and says why.

**From where:** one of the last `VITRINE_KEEP_VERSIONS` (3) versions.

**To where:** the live version of the collection, in the main store or a target; who, from, to and why are
kept with it. The return value of `roll_back` has the windows to run again once the source is right.

**How to run it again:** clear `roll_back`: what is done is not done twice, what was published since stays.
To go further back, trigger another; to undo it, one with the number of the version to have again.

**Who owns it:** the team `platform`.
"""

from __future__ import annotations

from airflow.sdk import dag

from vlp import operations
from vlp.defaults import operation_dag


@dag(
    "vitrine_operations_rollback_v1",
    description="Takes a collection back to an earlier version, and can hold it there",
    schedule=None,
    params=operations.rollback_form(),
    doc_md=__doc__,
    **operation_dag(owner="platform"),
)
def rollback() -> None:
    """A retained version's content becomes the live version's."""
    chosen = operations.choose_version()
    operations.roll_back(chosen)


rollback()
