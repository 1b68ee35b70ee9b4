"""Histograms: exact to add, and quantiles within the stated error of those of the values."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import pyarrow as pa
import pytest

from common.transforms import engine, histograms

Make = Callable[..., Any]
RANDOM = Random(5)
VALUES = {
    "like runs": [RANDOM.lognormvariate(3, 2) for _ in range(1000)],
    "few": [0.5, 2.0, 90.0],
    "one": [12.0],
    "equal": [7.25] * 50,
    "short and long": [0.001, 0.0011, 86_400.0 * 30],
}


def histogram(frame: Make, values: Sequence[float | None], group: str = "a") -> str:
    """The histogram of some seconds."""
    schema = pa.schema([("group", pa.string()), ("seconds", pa.float64())])
    rows = frame([{"group": group, "seconds": value} for value in values], schema)
    rows = engine.with_sql(rows, _bucket=histograms.bucket("seconds"))
    ((_, found),) = histograms.counted(rows, ["group"], "_bucket", "h").to_native().fetchall()
    return str(found)


def texts(frame: Make, *found: str) -> Any:
    return frame(
        [{"group": "a", "h": one} for one in found], pa.schema([("group", pa.string()), ("h", pa.string())])
    )


def rank(values: Sequence[float], quantile: float) -> float:
    """The value of the rank that a quantile means."""
    return sorted(values)[math.ceil(quantile * len(values)) - 1]


@pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
@pytest.mark.parametrize("quantile", [0.5, 0.95, 0.99])
def test_a_quantile_is_within_the_stated_error(frame: Make, values: list[float], quantile: float) -> None:
    given = texts(frame, histogram(frame, values))
    ((_, found),) = histograms.quantiles(given, ["group"], "h", q=quantile).to_native().fetchall()
    assert found == pytest.approx(rank(values, quantile), rel=histograms.RELATIVE_ERROR * 1.0001)


def test_the_sum_of_histograms_is_the_histogram_of_all(frame: Make) -> None:
    values = VALUES["like runs"]
    parts = [histogram(frame, values[at::3]) for at in range(3)]
    ((_, found),) = histograms.added(texts(frame, *parts, "{}"), ["group"], "h").to_native().fetchall()
    assert json.loads(found) == json.loads(histogram(frame, values))


def test_nothing_is_counted_of_null_and_negative_values_and_zero_is(frame: Make) -> None:
    assert json.loads(histogram(frame, [None, -1.0, 0.0, 0.0005, 1.0])) == {"0": 2, "173": 1}


def test_buckets_stand_in_their_order(frame: Make) -> None:
    found = histogram(frame, [100.0, 0.01, 5.0])
    assert list(json.loads(found)) == sorted(json.loads(found), key=int)


def test_how_many_values_a_histogram_has(frame: Make) -> None:
    rows = engine.with_sql(texts(frame, '{"0":2,"173":1}', "{}"), count=histograms.total("h"))
    assert sorted(rows.select("count").to_native().fetchall()) == [(0,), (3,)]


def test_groups_are_kept_apart_and_empty_ones_left_out(frame: Make) -> None:
    rows = frame(
        [{"group": "a", "h": '{"0":1}'}, {"group": "b", "h": '{"173":1}'}, {"group": "c", "h": "{}"}],
        pa.schema([("group", pa.string()), ("h", pa.string())]),
    )
    found = dict(histograms.quantiles(rows, ["group"], "h", q=0.5).to_native().fetchall())
    assert found == {"a": pytest.approx(0.001, rel=0.03), "b": pytest.approx(1.0, rel=0.03)}
