"""The replay of dead letters, as a user triggers it in Airflow."""

from typing import Any

import pytest

from dags.house import House, asset_events
from dags.test_operations import operate, result, tries
from vitrine.commands.dead_letters import rejected

ALWAYS = {"window_start": "1970-01-01", "window_end": "2027-01-01"}
COLLECTION = {"collection": "sales/product_revenue"}
PREFIX = "VITRINE_SALES_PRODUCT_REVENUE_"
GOOD = [f"2026-01-05,P-{at},Cup,1,1.00" for at in range(60)]


@pytest.fixture
def broken(house: House, monkeypatch: pytest.MonkeyPatch) -> House:
    """A file with one line in another encoding, and one that no setting mends."""
    monkeypatch.setenv(f"{PREFIX}ENCODING", "utf-8")
    lines = [*GOOD, "2026-01-06,X,Größe,2,1.00", "2026-01-06,Y,Cup,two,1.00"]
    (house.files / "b.csv").write_text(
        "\n".join(["date,product_id,product_name,quantity,unit_price", *lines, ""]), encoding="latin-1"
    )
    house.run(**ALWAYS)
    return house


def quantities(house: House) -> dict[str, Any]:
    return {row["product_id"]: row["quantity"] for row in house.rows() if str(row["date"]) == "2026-01-06"}


def test_after_a_fix_the_records_are_published_and_marked(
    broken: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert rejected(broken.settings, broken.contract)["waiting"] == 2
    before, events = broken.live, len(asset_events())
    monkeypatch.setenv(f"{PREFIX}ENCODING", "latin-1")
    run = operate("replay", **COLLECTION)
    assert tries(run) == {
        "extract_dead_letters": "success:1",
        "transform_dead_letters": "success:1",
        "validate_collection": "success:1",
        "load_collection": "success:1",
        "publish_collection": "success:1",
    }
    assert before
    assert result(run, "publish_collection") == {"version": before.number + 1, "replayed": 1}
    assert quantities(broken)["X"] == 2
    assert rejected(broken.settings, broken.contract)["waiting"] == 1

    assert len(asset_events()) == events + 1
    again = operate("replay", **COLLECTION)
    assert result(again, "publish_collection") == {"version": before.number + 1, "replayed": 0}
    assert len(asset_events()) == events + 1, "nothing new, no event"


def test_only_one_rule_is_replayed(broken: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}ENCODING", "latin-1")
    run = operate("replay", **COLLECTION, rule="quantity_not_whole", **ALWAYS)
    assert result(run, "publish_collection")["replayed"] == 0
    assert "X" not in quantities(broken)
