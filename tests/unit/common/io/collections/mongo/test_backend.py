"""What is MongoDB's own; what every store does is tested by the contract suite."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from pymongo import MongoClient
from pymongo.monitoring import CommandListener, CommandStartedEvent

from common.io.collections.manifest import Change
from common.io.collections.mongo import backend as module
from common.io.collections.mongo.backend import MongoBackend
from common.io.collections.mongo.database import MongoDatabase
from common.io.collections.protocol import Chunk, Query, StoreError
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


@pytest.fixture
def sent(url: str, backend: MongoBackend) -> list[CommandStartedEvent]:
    """The commands that go to the server from now on."""
    commands: list[CommandStartedEvent] = []

    class Listener(CommandListener):
        def started(self, event: CommandStartedEvent) -> None:
            commands.append(event)

        def succeeded(self, event: object) -> None: ...

        def failed(self, event: object) -> None: ...

    backend.database.close()
    backend.database.__dict__["client"] = MongoClient(url, event_listeners=[Listener()])
    return commands


def test_a_record_that_has_not_changed_is_not_fetched_again(
    url: str, backend: MongoBackend, sent: list[CommandStartedEvent]
) -> None:
    first = backend.record()
    sent.clear()
    assert backend.record() is first
    assert [one.command["projection"] for one in sent] == [{"revision": 1}]
    other = MongoBackend(MongoDatabase(url, batch_size=10, read_only=False), SALES)
    assert other.swap(first, replace(first, next_chunk=77))
    assert backend.record().next_chunk == 77
    other.database.close()


def test_chunks_are_deleted_in_pieces(
    backend: MongoBackend, sent: list[CommandStartedEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DELETED", 4)
    with backend.database.writing() as database:
        rows = database[backend.rows_name]
        rows.insert_many(
            {"_id": f"{chunk}/{at}", "product_id": str(at), "_chunk": chunk}
            for chunk in (1, 2)
            for at in range(10)
        )
        assert backend.delete_chunks([1, 3]) == 10
        assert rows.distinct("_chunk") == [2]
    deletes = [one.command["deletes"] for one in sent if one.command_name == "delete"]
    assert [len(one[0]["q"]["_id"]["$in"]) for one in deletes] == [4, 4, 2]


@contextmanager
def losing_answers(host: str, port: int, command: bytes) -> Iterator[int]:
    """A relay before the server, which passes one kind of command on and loses its answer; its port."""

    def pump(source: socket.socket, sink: socket.socket, marked: threading.Event, asks: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if asks and command in data:
                    marked.set()
                if not asks and marked.is_set():
                    break
                sink.sendall(data)
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def accept() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                server_side, marked = socket.create_connection((host, port)), threading.Event()
                for given in ((client, server_side, marked, True), (server_side, client, marked, False)):
                    threading.Thread(target=pump, args=given, daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)


def test_a_swap_that_was_done_and_whose_answer_is_lost_is_not_told_to_have_failed(
    url: str, backend: MongoBackend
) -> None:
    host, port = backend.database.client.address or ("", 0)
    seen = backend.record()
    with losing_answers(host, port, b"\x02update\x00") as relay:
        unlucky = MongoDatabase(url.replace(f":{port}", f":{relay}"), batch_size=10, read_only=False)
        with pytest.raises(StoreError, match="did not answer"):
            MongoBackend(unlucky, SALES).swap(seen, replace(seen, next_chunk=99))
        unlucky.close()
    after = backend.record()
    assert (after.revision, after.next_chunk) == (seen.revision + 1, 99)
