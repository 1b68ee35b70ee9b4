"""Steps that every subject shares, each on a few rows."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import narwhals.stable.v2 as nw
import pyarrow as pa

from common.transforms import operations
from common.transforms.operations import Check
from common.utils.arrow import schema_of
from common.utils.window import Window

MOMENT = pa.timestamp("us", tz="UTC")
ROW = schema_of(
    _key=pa.string(),
    _updated_at=MOMENT,
    _item=pa.string(),
    _position=pa.int64(),
    _digest=pa.string(),
    _event_at=MOMENT,
    date=pa.date32(),
    value=pa.int64(),
)
Make = Callable[..., Any]


def at(day: int, hour: int = 0) -> datetime:
    return datetime(2026, 1, day, hour, tzinfo=UTC)


def row(key: str, **changes: Any) -> dict[str, Any]:
    base = {
        "_key": key,
        "_updated_at": None,
        "_item": "a.csv",
        "_position": 2,
        "_digest": "h1",
        "_event_at": at(1),
        "date": date(2026, 1, 1),
        "value": 1,
    }
    return {**base, **changes}


def values(frame: Any, *names: str) -> list[tuple[Any, ...]]:
    return sorted(frame.select(*names).to_native().fetchall(), key=repr)


def bronze(**columns: str | None) -> dict[str, Any]:
    return {**columns, "_item": "a.csv", "_digest": "h1", "_position": 3}


def test_received_gives_our_names_without_blanks(frame: Make) -> None:
    made = frame([bronze(InvoiceDate=" 2026-01-01 ", NAME="  ", Other="x")])
    found = operations.received(made, {"date": "invoicedate", "name": "Name", "gone": "Gone"}, (), "")
    assert values(found, "date", "name", "gone", "_key", "_updated_at", "_rule") == [
        ("2026-01-01", None, None, '["h1",3]', None, None)
    ]


def test_received_takes_the_identity_from_the_key(frame: Make) -> None:
    made = frame(
        [
            bronze(order="7", line=" 1", changed="2026-01-02T00:00:00Z"),
            bronze(order="7", line=None, changed=None),
            bronze(order="8", line="1", changed="soon"),
        ]
    )
    found = operations.received(made, {}, ("Order", "line"), "changed")
    assert values(found, "_key", "_rule", "_field", "_reason") == [
        ('["7","1"]', None, None, None),
        ('["8","1"]', "updated_at_impossible", "changed", 'changed "soon" is no date or time'),
        (None, "key_missing", "Order,line", "Order,line is missing, and identifies it"),
    ]
    ((moment,),) = found.filter(nw.col("_rule").is_null()).select("_updated_at").to_native().fetchall()
    assert moment.astimezone(UTC) == at(2)


def test_the_first_check_that_is_broken_is_the_verdict(frame: Make) -> None:
    checks = [
        Check("missing", "a", nw.col("a").is_null(), "is missing"),
        Check("bad", "a", nw.col("a") == "x", "is bad", "shown"),
        Check("worse", "b", nw.col("b") == "x", "is worse"),
    ]
    texts = schema_of(a=pa.string(), b=pa.string(), shown=pa.string(), _rule=pa.string())
    rows = [
        {"a": None, "b": "x"},
        {"a": "x", "b": "x", "shown": "X!"},
        {"a": "1", "b": "x"},
        {"a": "1", "b": None},
        {"a": None, "b": "x", "_rule": "before"},
    ]
    made = frame(rows, texts).with_columns(_field=nw.lit("f"), _reason=nw.lit("r"))
    found = operations.judged(made, checks)
    assert [
        (verdict[0], *(verdict[1:] if verdict[0] not in (None, "before") else ()))
        for verdict in values(found, *operations.VERDICT)
    ] == [
        ("bad", "a", 'a "X!" is bad'),
        ("before",),
        ("missing", "a", "a is missing"),
        ("worse", "b", 'b "x" is worse'),
        (None,),
    ]


def test_a_window_is_half_open_and_what_has_no_time_is_within(frame: Make) -> None:
    moments = [at(1, 23), at(2), at(3, 23), at(4), None]
    made = frame([row(str(number), _event_at=moment) for number, moment in enumerate(moments)], ROW)
    found = operations.placed(made, Window(at(2), at(4)))
    assert values(found, "_key", "_place") == [
        ("0", "before"),
        ("1", "within"),
        ("2", "within"),
        ("3", "after"),
        ("4", "within"),
    ]
    unbounded = operations.placed(made, Window(None, at(4)))
    assert [place for _, place in values(unbounded, "_key", "_place")] == ["within"] * 3 + ["after", "within"]


def test_the_latest_wins_then_the_later_file_then_the_later_line(frame: Make) -> None:
    made = frame(
        [
            row("updated", _updated_at=at(2), value=1),
            row("updated", _updated_at=at(1), _item="z.csv", value=2),
            row("updated", _updated_at=None, _item="z.csv", value=3),
            row("file", _updated_at=at(1), _item="b.csv", value=1),
            row("file", _updated_at=at(1), _item="a.csv", _position=9, value=2),
            row("line", _position=9, value=1),
            row("line", _position=10, value=2),
        ],
        ROW,
    )
    assert values(operations.latest(made), "_key", "value") == [("file", 1), ("line", 2), ("updated", 1)]


def test_a_newer_content_supersedes_the_days_it_has_and_no_others(frame: Make) -> None:
    held = frame(
        [
            row("same day", _digest="old"),
            row("other day", _digest="old", date=date(2026, 1, 2), _event_at=at(2)),
            row("other file", _item="b.csv", _digest="old"),
            row("same content", _digest="new"),
            row("outside", _digest="old", _event_at=at(1, 23)),
        ],
        ROW,
    )
    arrived = frame([row("any", _digest="new")], ROW)
    kept = operations.not_superseded(held, arrived, Window(at(1), at(1, 12)))
    assert [key for (key,) in values(kept, "_key")] == ["other day", "other file", "outside", "same content"]
    assert kept.columns == held.columns


def test_what_becomes_of_records_that_arrive(frame: Make) -> None:
    held = frame(
        [
            row("same", _updated_at=at(1)),
            row("changed", _updated_at=at(1), value=7, date=date(2025, 12, 31)),
            row("older", _updated_at=at(3), value=7),
            row("earlier file", _item="z.csv"),
            row("earlier line", _position=9),
            row("corrected file", _position=9, _digest="h0", _updated_at=at(5), value=7),
            row("null", value=None),
            row("null updated", _updated_at=at(1)),
        ],
        ROW,
    )
    arrived = frame(
        [
            row("new"),
            row("same", _updated_at=at(1), _item="b.csv"),
            row("changed", _updated_at=at(2)),
            row("older", _updated_at=at(2)),
            row("earlier file"),
            row("earlier line"),
            row("corrected file"),
            row("null", value=None),
            row("null updated", _item="z.csv"),
        ],
        ROW,
    )
    found = operations.settled(arrived, held, ["date", "value"])
    assert values(found, "_key", "_outcome", "_held_date") == [
        ("changed", "written", date(2025, 12, 31)),
        ("corrected file", "written", date(2026, 1, 1)),
        ("earlier file", "beaten", date(2026, 1, 1)),
        ("earlier line", "beaten", date(2026, 1, 1)),
        ("new", "written", None),
        ("null updated", "beaten", date(2026, 1, 1)),
        ("null", "unchanged", date(2026, 1, 1)),
        ("older", "beaten", date(2026, 1, 1)),
        ("same", "unchanged", date(2026, 1, 1)),
    ]


def test_what_arrived_stands_in_place_of_what_was_held(frame: Make) -> None:
    held = frame([row("kept", value=1), row("replaced", value=1)], ROW)
    arrived = frame([row("replaced", value=2), row("new", value=2)], ROW).with_columns(
        _outcome=nw.lit("written")
    )
    found = operations.overlaid(held, arrived)
    assert values(found, "_key", "value") == [("kept", 1), ("new", 2), ("replaced", 2)]
    assert found.columns == held.columns
