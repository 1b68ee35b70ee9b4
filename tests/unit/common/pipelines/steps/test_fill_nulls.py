from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from unit.common.pipelines.steps.kit import Bench

GIVEN = {
    "i": "integer",
    "m": "decimal(4,2)",
    "n": "number",
    "s": "string*",
    "b": "boolean",
    "t": "timestamp",
    "date": "date",
}
STEP = (
    """fill_nulls: {i: -3, m: 0.10, n: 2, s: "'{x}'", b: true, t: "2026-01-31T08:00:00Z", date: 2026-01-31}"""
)


def test_values_stand_where_there_were_none(bench: Bench) -> None:
    nothing = (None,) * 7
    there = ("1", "1.25", "0.5", "x", "false", "2026-01-01 00:00:00+00", "2026-01-01")
    filled, kept = sorted(bench.run(STEP, GIVEN, [nothing, there]))
    day, moment = date(2026, 1, 31), datetime(2026, 1, 31, 8, tzinfo=UTC)
    assert filled == (-3, Decimal("0.10"), 2.0, "'{x}'", True, moment, day)
    assert kept == (1, Decimal("1.25"), 0.5, "x", False, datetime(2026, 1, 1, tzinfo=UTC), date(2026, 1, 1))
    done = bench.plan(STEP, GIVEN)
    assert done.columns == {
        name: one.replace("*", "") + "!" + "*" * ("*" in one) for name, one in GIVEN.items()
    }
    assert not done.planned.by_day
    assert bench.plan("fill_nulls: {i: 0}", GIVEN).planned.by_day


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("{i: 1.5}", "2:18: 1.5 is no value of type integer"),
        ("{i: x}", "2:18: 'x' is no value of type integer"),
        ("{b: 1}", "2:18: 1 is no value of type boolean"),
        ("{s: 1}", "2:18: 1 is no value of type string"),
        ("{m: 0.123}", "2:18: 0.123 is no value of type decimal(4,2)"),
        ("{m: 100}", "2:18: 100 is no value of type decimal(4,2)"),
        ("{m: true}", "2:18: True is no value of type decimal(4,2)"),
        ("{date: 2026-02-30}", "2:18: '2026-02-30' is no value of type date"),
        ("{x: 1}", "2:18: unknown column 'x': known: b, date, i, m, n, s, t."),
    ],
)
def test_what_is_wrong(bench: Bench, value: str, problem: str) -> None:
    assert bench.plan(f"fill_nulls: {value}", GIVEN).problems == [problem]
