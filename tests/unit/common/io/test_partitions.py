"""Conditions over partitions, to prune files and as SQL."""

from datetime import date

from common.io.partitions import ALL_DAYS, as_sql, days_condition

FIRST, END = date(2026, 1, 2), date(2026, 1, 4)


def test_days_are_half_open_and_some_may_be_added() -> None:
    assert days_condition(FIRST, END, [date(2026, 1, 9)]) == [
        [("date", "<", "2026-01-04"), ("date", ">=", "2026-01-02")],
        [("date", "=", "2026-01-09")],
    ]
    assert days_condition(None, END) == [[("date", "<", "2026-01-04")]]


def test_conditions_as_sql() -> None:
    sql = "(date < '2026-01-04' AND date >= '2026-01-02') OR (date = '2026-01-09')"
    assert as_sql(days_condition(FIRST, END, [date(2026, 1, 9)])) == sql
    assert as_sql([[("_run", "=", "it's")]]) == "(_run = 'it''s')"
    assert as_sql(ALL_DAYS) == "(date >= '0001-01-01')"
