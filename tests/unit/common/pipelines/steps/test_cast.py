from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import duckdb
import pytest

from unit.common.pipelines.steps.kit import Bench

FITS: list[tuple[str, Any, str, Any]] = [
    ("string", "-12", "integer", -12),
    ("string", "+0.1200", "decimal(3,2)", Decimal("0.12")),
    ("string", ".5", "decimal(38,1)", Decimal("0.5")),
    ("string", "1.5e3", "number", 1500.0),
    ("string", "TRUE", "boolean", True),
    ("string", "2026-02-28", "date", date(2026, 2, 28)),
    ("string", "2026-02-28", "timestamp", datetime(2026, 2, 28, tzinfo=UTC)),
    ("string", "2026-02-28T10:00:00.5+05:30", "timestamp", datetime(2026, 2, 28, 4, 30, 0, 500000, UTC)),
    ("integer", "12", "decimal(4,2)", Decimal("12.00")),
    ("integer", "9223372036854775807", "decimal(19,0)", Decimal(2**63 - 1)),
    ("integer", "1", "boolean", True),
    ("integer", "12", "number", 12.0),
    ("integer", "12", "string", "12"),
    ("decimal(6,4)", "1.5000", "decimal(2,1)", Decimal("1.5")),
    ("decimal(6,4)", "7.0000", "integer", 7),
    ("decimal(6,4)", "1.5", "number", 1.5),
    ("number", "0.1", "decimal(18,4)", Decimal("0.1")),
    ("number", "123456789.25", "decimal(18,4)", Decimal("123456789.25")),
    ("number", "-3.0", "integer", -3),
    ("boolean", "true", "integer", 1),
    ("boolean", "true", "string", "true"),
    ("date", "2026-02-28", "timestamp", datetime(2026, 2, 28, tzinfo=UTC)),
    ("date", "2026-02-28", "string", "2026-02-28"),
    ("timestamp", "2026-02-28 10:00:00+00", "string", "2026-02-28 10:00:00+00"),
    ("object", '{"a":1}', "string", '{"a":1}'),
]
LOST = [
    *(("string", text, "integer") for text in ("1.5", "1e3", " 1", "", "99999999999999999999", "0x1")),
    *(("string", text, "decimal(4,1)") for text in ("1.25", "12345", "1e1", ".", "1,5", "nan")),
    *(("string", text, "number") for text in ("nan", "inf", "1e999", "1 ", "1.2.3")),
    *(("string", text, "boolean") for text in ("t", "1", "yes", "")),
    *(("string", text, "date") for text in ("2026-02-30", "20260228", "2026-02-28 10:00", "28.02.2026")),
    *(("string", text, "timestamp") for text in ("2026-02-28T25:00:00", "yesterday", "2026-02-28 10")),
    ("integer", "1000", "decimal(3,0)"),
    ("integer", "700000000000", "decimal(38,30)"),
    ("integer", "2", "boolean"),
    ("decimal(6,4)", "1.2345", "decimal(6,3)"),
    ("decimal(6,4)", "1.5", "integer"),
    ("decimal(38,0)", "99999999999999999999", "integer"),
    ("number", "0.12345", "decimal(18,4)"),
    ("number", "1e300", "decimal(38,0)"),
    ("number", "nan", "decimal(38,0)"),
    ("number", "inf", "integer"),
    ("number", "1.5", "integer"),
]


@pytest.mark.parametrize(("given", "value", "wanted", "result"), FITS)
def test_a_value_that_fits_is_the_same(
    bench: Bench, given: str, value: str, wanted: str, result: Any
) -> None:
    found = bench.run(f"cast: {{x: '{wanted}'}}", {"x": given}, [(value,), (None,)], ordered=True)
    assert set(found) == {(result,), (None,)}
    assert bench.run(f"cast: {{x: '{given}'}}", {"x": given}, [(None,)]) == [(None,)]


@pytest.mark.parametrize(("given", "value", "wanted"), LOST)
def test_a_value_that_does_not_fit_fails_the_run(bench: Bench, given: str, value: str, wanted: str) -> None:
    with pytest.raises(duckdb.InvalidInputException, match=r"cast: the column 'x': '.*' is no .* exactly"):
        bench.run(f"cast: {{x: '{wanted}'}}", {"x": given}, [(value,)])


def test_the_error_shows_no_personal_data(bench: Bench) -> None:
    with pytest.raises(duckdb.InvalidInputException) as raised:
        bench.run("cast: {phone: integer}", {"phone": "string*"}, [("0170 1234",)])
    assert "cast: the column 'phone': a value is no integer exactly" in str(raised.value)
    assert "0170" not in str(raised.value)


def test_columns(bench: Bench) -> None:
    done = bench.plan("cast: {n: 'decimal(18,4)'}", {"n": "integer!*", "date": "date!"})
    assert done.columns == {"n": "decimal(18,4)!*", "date": "date!"}
    assert done.planned.by_day
    assert not bench.plan("cast: {date: timestamp}", {"date": "date!"}).planned.by_day


@pytest.mark.parametrize(
    ("step", "problem"),
    [
        ("cast: {m: integer}", "2:12: unknown column 'm': known: n, t."),
        ("cast: {n: integr}", "2:12: unknown type 'integr': did you mean 'integer'?"),
        (
            "cast: {n: 'decimal(40,2)'}",
            "2:12: a decimal has 1 to 38 digits, and no more of them after the point",
        ),
        ("cast: {n: date}", "2:12: 'n' is of type integer, which cannot become date"),
        (
            "cast: {t: date}",
            "2:12: 't' is of type timestamp, which cannot become date: "
            "its day is date(…), in the step 'derive'",
        ),
    ],
)
def test_what_is_wrong(bench: Bench, step: str, problem: str) -> None:
    assert bench.plan(step, {"n": "integer", "t": "timestamp"}).problems == [problem]
