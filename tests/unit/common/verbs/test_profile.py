"""The profile of a version, from a real Delta table through the real engine."""

from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from common.io import lake
from common.utils.contract import Contract, Field
from common.utils.settings import Settings
from common.verbs import profile as module
from common.verbs.profile import of_run, profile
from common.verbs.references import TableRef
from plugins.shop import ORDERS

FIELDS = (*ORDERS.fields, Field("tags", "array"))
CONTRACT = replace(ORDERS, fields=FIELDS)


def gold(folder: Path, contract: Contract, rows: list[dict[str, Any]]) -> TableRef:
    uri = str(folder / "gold")
    table = pa.Table.from_pylist(rows, schema=contract.schema)
    return TableRef(uri, lake.replace(uri, table, run_id="run"), len(rows))


def row(number: int) -> dict[str, Any]:
    return {
        "day": date(2026, 1, 1 + number),
        "order_id": "A" * 200 if number else "B",
        "customer": None,
        "items": number - 1,
        "total": Decimal(number) / 8,
        "rate": None,
        "weight": float("nan"),
        "paid": number == 1,
        "placed_at": datetime(2026, 1, 1, 1, tzinfo=UTC),
        "tags": "[1]",
    }


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def test_each_field_is_described_in_the_forms_of_the_api(settings: Settings, tmp_path: Path) -> None:
    found = profile(CONTRACT, settings, gold(tmp_path, CONTRACT, [row(0), row(1), row(2)]))
    assert (found["rows"], found["exact"]) == (3, True)
    fields = found["fields"]
    assert fields["day"] == {"nulls": 0, "distinct": 3, "min": "2026-01-01", "max": "2026-01-03"}
    assert fields["order_id"] == {"nulls": 0, "distinct": 2, "min": "A" * 128, "max": "B"}
    assert fields["customer"] == {"nulls": 3, "distinct": 0, "min": None, "max": None}
    assert fields["items"] == {"nulls": 0, "distinct": 3, "min": -1, "max": 1}
    assert fields["total"] == {"nulls": 0, "distinct": 3, "min": "0.0000", "max": "0.2500"}
    assert (fields["weight"]["min"], fields["paid"]["max"]) == (None, True)
    assert fields["placed_at"]["min"] == "2026-01-01T01:00:00.000000Z"
    assert (fields["tags"]["distinct"], fields["tags"]["min"]) == (1, None)


def test_many_rows_are_counted_by_sketches(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "EXACT_ROWS", 2)
    found = profile(CONTRACT, settings, gold(tmp_path, CONTRACT, [row(0), row(1), row(2)]))
    assert (found["exact"], found["rows"]) == (False, 3)


def test_without_gold_there_is_none(settings: Settings) -> None:
    assert profile(CONTRACT, settings, TableRef("nowhere", -1, 0)) == {}


def test_a_run_that_changes_nothing_keeps_the_live_versions(settings: Settings, tmp_path: Path) -> None:
    here = gold(tmp_path, CONTRACT, [row(0)])
    live: Any = SimpleNamespace(profile={"rows": 9}, run_id="one")

    def loaded(*changed: str) -> Any:
        transformed = SimpleNamespace(gold=here, run=SimpleNamespace(id="one"))
        staged = SimpleNamespace(changed=changed)
        return SimpleNamespace(staged=staged, validated=SimpleNamespace(transformed=transformed))

    assert of_run(CONTRACT, settings, loaded(), live) == {"rows": 9}
    assert of_run(CONTRACT, settings, loaded("2026-01-01"), live)["rows"] == 1
    assert of_run(CONTRACT, settings, loaded(), None)["rows"] == 1
    for published_by, rows in (("one", 9), ("another", 1)):
        main: Any = SimpleNamespace(profile={"rows": 9}, run_id=published_by)
        assert of_run(CONTRACT, settings, loaded("2026-01-01"), None, main)["rows"] == rows
