"""What becomes of a collection when its pipeline's file is edited."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from common.pipelines.checked import checked
from common.utils.errors import ContractError, SourceError
from pipeline_example import Example, csv

FILE = """
description: Orders per day
owner: shop
sources:
  orders:
    path: {orders}
    fields: {{id: {{type: integer, required: true}}, at: timestamp, quantity: integer{fields}}}
    key: [id]
    event_time: at
steps:
  - derive: {{amount: quantity * {price}}}
  - aggregate: {{by: [{by}], columns: {{amount: sum(amount){columns}}}}}
collection: {{key: [{by}], freshness: 48h}}
"""
BEFORE = {"fields": "", "price": "2", "by": "date", "columns": ""}
ONE, TWO = date(2026, 1, 1), date(2026, 1, 2)


class Edited:
    """A pipeline whose file changes from run to run, in one home."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self._folder, self._patch = folder, patch
        csv(folder / "orders.csv", "id,at,quantity,size", ["1,2026-01-01,2,5", "2,2026-01-02,3,7"])

    def run(self, major: int = 1, *, full_refresh: bool = False, **changes: str) -> list[tuple[Any, ...]]:
        """The rows of the file with some changes."""
        path = self._folder / "pipelines" / "shop" / f"orders_v{major}.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        for other in path.parent.iterdir():
            other.unlink()
        text = FILE.format(orders=self._folder / "orders.csv", **{**BEFORE, **changes})
        path.write_text(text, "utf-8")
        assert checked(path)
        example = Example(path, self._folder / "home", self._patch)
        example.run(full_refresh=full_refresh)
        return [tuple(row.values()) for row in example.rows()]


@pytest.fixture
def edited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Edited:
    """Published once."""
    edited = Edited(tmp_path, monkeypatch)
    assert edited.run() == [(ONE, 4), (TWO, 6)]
    return edited


@pytest.mark.parametrize(
    "changes", [{"price": "10"}, {"fields": ", size: string"}, {"columns": ", most: max(quantity)"}]
)
def test_days_are_never_mixed_of_two_files(edited: Edited, changes: dict[str, str]) -> None:
    with pytest.raises(SourceError, match="another source or mapping") as error:
        edited.run(**changes)
    assert "full_refresh" in str(error.value)


def test_a_changed_step_is_there_with_a_full_refresh(edited: Edited) -> None:
    assert edited.run(price="10", full_refresh=True) == [(ONE, 20), (TWO, 30)]
    assert edited.run(price="10") == [(ONE, 20), (TWO, 30)]


def test_a_new_column_is_added(edited: Edited) -> None:
    assert edited.run(columns=", most: max(quantity)", full_refresh=True) == [(ONE, 4, 2), (TWO, 6, 3)]


def test_a_new_field_is_there_with_a_full_refresh(edited: Edited) -> None:
    added = {"fields": ", size: string", "columns": ", size: max(size)"}
    assert edited.run(**added, full_refresh=True) == [(ONE, 4, "5"), (TWO, 6, "7")]
    typed = {"fields": ", size: integer", "columns": ", size: text(sum(size))"}
    assert edited.run(**typed, full_refresh=True) == [(ONE, 4, "5"), (TWO, 6, "7")]


def test_another_type_or_a_column_less_takes_a_new_major_version(edited: Edited) -> None:
    typed = {"columns": ", most: max(quantity)"}
    assert edited.run(**typed, full_refresh=True) == [(ONE, 4, 2), (TWO, 6, 3)]
    other = {"columns": ", most: text(max(quantity))"}
    with pytest.raises(ContractError, match="Give the contract the major version 2"):
        edited.run(**other, full_refresh=True)
    assert edited.run(2, **other) == [(ONE, 4, "2"), (TWO, 6, "3")]
    assert edited.run(3) == [(ONE, 4), (TWO, 6)]


def test_another_key_takes_a_new_major_version(edited: Edited) -> None:
    changed = {"fields": ", size: {type: string, required: true}", "by": "date, size"}
    with pytest.raises(ContractError, match="Give the contract the major version 2"):
        edited.run(**changed, full_refresh=True)
    assert edited.run(2, **changed) == [(ONE, "5", 4), (TWO, "7", 6)]
