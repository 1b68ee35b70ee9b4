"""Airflow inside this process, for the commands of one machine; alone it reaches beyond ``airflow.sdk``.

``python -m vlp.local`` prepares the metadata database, in which the read API alone looks up revoked tokens.
"""

from __future__ import annotations

from pathlib import Path

from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG
from airflow.utils.db import upgradedb

from common.utils.errors import SettingsError
from vlp.defaults import COLLECTION_TAG


def migrate() -> None:
    """Brings Airflow's metadata database to its present schema; quick where it has it already."""
    upgradedb()


def collection_dags(folder: Path) -> list[DAG]:
    """The DAGs below a folder that publish a collection, by id.

    Raises:
        SettingsError: A DAG file cannot be imported, or there is none.
    """
    bag = DagBag(str(folder))
    if bag.import_errors:
        errors = "; ".join(
            f"{name}: {text.strip().splitlines()[-1]}" for name, text in bag.import_errors.items()
        )
        raise SettingsError(
            f"DAG files cannot be imported: {errors}", next_step="`make test` shows the whole error."
        )
    found = [dag for _, dag in sorted(bag.dags.items()) if COLLECTION_TAG in dag.tags]
    if not found:
        raise SettingsError(f"No DAG has the tag '{COLLECTION_TAG}'.", where=str(folder))
    return found


def collection_name(dag: DAG) -> str:
    """The collection that a DAG publishes, ``domain/subject``: the asset that a task at its end announces."""
    (asset,) = [asset for task in dag.leaves for asset in task.outlets]
    return str(asset.name)


if __name__ == "__main__":
    migrate()
