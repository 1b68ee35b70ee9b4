"""Whatever is done to a collection in whatever order, every store answers as the plain model does."""

from __future__ import annotations

import os
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from common.io.collections import merging, open_store
from common.io.collections.collection import VersionedCollection
from common.io.collections.partitions import buckets
from common.io.collections.protocol import (
    Chunk,
    Filter,
    Published,
    Query,
    Store,
    StoreError,
    Vacuumed,
    VersionGone,
)
from common.utils.contract import Contract, Field
from contract.kit import STORES, batch, moment, publication
from model.interrupted import Interrupted, Killed
from model.plain_collection import Key, PlainAttempt, PlainCollection, PlainVersion, Refused, Row, page

EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "5"))  # for each store and contract
DIES = st.none() | st.none() | st.integers(0, 14)
DEAD = object()
STEPS = int(os.environ.get("MODEL_STEPS", "25"))
SEED = int(os.environ.get("MODEL_SEED", "0"))
DAYS = [date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 31), date(2026, 2, 1), date(2026, 2, 2)]
DAYS += [date(2026, 7, 1), date(2026, 7, 2)]  # of the newest month, which stays as it is

# What fields may hold; filters and positions also ask for what lies between.
VALUES: dict[str, list[Any]] = {
    "string": ["", "A", "Z", "a", "a'b\"\\%_", "é", "🙂"],
    "integer": [-(2**63), -1, 0, 1, 2**53 + 1],
    "decimal": [Decimal(text) for text in ("-99999.9900", "-0.0100", "0.0000", "0.0100", "3.1400")],
    "number": [-1e308, -0.5, 0.0, 0.1, 5e-324, 1e300],
    "boolean": [False, True],
    "date": DAYS,
    "timestamp": [moment("1969-12-31T23:59:59.999999"), moment("2026-01-01"), moment("9999-12-31")],
}
BETWEEN: dict[str, list[Any]] = {
    "string": ["B", "aa", "ü"],
    "integer": [2, 2**63 - 1],
    "decimal": [Decimal("0.00001"), Decimal("-0.015"), Decimal(1)],
    "number": [0.05, 2],
    "date": [date(1, 1, 1), date(2026, 1, 15)],
    "timestamp": [moment("2026-01-01T00:00:00.000001")],
}

SALES = Contract(
    domain="test",
    subject="sales",
    version="1.0.0",
    description="Rows of days.",
    owner="test",
    fields=(
        Field("date", "date", required=True),
        Field("product", "string", required=True),
        Field("name", "string"),
        Field("quantity", "integer", required=True),
        Field("revenue", "decimal", required=True, precision=18, scale=4),
        Field("share", "number"),
        Field("open", "boolean"),
        Field("at", "timestamp"),
    ),
    key=("date", "product"),
    partition_field="date",
    partition_by="day",
    indexes=(("product", "date"), ("revenue",), ("quantity", "name")),
    rules=(),
    freshness=timedelta(days=1),
    max_row_drop=0.5,
    max_rejected=0.1,
)
ACCOUNTS = replace(
    SALES,
    subject="accounts",
    description="Rows of no day.",
    fields=(
        Field("account", "string", required=True),
        Field("balance", "decimal", required=True, precision=9, scale=2),
        Field("owner", "string"),
    ),
    key=("account",),
    partition_field="",
    partition_by="hash",
    indexes=(("balance",), ("owner", "balance")),
    buckets=3,
)


def grown(contract: Contract, level: int) -> Contract:
    """The contract as its newer versions have it: with fields more, and other indexes."""
    added = (Field("colour", "string"), Field("size", "integer"))[:level]
    indexes = contract.indexes[level:] + tuple((field.name,) for field in added)
    return replace(contract, version=f"1.{level}.0", fields=(*added, *contract.fields), indexes=indexes)


def rows_of(contract: Contract, days: list[date], least: int = 1) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Some rows, each with a key of its own; those of days are of some of these."""
    values = {field.name: st.sampled_from(VALUES[field.type]) for field in contract.fields}
    fields = {f.name: values[f.name] if f.required else st.none() | values[f.name] for f in contract.fields}
    if contract.partition_field:
        fields[contract.partition_field] = st.sampled_from(days)
    key = contract.key
    return st.lists(
        st.fixed_dictionaries(fields),
        min_size=least,
        max_size=9 + 2 * least,
        unique_by=lambda row: tuple(row[name] for name in key),
    )


@st.composite
def queries(draw: st.DrawFn, contract: Contract) -> Query:
    """A query that the contract offers; its position is of a row that the filters let through."""
    names = contract.schema.names
    kinds = {field.name: field.type for field in contract.fields}
    filters = [
        Filter(
            name,
            draw(st.sampled_from(("eq", "gt", "gte", "lt", "lte"))),
            draw(st.sampled_from(VALUES[kinds[name]] + BETWEEN.get(kinds[name], []))),
        )
        for name in draw(some(names, 2))
    ]
    sort = draw(st.none() | st.sampled_from(contract.sortable))
    pinned = {one.field: one.value for one in filters if one.operator == "eq"}
    order = list(dict.fromkeys(([sort] if sort else []) + list(contract.key)))
    after = [draw(st.sampled_from(VALUES[kinds[name]])) for name in order]
    after = [
        pinned[name] if pinned.get(name) in VALUES[kinds[name]] else value
        for name, value in zip(order, after, strict=True)
    ]
    return Query(
        filters,
        sort,
        descending=draw(st.booleans()),
        fields=draw(some([*names, "partition_date"], 3)) or names,
        limit=draw(st.integers(1, 5)),
        after=draw(st.sampled_from((None, after))),
    )


def some(names: Sequence[str], most: int, least: int = 0) -> st.SearchStrategy[list[str]]:
    """So many of some names."""
    return st.lists(st.sampled_from(names), min_size=least, max_size=most, unique=True)


@dataclass(frozen=True)
class Place:
    """One kind of collection in one store; each that is made there has a name of its own."""

    url: str
    contract: Contract
    numbers: Iterator[int]
    bucket_of: Callable[[Key], str] | None = None

    def partition_of(self, key: Key) -> str:
        """The partition that the rows of a key stand in."""
        return self.bucket_of(key) if self.bucket_of else str(key[0].isoformat())

    @property
    def partitions(self) -> list[str]:
        return list(buckets(self.contract)) if self.bucket_of else [day.isoformat() for day in DAYS]


class CollectionMachine(RuleBasedStateMachine):
    """Everything that can be done to a collection, and killed while it is done."""

    def __init__(self, place: Place) -> None:
        super().__init__()
        self.place = place
        self.name = f"{place.contract.subject}_{next(place.numbers)}"
        self.model = PlainCollection(place.contract.key, place.partition_of, place.bucket_of is None)
        self.left: int | None = None  # calls of the backend that an actor lives to see
        self.spans: list[tuple[datetime, datetime]] = []  # in which each attempt was staged
        self.times: dict[int, datetime] = {}  # of each attempt, as its rows have it
        self.writing = open_store(place.url, batch_size=3)
        self.readers: list[VersionedCollection] = []
        self.grow()
        self.reading = open_store(place.url, batch_size=3, read_only=True)
        self.readers.append(self.opened(self.reading))

    def teardown(self) -> None:
        self.writing.close()
        self.reading.close()

    def grow(self, level: int = 0, dies: int | None = None) -> bool:
        """Opens the collection as its contract of a level has it; whether that was seen to its end."""
        contract = replace(grown(self.place.contract, level), subject=self.name)
        writer = self.opened(self.writing, contract)
        writer.backend = Interrupted(writer.backend, self.between)  # type: ignore[assignment]
        if self.done(writer.ensure, dies) is DEAD:
            return False
        self.writer, self.level, self.contract = writer, level, contract
        return True

    def opened(self, store: Store, contract: Contract | None = None) -> VersionedCollection:
        collection = store.collection(contract or self.contract)
        assert isinstance(collection, VersionedCollection)
        return collection

    def between(self) -> None:
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise Killed

    def done(self, work: Callable[[], Any], dies: int | None) -> Any:
        """What it returns, the name of the error that it raises, or ``DEAD``.

        Args:
            work: Calls the backend of the writer.
            dies: After so many calls it is killed; ``None`` where it is not.
        """
        self.left = dies
        try:
            return work()
        except Killed:
            return DEAD
        except StoreError as error:
            return type(error).__name__
        finally:
            self.left = None

    def compare(
        self, work: Callable[[], Any], dies: int | None, expected: Callable[[], Any], last: int = 1
    ) -> None:
        """Does it to the collection and to the model; what is killed counts if its last swap was made."""
        before = self.writer.backend.record().revision
        found = self.done(work, dies)
        if found is DEAD:
            if self.writer.backend.record().revision - before == last:
                expected()
            return
        try:
            wanted = expected()
        except Refused as refused:
            wanted = str(refused)
        assert shown(found) == wanted

    # what holds after each step

    @invariant()
    def nothing_else_is_seen(self) -> None:
        reader, versions = self.readers[-1], list(reversed(self.model.versions))
        history = [(one.number, one.kind, one.watermark, one.rows, one.restored) for one in reader.history()]
        assert history == [(v.number, v.kind, v.watermark, len(v.rows), v.restored) for v in versions]
        assert (reader.hold() is not None) == self.model.held
        live = reader.live()
        assert (live.number if live else 0) == self.model.live.number
        if live:
            partitions = {name: chunk.rows for name, chunk in live.manifest.items()}
            assert partitions == {name: len(chunk) for name, chunk in versions[0].manifest.items()}
        for version in (
            {versions[0].number: versions[0], versions[-1].number: versions[-1]}.values() if live else ()
        ):
            self.check_rows(reader, version)

    def check_rows(self, reader: VersionedCollection, version: PlainVersion) -> None:
        names = self.contract.schema.names
        system = ("partition_date", "created_at", "updated_at")
        found = reader.read(version.number, Query(fields=(*names, *system), limit=1000)).rows.to_pylist()
        rows = sorted(version.rows.items())
        assert [tuple(row[name] for name in self.contract.key) for row in found] == [key for key, _ in rows]
        for row, (key, expected) in zip(found, rows, strict=True):
            assert {name: row[name] for name in names} == self.content(key, expected, names)
            assert row["partition_date"] == (None if self.place.bucket_of else key[0])
            for attempt, time in (
                (expected.created, row["created_at"]),
                (expected.updated, row["updated_at"]),
            ):
                first, last = self.spans[attempt]
                assert first <= self.times.setdefault(attempt, time) == time <= last

    def content(self, key: Key, row: Row, names: Sequence[str]) -> dict[str, Any]:
        """A row as readers see it."""
        whole = {**row.content, "partition_date": None if self.place.bucket_of else key[0]}
        return {name: whole.get(name) for name in names}

    # what is done

    @initialize(data=st.data())
    def first_load(self, data: st.DataObject) -> None:
        rows = data.draw(rows_of(self.contract, DAYS, least=6))  # so many that months are due from the start
        self.stage_rows(rows, self.place.partitions, "a", "replace", None)
        self.publish_attempt(self.model.attempts[-1], None, True, None)

    @rule(data=st.data(), run=st.sampled_from("abc"), mode=st.sampled_from(("replace", "upsert")), dies=DIES)
    def stage(self, data: st.DataObject, run: str, mode: Any, dies: int | None) -> None:
        chosen, days = self.place.partitions, DAYS
        if self.place.bucket_of is None:
            chosen = data.draw(some(chosen, 4, least=1))
            days = [date.fromisoformat(partition) for partition in chosen]
        self.stage_rows(data.draw(rows_of(self.contract, days)), chosen, run, mode, dies)

    @rule(data=st.data(), mode=st.sampled_from(("replace", "upsert")))
    def load(self, data: st.DataObject, mode: Any) -> None:
        """Staged and published with nothing between."""
        self.stage(data, "d", mode, None)
        self.publish_attempt(self.model.attempts[-1], None, False, None)

    def stage_rows(
        self, rows: list[dict[str, Any]], chosen: list[str], run: str, mode: Any, dies: int | None
    ) -> None:
        before, revision = datetime.now(UTC), self.writer.backend.record().revision
        batches = [batch(rows[:2], self.contract), batch(rows[2:], self.contract)]
        staged = self.done(lambda: self.writer.stage(batches, chosen, run_id=run, mode=mode), dies)
        if staged is DEAD:
            if self.writer.backend.record().revision > revision:
                self.model.forget(run)  # it was registered
            return
        attempt = self.model.stage(run, chosen, rows, mode)
        attempt.name = staged.attempt
        self.spans.append((before, datetime.now(UTC)))
        counts = (staged.inserted, staged.updated, staged.unchanged, staged.removed)
        assert counts == attempt.counts
        assert (staged.base, staged.base_rows) == (attempt.base, len(self.model.live.rows))
        assert staged.rows == staged.base_rows + staged.inserted - staged.removed
        assert tuple(sorted(staged.changed)) == attempt.changed

    @rule(data=st.data(), mark=st.none() | st.integers(1, 9), scheduled=st.booleans(), dies=DIES)
    def publish(self, data: st.DataObject, mark: int | None, scheduled: bool, dies: int | None) -> None:
        """One that is open, more often than one that is not."""
        attempts = self.model.attempts
        attempt = data.draw(st.sampled_from([*(one for one in attempts if one.open), *attempts[-2:]]))
        watermark = None if mark is None else moment(f"2026-01-0{mark}")
        self.publish_attempt(attempt, watermark, scheduled, dies)

    def publish_attempt(
        self, attempt: PlainAttempt, watermark: datetime | None, scheduled: bool, dies: int | None
    ) -> None:
        said = publication(attempt.run, watermark, scheduled=scheduled)
        self.compare(
            lambda: self.writer.publish(attempt.name, said),
            dies,
            lambda: self.model.publish(attempt, watermark, scheduled),
        )

    @rule(data=st.data(), hold=st.booleans(), dies=DIES)
    def rollback(self, data: st.DataObject, hold: bool, dies: int | None) -> None:
        to = self.model.live.number - data.draw(st.integers(0, len(self.model.versions)))
        self.compare(
            lambda: self.writer.rollback(to, by="ada", reason="wrong", hold=hold),
            dies,
            lambda: self.model.rollback(to, hold),
        )

    @precondition(lambda self: self.model.held)
    @rule(dies=DIES)
    def release(self, dies: int | None) -> None:
        self.compare(lambda: self.writer.release(by="ada", reason="right"), dies, self.model.release)

    @precondition(lambda self: self.model.due(1, 1))
    @rule(long=st.integers(1, 6), rows=st.sampled_from((1, 4, 100)), dies=DIES)
    def merge(self, long: int, rows: int, dies: int | None) -> None:
        with patch.multiple(merging, LONG=long, MERGED_ROWS=rows):
            self.compare(self.writer.merge, dies, lambda: self.model.merge(long, rows), last=3)

    @precondition(lambda self: len(self.model.versions) > 1)
    @rule(keep=st.integers(1, 3), abandon=st.booleans(), dies=DIES)
    def vacuum(self, keep: int, abandon: bool, dies: int | None) -> None:
        after = timedelta(0) if abandon else timedelta(days=1)
        self.compare(
            lambda: self.writer.vacuum(keep, abandon_after=after),
            dies,
            lambda: self.model.vacuum(keep, abandon),
        )
        if dies is None:
            self.nothing_is_left_over()

    def nothing_is_left_over(self) -> None:
        """What a vacuum leaves: what versions name and open attempts own."""
        backend = self.writer.backend
        record, chunks, (manifests, changes) = backend.record(), set(backend.chunks()), backend.entries()
        named = {one.id for version in self.readers[0].history() for one in self.chunks(version.number)}
        owned = {n for one in record.attempts.values() for n in range(one.first_chunk, one.end_chunk)}
        assert named <= chunks <= named | owned
        alive = {one.number for one in record.attempts.values()}
        assert changes <= alive
        assert {one for one in manifests if int(one.split(".")[0]) not in alive} <= {
            version.stored for version in record.versions
        }

    def chunks(self, number: int) -> Iterable[Chunk]:
        return self.readers[0].version(number).manifest.values()

    @precondition(lambda self: self.level < 2)
    @rule(dies=DIES)
    def newer_contract(self, dies: int | None) -> None:
        if self.grow(self.level + 1, dies):
            self.readers.append(self.opened(self.reading))

    @rule(data=st.data(), back=st.integers(0, 2))
    def read(self, data: st.DataObject, back: int) -> None:
        """Page by page, as readers of an older contract do too."""
        reader = data.draw(st.sampled_from(self.readers))
        version = self.model.versions[max(-len(self.model.versions), -1 - back)]
        query = data.draw(queries(reader.contract))
        names = [*reader.contract.schema.names, "partition_date"]
        rows = [self.content(key, row, names) for key, row in version.rows.items()]
        while True:
            found = reader.read(version.number, query)
            expected = page(rows, self.contract.key, query)
            assert (found.rows.to_pylist(), found.position) == expected
            if found.position is None:
                return
            query = replace(query, after=found.position)

    @precondition(lambda self: len(self.model.versions) < self.model.live.number)
    @rule(back=st.integers(-1, 6))
    def read_what_is_gone(self, back: int) -> None:
        number = self.model.live.number - back
        if number not in {version.number for version in self.model.versions}:
            for reader in self.readers:
                with pytest.raises(VersionGone):
                    reader.read(number, Query())


def shown(found: Any) -> Any:
    """An outcome as the model has it."""
    if isinstance(found, Published):
        new = found.new and not found.repeated
        return found.version, new, found.repeated, found.rows, tuple(sorted(found.changed))
    return list(found.versions) if isinstance(found, Vacuumed) else found


def bucket_of_accounts(folder: Path) -> dict[Key, str]:
    """The bucket of each key, as a store of its own says."""
    store = open_store(f"sqlite:///{folder / 'buckets.db'}", batch_size=1)
    collection = store.collection(ACCOUNTS)
    collection.ensure()
    found: dict[Key, str] = {}
    for name in VALUES["string"]:
        row = batch([{"account": name, "balance": Decimal(1)}], ACCOUNTS)
        (found[(name,)],) = collection.stage([row], buckets(ACCOUNTS), run_id="r", dry_run=True).changed
    store.close()
    assert len(set(found.values())) > 1
    return found


@pytest.fixture(params=[SALES, ACCOUNTS], ids=["day", "hash"])
def place(request: pytest.FixtureRequest, store: str, tmp_path: Path) -> Place:
    """An empty store for collections of each kind of partition."""
    contract = request.param
    bucket_of = bucket_of_accounts(tmp_path).__getitem__ if contract is ACCOUNTS else None
    return Place(STORES[store](tmp_path), contract, count(1), bucket_of)


def fixed(examples: int) -> settings:
    """The same examples each time."""
    return settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, *[Phase.shrink] * ("MODEL_SHRINK" in os.environ)],  # which takes minutes
    )


@pytest.mark.timeout(120 + 30 * EXAMPLES)
@pytest.mark.parametrize("store", STORES)
def test_the_store_answers_as_the_model_does(store: str, place: Place) -> None:
    machine = seed(number(store, place))(lambda: CollectionMachine(place))
    run_state_machine_as_test(machine, settings=fixed(EXAMPLES))


@pytest.mark.timeout(120 + 30 * EXAMPLES)
@pytest.mark.parametrize("store", STORES)
def test_every_page_is_what_the_model_finds(store: str, place: Place) -> None:
    @seed(number(store, place))
    @fixed(EXAMPLES)
    @given(st.data())
    def read_pages(data: st.DataObject) -> None:
        machine = CollectionMachine(place)
        try:
            for mode in ("replace", "upsert", "replace"):
                rows = data.draw(rows_of(place.contract, DAYS, least=7))
                machine.stage_rows(rows, place.partitions, "a", mode, None)
                machine.publish_attempt(machine.model.attempts[-1], None, True, None)
            for back in (0, 1, 2) * 5:
                machine.read(data, back)
        finally:
            machine.teardown()

    read_pages()


def number(store: str, place: Place) -> int:
    """A seed of its own for each store, so that together they see more."""
    return zlib.crc32(f"{store} {place.contract.subject}".encode()) + SEED
