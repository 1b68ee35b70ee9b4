from pathlib import Path
from typing import Any

import pytest

from common.utils.errors import SettingsError
from vlp.local import collection_dags, collection_name, in_order

DAG = """
from datetime import datetime
from airflow.sdk import Asset, dag, task

@dag({dag_id!r}, schedule={schedule}, tags={tags})
def one():
    @task(outlets=[Asset(name="{collection}", uri="vitrine://{collection}")])
    def publish(): ...
    publish()

one()
"""


def write(
    folder: Path, name: str, schedule: str = "None", collection: str = "sales/x", **values: Any
) -> None:
    text = DAG.format(dag_id=name, schedule=schedule, collection=collection, **values)
    (folder / f"{name}.py").write_text(text)


def test_the_dags_of_collections_by_id(tmp_path: Path, metadata_database: None) -> None:
    write(tmp_path, "b", tags=["collection"])
    write(tmp_path, "a", tags=["collection", "sales"])
    write(tmp_path, "c", tags=["other"])
    found = collection_dags(tmp_path)
    assert [dag.dag_id for dag in found] == ["a", "b"]
    assert collection_name(found[0]) == "sales/x"


def test_the_collection_is_that_of_the_one_task_that_announces(
    tmp_path: Path, metadata_database: None
) -> None:
    write(tmp_path, "a", tags=["collection"])
    text = (tmp_path / "a.py").read_text()
    more = "    publish()\n    @task\n    def publish_to(): ...\n    publish_to()\n"
    (tmp_path / "a.py").write_text(text.replace("    publish()\n", more))
    (found,) = collection_dags(tmp_path)
    assert len(found.leaves) == 2
    assert collection_name(found) == "sales/x"


def test_a_file_that_cannot_be_imported_is_an_error(tmp_path: Path, metadata_database: None) -> None:
    write(tmp_path, "a", tags=["collection"])
    (tmp_path / "bad.py").write_text("from airflow.sdk import dag\nraise ValueError('on purpose')\n")
    with pytest.raises(SettingsError, match=r"bad\.py: ValueError: on purpose"):
        collection_dags(tmp_path)


def test_no_dag_is_an_error(tmp_path: Path, metadata_database: None) -> None:
    write(tmp_path, "c", tags=["other"])
    with pytest.raises(SettingsError, match="No DAG has the tag 'collection'"):
        collection_dags(tmp_path)


def test_a_dag_comes_after_those_whose_collections_it_waits_for(
    tmp_path: Path, metadata_database: None
) -> None:
    write(tmp_path, "a", '[Asset("x/b") | Asset("elsewhere")]', "x/a", tags=["collection"])
    write(tmp_path, "b", '[Asset("x/c")]', "x/b", tags=["collection"])
    write(tmp_path, "c", collection="x/c", tags=["collection"])
    assert [dag.dag_id for dag in in_order(collection_dags(tmp_path))] == ["c", "b", "a"]
    write(tmp_path, "c", '[Asset("x/a")]', "x/c", tags=["collection"])
    with pytest.raises(SettingsError, match="wait for each other"):
        in_order(collection_dags(tmp_path))
