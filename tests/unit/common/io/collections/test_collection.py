"""The collection, whatever other writers and threads do between two calls of its backend."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from common.io.collections.collection import VersionedCollection, VersionedStore
from common.io.collections.protocol import AttemptError, Query, VersionGone
from common.io.collections.record import Record
from common.utils.contract import Field
from common.utils.errors import ContractError
from contract.kit import SALES, content, publication, put, sale, stage


def other_contract(sales: VersionedCollection, *fields: Field) -> VersionedCollection:
    """The collection as a contract with more fields has it, in the same database."""
    contract = replace(SALES, fields=(*SALES.fields, *fields))
    found = VersionedStore(sales.backend.database).collection(contract)  # type: ignore[attr-defined]
    assert isinstance(found, VersionedCollection)
    return found


# read


def test_a_version_that_was_seen_is_read_with_one_look(
    sales: VersionedCollection, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    looks: list[Record] = []
    record = sales.backend.record

    def look() -> Record:
        looks.append(record())
        return looks[-1]

    monkeypatch.setattr(sales.backend, "record", look)
    sales.read(1, Query())
    assert len(looks) == 2, "never seen: before and after"
    sales.read(1, Query())
    assert len(looks) == 3
    sales.live()
    sales.read(1, Query())
    assert len(looks) == 5


@pytest.mark.parametrize("seen", [False, True])
def test_a_version_retired_while_it_is_read_is_gone(
    sales: VersionedCollection, before: Callable[..., None], seen: bool
) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    if seen:
        assert sales.read(1, Query()).rows.num_rows == 1

    def retire() -> None:
        put(sales, "r2", [1], [sale(1, "B")])
        sales.vacuum(keep=1)

    before(sales, "page", retire)
    with pytest.raises(VersionGone, match="Retained: 2"):
        sales.read(1, Query())


def test_the_second_look_is_not_an_older_one_of_another_thread(
    sales: VersionedCollection, before: Callable[..., None]
) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    old = sales.backend.record()

    class Shared(VersionedCollection):
        """Each time that a thread sets the record it saw, another one at once sets what it saw before."""

        @property
        def _seen(self) -> Record:
            return old

        @_seen.setter
        def _seen(self, record: Record) -> None:
            pass

    def retire() -> None:
        put(sales, "r2", [1], [sale(1, "B")])
        sales.vacuum(keep=1)

    before(sales, "page", retire)
    with pytest.raises(VersionGone):
        Shared(sales.backend).read(1, Query())


def test_the_first_look_is_not_an_older_one_of_another_thread(sales: VersionedCollection) -> None:
    old = sales.backend.record()
    put(sales, "r1", [1], [sale(1, "A")])

    class Shared(VersionedCollection):
        @property
        def _seen(self) -> Record:
            return old

        @_seen.setter
        def _seen(self, record: Record) -> None:
            pass

    assert Shared(sales.backend).read(1, Query()).rows.num_rows == 1


# publish


def test_it_rebases_where_other_partitions_moved_at_the_last_moment(
    sales: VersionedCollection, before: Callable[..., None]
) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    staged = stage(sales, "r2", [2], [sale(2, "B")])
    before(sales, "swap", lambda: put(sales, "r3", [3], [sale(3, "C")]))
    assert sales.publish(staged.attempt, publication("r2")).version == 3
    assert content(sales) == [sale(1, "A"), sale(2, "B"), sale(3, "C")]


def test_it_is_refused_where_its_own_moved_at_the_last_moment(
    sales: VersionedCollection, before: Callable[..., None]
) -> None:
    staged = stage(sales, "r2", [2], [sale(2, "B")])
    before(sales, "swap", lambda: put(sales, "r3", [2], [sale(2, "C")]))
    with pytest.raises(AttemptError, match="first 2026-01-02"):
        sales.publish(staged.attempt, publication("r2"))


def test_the_manifest_is_written_before_the_record_names_it(
    sales: VersionedCollection, before: Callable[..., None]
) -> None:
    staged = stage(sales, "r1", [1], [sale(1, "A")])
    found: list[set[str]] = []
    before(sales, "swap", lambda: found.append(sales.backend.entries()[0]))
    sales.publish(staged.attempt, publication("r1"))
    assert found == [{sales.backend.record().versions[-1].stored}]


def test_a_manifest_that_nothing_named_is_garbage(
    sales: VersionedCollection, before: Callable[..., None]
) -> None:
    staged = stage(sales, "r2", [2], [sale(2, "B")])
    before(sales, "swap", lambda: put(sales, "r3", [3], [sale(3, "C")]))
    sales.publish(staged.attempt, publication("r2"))
    assert len(sales.backend.entries()[0]) == 3, "it was laid over two records"
    sales.vacuum()
    assert sales.backend.entries() == ({one.stored for one in sales.history()}, set())


def test_one_attempt_published_by_two_at_once_is_published_once(
    sales: VersionedCollection, before: Callable[..., None]
) -> None:
    staged = stage(sales, "r1", [1], [sale(1, "A")])
    before(sales, "swap", lambda: sales.publish(staged.attempt, publication("r1")))
    assert sales.publish(staged.attempt, publication("r1")).repeated
    assert [version.number for version in sales.history()] == [1]


# roll back, release, version


def test_a_rollback_does_not_bring_back_what_is_retired_meanwhile(
    sales: VersionedCollection, before: Callable[..., None]
) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    put(sales, "r2", [1], [sale(1, "B")])
    before(sales, "swap", lambda: sales.vacuum(keep=1))
    with pytest.raises(VersionGone):
        sales.rollback(1, by="ada", reason="wrong")
    assert content(sales) == [sale(1, "B")]


def test_a_manifest_deleted_after_the_record_was_read_is_gone(
    sales: VersionedCollection, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    put(sales, "r2", [1], [sale(1, "B")])
    record, old = sales.backend.record, sales.backend.record()
    sales.vacuum(keep=1)
    sales.backend.manifest.cache_clear()  # type: ignore[attr-defined]
    for ask in (lambda: sales.version(1), lambda: sales.rollback(1, by="ada", reason="wrong")):
        answers = iter([old, *[record()] * 3])
        monkeypatch.setattr(sales.backend, "record", partial(next, answers))
        with pytest.raises(VersionGone, match="Retained: 2"):
            ask()


def test_a_release_waits_for_no_other_writer(sales: VersionedCollection, before: Callable[..., None]) -> None:
    put(sales, "r1", [1], [sale(1, "A")])
    sales.rollback(1, by="ada", reason="wrong", hold=True)
    before(sales, "swap", lambda: stage(sales, "r2", [1], []))
    sales.release(by="bob", reason="right")
    assert sales.hold() is None
    assert [(one.kind, one.asked.by, one.was, one.to, one.hold) for one in sales.events()] == [
        ("release", "bob", 1, None, False),
        ("rollback", "ada", 1, 1, True),
    ]


# ensure


def test_of_two_contracts_that_add_fields_at_once_each_is_judged_by_what_stands(
    sales: VersionedCollection, before: Callable[..., None]
) -> None:
    one, both = [Field("colour", "string")], [Field("colour", "string"), Field("size", "integer")]
    late = other_contract(sales, *both)
    before(late, "ensure", other_contract(sales, *one).ensure)
    late.ensure()
    assert set(late.backend.record().schema) >= {"field colour", "field size"}
    early = other_contract(sales, *both, Field("weight", "number"))
    before(early, "ensure", other_contract(sales, *both, Field("height", "number")).ensure)
    with pytest.raises(ContractError, match="field height: stored number, contract nothing"):
        early.ensure()


def test_ensure_writes_the_record_only_where_something_is_new(sales: VersionedCollection) -> None:
    revision = sales.backend.record().revision
    sales.ensure()
    assert sales.backend.record().revision == revision
    other_contract(sales, Field("colour", "string")).ensure()
    assert sales.backend.record().schema["field colour"] == "string"
    assert sales.backend.record().revision == revision + 1
