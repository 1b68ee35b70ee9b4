"""Drift: what differs is told, and the policy decides."""

import pyarrow as pa
import pytest

from common.io.sources import Item, with_origin
from common.io.sources.drift import discarded, planned
from common.utils.contract import DriftPolicy
from common.utils.errors import SourceError

KNOWN = pa.schema([("id", pa.int64()), ("name", pa.string()), ("gone", pa.string())])
ARRIVING = pa.schema([("ID", pa.string()), ("name", pa.string()), ("extra", pa.bool_())])


@pytest.mark.parametrize("policy", ["evolve", "freeze", "discard"])
def test_nothing_differs(policy: DriftPolicy) -> None:
    for arriving in (KNOWN, pa.schema({})):
        plan = planned(KNOWN, arriving, policy, "x")
        assert (plan.schema, plan.drifts, plan.widened) == (KNOWN, (), False)
    first = planned(pa.schema({}), ARRIVING, policy, "x")
    assert (first.schema, first.drifts) == (ARRIVING, ())


def test_evolve_takes_everything_over_and_says_so() -> None:
    plan = planned(KNOWN, ARRIVING, "evolve", "x")
    assert plan.schema == pa.schema(
        [("id", pa.string()), ("name", pa.string()), ("gone", pa.string()), ("extra", pa.bool_())]
    )
    assert plan.widened
    assert [str(drift) for drift in plan.drifts] == [
        'column "id" was int64 and is string: kept as string',
        'column "gone" (string) is missing: null in this run',
        'column "extra" (bool) is new: added',
    ]


def test_freeze_stops_the_run_with_the_way_out() -> None:
    with pytest.raises(SourceError) as caught:
        planned(KNOWN, ARRIVING, "freeze", "orders.csv")
    assert str(caught.value).startswith(
        'The source has changed: column "id" was int64 and is string; column "gone"'
    )
    assert "drift to evolve" in caught.value.next_step


def test_discard_keeps_bronze_as_it_is_and_loses_no_record() -> None:
    known = pa.schema([("id", pa.int64()), ("name", pa.string())])
    plan = planned(known, ARRIVING, "discard", "x")
    assert (plan.schema, plan.widened) == (known, False)
    records = with_origin(
        pa.record_batch(
            {"ID": ["1", "x", "3", "4"], "name": list("abcd"), "extra": [None, None, True, None]}
        ),
        Item("orders.csv"),
        [2, 3, 4, 5],
    )
    kept, letters = discarded(records, plan, known)
    assert kept["ID"].to_pylist() == ["1", "4"]
    assert [(row["_position"], row["rule"], row["field"], row["record"]) for row in letters.to_pylist()] == [
        (3, "drift_type", "id", '{"ID":"x","name":"b","extra":null}'),
        (4, "drift_new", "extra", '{"ID":"3","name":"c","extra":true}'),
    ]


def test_discard_of_a_missing_column_is_of_all_records() -> None:
    plan = planned(KNOWN, ARRIVING.remove(2), "discard", "x")
    records = with_origin(pa.record_batch({"ID": ["1"], "name": ["a"]}), Item("x"), [1])
    kept, letters = discarded(records, plan, KNOWN)
    assert (kept.num_rows, letters["rule"].to_pylist()) == (0, ["drift_missing"])


def test_a_column_that_identifies_records_keeps_its_type() -> None:
    with pytest.raises(SourceError, match='identifies records has changed: column "id"'):
        planned(KNOWN, ARRIVING, "evolve", "x", key=("ID",))


def test_nothing_seen_in_a_column_is_no_drift() -> None:
    known = pa.schema([("id", pa.int64())])
    plan = planned(known, pa.schema([("id", pa.null()), ("new", pa.null())]), "evolve", "x")
    assert [drift.kind for drift in plan.drifts] == ["new"]
    assert (plan.schema, plan.widened) == (pa.schema([("id", pa.int64()), ("new", pa.string())]), False)


def test_bronze_is_not_rewritten_where_its_type_holds_what_arrives() -> None:
    known = pa.schema([("a", pa.string()), ("b", pa.int64())])
    plan = planned(known, pa.schema([("a", pa.int64()), ("b", pa.int32())]), "evolve", "x")
    assert (plan.widened, plan.schema) == (False, known)


@pytest.mark.parametrize(
    ("kind", "value", "fits"),
    [
        (pa.int64(), pa.array(["7"]), True),
        (pa.int64(), pa.array(["0x10"]), False),
        (pa.int64(), pa.array([7], pa.int32()), True),
        (pa.bool_(), pa.array([5]), False),
        (pa.date32(), pa.array([0], pa.timestamp("us")), False),
        (pa.timestamp("us"), pa.array([1_767_225_600_000]), False),
        (pa.float64(), pa.array(["0.1"]), True),
        (pa.string(), pa.array([1.5]), True),
    ],
)
def test_discard_changes_no_value(kind: pa.DataType, value: pa.Array, fits: bool) -> None:
    known = pa.schema([("a", kind)])
    plan = planned(known, pa.schema([("a", value.type)]), "discard", "x")
    kept, letters = discarded(with_origin(pa.record_batch([value], ["a"]), Item("x"), [1]), plan, known)
    assert (kept.num_rows, letters.num_rows) == ((1, 0) if fits else (0, 1))
