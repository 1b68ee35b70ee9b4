"""Counts and totals."""

from decimal import Decimal

import duckdb
import narwhals.stable.v2 as nw

from common.verbs.sums import counts, totals


def test_counts_and_totals() -> None:
    with duckdb.connect() as duck:
        frame = nw.from_native(duck.sql("SELECT * FROM (VALUES ('b', 1), ('a', 2), ('b', 3)) AS t(rule, n)"))
        assert counts(frame, "rule") == {"a": 1, "b": 2}
        assert totals(frame.select(nw.col("n").sum())) == {"n": Decimal(6)}
        assert totals(frame.filter(nw.col("n") > 9).select(nw.col("n").sum())) == {"n": Decimal(0)}
