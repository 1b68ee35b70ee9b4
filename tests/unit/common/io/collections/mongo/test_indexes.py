"""Indexes are built however long it takes, and dropped whoever is first."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pymongo
import pytest
from pymongo.errors import NetworkTimeout, OperationFailure

from common.io.collections.mongo.indexes import OURS, _drop, build, indexes
from common.io.collections.protocol import StoreError
from contract.kit import SALES, STORES
from servers import server

UNIQUE = replace(SALES, unique=(("date", "product_name"),))


@pytest.fixture
def rows(tmp_path: Path) -> Any:
    with pymongo.MongoClient(STORES["mongodb"](tmp_path)) as client:
        yield client.get_default_database()["rows"]


def test_names_tell_indexes_apart() -> None:
    wanted = indexes(UNIQUE)
    assert len({index.name for index in wanted}) == len(wanted) == 5
    assert all(index.name.startswith(OURS) for index in wanted)
    assert [index.columns for index in wanted if index.unique] == [("date", "product_name", "_chunk")]


def test_rows_without_a_name_are_not_alike_and_those_of_one_name_are(rows: Any) -> None:
    build(rows, UNIQUE)
    rows.insert_many([{"_id": one, "date": 1, "product_name": None, "_chunk": 1} for one in "ab"])
    rows.insert_many([{"_id": f"c{one}", "date": 1, "product_name": "x", "_chunk": one} for one in (1, 2)])
    with pytest.raises(OperationFailure, match="E11000"):
        rows.insert_one({"_id": "d", "date": 1, "product_name": "x", "_chunk": 1})


def test_an_index_made_by_hand_is_named(rows: Any) -> None:
    rows.create_index([("_chunk", 1)], name="mine")
    with pytest.raises(StoreError, match="An index on _chunk is there under another name"):
        build(rows, SALES)
    rows.drop_index("mine")
    build(rows, SALES)


def test_an_index_that_takes_longer_than_an_answer_is_waited_for(rows: Any) -> None:
    class Busy:
        """Stands in for a collection so large that the server builds for minutes."""

        database, asked = rows.database, 0

        def create_index(self, *given: Any, **named: Any) -> None:
            self.asked += 1
            if self.asked in (1, 2):
                raise NetworkTimeout("timed out")
            rows.create_index(*given, **named)

        def index_information(self) -> Any:
            return rows.index_information()

    build(Busy(), SALES)  # type: ignore[arg-type]
    assert rows.index_information().keys() == {"_id_", *(index.name for index in indexes(SALES))}


@pytest.mark.timeout(30)
def test_a_silent_server_is_not_taken_for_a_busy_one() -> None:
    running = server("mongodb")
    with pymongo.MongoClient(running.empty_database(), socketTimeoutMS=300) as client:
        rows = client.get_default_database()["rows"]
        build(rows, SALES)
        running.pause()
        try:
            with pytest.raises(NetworkTimeout):
                build(rows, UNIQUE)
        finally:
            running.resume()


def test_an_index_that_another_process_dropped_first_is_no_error(rows: Any) -> None:
    build(rows, SALES)
    _drop(rows, f"{OURS}gone")
    with pytest.raises(OperationFailure):
        _drop(rows, "_id_")
