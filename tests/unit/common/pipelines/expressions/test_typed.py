from datetime import UTC, datetime, timedelta, timezone

import pytest

from common.pipelines.expressions.typed import ExpressionError, Typed, cast, joined, made_of, moment
from common.pipelines.expressions.types import INTEGER, NUMBER, decimal


def test_what_is_made_of_parts_has_what_they_have() -> None:
    one = Typed("{a}", INTEGER, required=True, personal=True, columns=frozenset({"a"}))
    other = Typed("'{}'", INTEGER, required=True, clock=True, columns=frozenset({"b"}))
    both = made_of("({} + {})", NUMBER, [one, other])
    assert both == Typed("({a} + '{}')", NUMBER, True, True, False, True, None, frozenset({"a", "b"}))
    assert not joined("x", NUMBER, [one, Typed("y", NUMBER, aggregate=True)]).required
    assert joined("x", NUMBER, [Typed("y", NUMBER, aggregate=True)]).aggregate


def test_a_cast() -> None:
    assert cast("x", decimal(18, 4)) == "CAST(x AS DECIMAL(18, 4))"


def test_a_moment_is_in_utc() -> None:
    east = datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=2)))
    assert moment(east).sql == "TIMESTAMPTZ '2025-12-31 22:00:00+00:00'"
    assert moment(datetime(2026, 1, 1)) == moment(datetime(2026, 1, 1, tzinfo=UTC))  # noqa: DTZ001
    with pytest.raises(OverflowError):
        moment(datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=2))))


def test_an_error_has_its_place() -> None:
    error = ExpressionError("it is wrong", 1, 2)
    assert (str(error), error.line, error.column) == ("it is wrong", 1, 2)
