import json
from dataclasses import FrozenInstanceError
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from pydantic import ValidationError

from common.io.collections.protocol import Staged
from common.utils.ledger import Ledger
from common.utils.window import Window
from common.verbs.references import (
    Bookmark,
    Extracted,
    Loaded,
    RollBack,
    Run,
    Statistics,
    TableRef,
    Transformed,
    Validated,
    from_json,
    to_json,
)

WINDOW = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC))
RUN = Run("scheduled__2026-01-01T00:00:00+00:00", WINDOW, full_refresh=True, dry_run=True, scheduled=False)
EXTRACTED = Extracted(
    RUN,
    "order_lines",
    Window(None, WINDOW.end),
    "abc",
    "CSV files",
    TableRef("/lake/b", 3, 9),
    {"ragged": 1},
    Statistics(4, 2, failed={"a": "b"}),
    ("new",),
    Bookmark({"a": {"cursor": "1"}}, 3),
)
LEDGER = Ledger(
    read=10,
    written=8,
    filtered={"outside_window": 1},
    rejected={"ragged": 1},
    silver={"revenue": Decimal("12345678901234.0001")},
    gold={"revenue": Decimal("12345678901234.0001")},
)
TRANSFORMED = Transformed(
    RUN,
    WINDOW,
    "abc",
    "CSV files",
    TableRef("/lake/g", 5, 7),
    LEDGER,
    "2026-01-01T10:00:00+00:00",
    ("2026-01-01",),
)
VALIDATED = Validated(TRANSFORMED, ("schema",), ("named",), "/reports/index.html")
STAGED = Staged("a1", 1, 2, 3, 4, 5, 6, 7, ("2026-01-01",))
LOADED = Loaded(VALIDATED, STAGED, "archive", "2026-01-02T10:00:00+00:00")
ROLL_BACK = RollBack(5, 3, ((date(2026, 1, 1), date(2026, 1, 3)),))


@pytest.mark.parametrize(
    "reference", [EXTRACTED, TRANSFORMED, VALIDATED, LOADED, ROLL_BACK], ids=lambda one: type(one).__name__
)
def test_a_reference_goes_through_json_and_is_the_same(
    reference: Extracted | Transformed | Validated | Loaded | RollBack,
) -> None:
    assert from_json(type(reference), json.loads(json.dumps(to_json(reference)))) == reference


def test_a_reference_is_small() -> None:
    assert len(json.dumps(to_json(LOADED))) < 2000


def test_what_is_no_such_reference_is_refused() -> None:
    with pytest.raises(ValidationError):
        from_json(Transformed, to_json(EXTRACTED))


def test_a_reference_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        RUN.id = "other"  # type: ignore[misc]
