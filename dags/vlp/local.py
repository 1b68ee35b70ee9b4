"""Airflow inside this process, for the commands of one machine; alone it reaches beyond ``airflow.sdk``.

``python -m vlp.local`` prepares the metadata database, in which the read API alone looks up revoked tokens.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import DAG, Asset
from airflow.utils.db import upgradedb

from common.utils.errors import SettingsError
from vlp.defaults import COLLECTION_TAG


def migrate() -> None:
    """Brings Airflow's metadata database to its present schema; quick where it has it already."""
    upgradedb()


def all_dags(folder: Path) -> list[DAG]:
    """The DAGs below a folder, by id.

    Raises:
        SettingsError: A DAG file cannot be imported.
    """
    bag = DagBag(str(folder))
    if bag.import_errors:
        errors = "; ".join(
            f"{name}: {text.strip().splitlines()[-1]}" for name, text in bag.import_errors.items()
        )
        raise SettingsError(
            f"DAG files cannot be imported: {errors}", next_step="`make test` shows the whole error."
        )
    return [dag for _, dag in sorted(bag.dags.items())]


def collection_dags(folder: Path) -> list[DAG]:
    """Those of them that publish a collection.

    Raises:
        SettingsError: A DAG file cannot be imported, or there is none.
    """
    found = [dag for dag in all_dags(folder) if COLLECTION_TAG in dag.tags]
    if not found:
        raise SettingsError(f"No DAG has the tag '{COLLECTION_TAG}'.", where=str(folder))
    return found


def in_order(dags: Sequence[DAG]) -> list[DAG]:
    """The DAGs, each after those that publish a collection it waits for, else in the order given.

    Raises:
        SettingsError: Some wait for each other.
    """
    waits = {collection_name(dag): set(awaited(dag.timetable.asset_condition)) for dag in dags}
    try:
        order = list(TopologicalSorter(waits).static_order())
    except CycleError as error:
        raise SettingsError(f"DAGs wait for each other's collections: {error.args[1]}.") from error
    return sorted(dags, key=lambda dag: order.index(collection_name(dag)))


def awaited(condition: Any) -> Iterator[str]:
    """The names of the assets in a schedule's condition, which may be nested."""
    if isinstance(condition, Asset):
        yield condition.name
    for one in getattr(condition, "objects", ()):
        yield from awaited(one)


def collection_name(dag: DAG) -> str:
    """The collection that a DAG publishes, ``domain/subject``: the asset that a task at its end announces."""
    (asset,) = [asset for task in dag.leaves for asset in task.outlets]
    return str(asset.name)


if __name__ == "__main__":
    migrate()
