"""What is MongoDB's own; what every store does is tested by the contract suite."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from common.io.collections.manifest import Change
from common.io.collections.mongo.backend import MongoBackend
from common.io.collections.mongo.database import MongoDatabase
from common.io.collections.protocol import Chunk, Query
from common.io.collections.reading import PageQuery
from common.io.collections.record import Record
from contract.kit import SALES, STORES


@pytest.fixture
def url(tmp_path: Path) -> str:
    return STORES["mongodb"](tmp_path)


@pytest.fixture
def backend(url: str) -> Iterator[MongoBackend]:
    database = MongoDatabase(url, batch_size=10, read_only=False)
    made = MongoBackend(database, SALES)
    made.ensure()
    assert made.swap(Record(made.name), Record(made.name))
    yield made
    database.close()


def test_of_many_swaps_of_one_revision_one_is_made(url: str, backend: MongoBackend) -> None:
    won: list[int] = []

    def race() -> None:
        database = MongoDatabase(url, batch_size=10, read_only=False)
        mine = MongoBackend(database, SALES)
        for _ in range(20):
            seen = mine.record()
            if mine.swap(seen, seen):
                won.append(seen.revision)
        database.close()

    racers = [threading.Thread(target=race) for _ in range(4)]
    for one in racers:
        one.start()
    for one in racers:
        one.join()
    assert len(won) == len(set(won)), "two writers were told that they had made the same revision"
    assert backend.record().revision == 1 + len(won)


def test_a_record_is_created_once(backend: MongoBackend) -> None:
    assert not backend.swap(Record(backend.name), Record(backend.name))


def test_manifests_and_changes_are_kept_once_and_come_back(backend: MongoBackend) -> None:
    manifest = {"2026-01-01": Chunk(7, 2, "1:2")}
    changes = {"2026-01-01": Change(None, Chunk(7, 2, "1:2")), "2026-01-02": Change(3, None)}
    for _ in range(2):
        backend.write_manifest("1.2", manifest)
        backend.write_changes(1, changes)
    assert backend.manifest("1.2") == manifest
    assert backend.changes(1) == changes
    assert backend.entries() == ({"1.2"}, {1})
    backend.delete_entries({"1.2", "9.9"}, {1})
    assert backend.entries() == (set(), set())
    assert (backend.manifest("9.9"), backend.changes(1)) == ({}, {})


def test_indexes_that_others_have_made_stay(url: str, backend: MongoBackend) -> None:
    with backend.database.writing() as database:
        database[backend.rows_name].create_index("product_name", name="by_hand")
    other = MongoBackend(backend.database, replace(SALES, indexes=(("quantity",),)))
    other.ensure()
    with backend.database.reading() as database:
        found = database[backend.rows_name].index_information()
    columns = {name: [column for column, _ in one["key"]] for name, one in found.items()}
    assert columns.pop("by_hand") == ["product_name"]
    assert sorted(columns.values()) == [
        ["_chunk"],
        ["_id"],
        ["date", "product_id", "_chunk"],
        ["quantity", "date", "product_id", "_chunk"],
    ]


def test_a_reader_of_an_older_contract_reads_on_without_an_index_that_was_dropped(
    url: str, backend: MongoBackend
) -> None:
    MongoBackend(backend.database, replace(SALES, indexes=())).ensure()
    assert backend.page("1.1", PageQuery(SALES, Query(sort="revenue"))) == []
