from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from common.io.collections.protocol import Version
from common.io.reports import RunRecord, State
from common.utils.contract import Contract
from common.utils.ledger import Ledger
from common.utils.odcs import load_contract
from vlp.summary import Outcome, next_steps, table

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
LEDGER = Ledger(read=10, written=7, deduplicated=1, rejected={"ragged": 2})


@pytest.fixture(scope="module")
def contract(repository: Path) -> Contract:
    return load_contract(repository / "include" / "contracts" / "sales" / "product_revenue.odcs.yaml")


def outcome(
    contract: Contract, state: State | None = "published", age: timedelta = timedelta(hours=1)
) -> Outcome:
    record = state and RunRecord(
        contract.name,
        "run",
        NOW,
        state,
        ledger=LEDGER,
        report="reports/index.html",
        error="extract: away. Where: here. Next: wait" if state == "failed" else "",
    )
    live = Version(4, 12345, NOW, NOW - age, "source", "run", {}, "1.0.0")
    return Outcome(contract, record or None, live, 1.26)


def cells(text: str) -> list[list[str]]:
    return [[cell for cell in line.split("  ") if cell] for line in text.splitlines()]


def test_the_table(contract: Contract) -> None:
    headings, row = cells(table([outcome(contract)], NOW))
    assert [heading.strip() for heading in headings] == [
        "collection",
        "outcome",
        "version",
        "rows",
        "data as of",
        "freshness",
        "seconds",
        "ledger",
    ]
    assert [cell.strip() for cell in row] == [
        "sales/product_revenue",
        "published",
        "4",
        "12,345",
        "2026-03-10 11:00:00",
        "fresh",
        "1.3",
        str(LEDGER),
    ]


def test_columns_are_aligned(contract: Contract) -> None:
    nothing = Outcome(contract, None, None, 100.0)
    lines = table([outcome(contract), nothing], NOW).splitlines()
    at = lines[0].index("ledger")
    assert [line[at - 2 : at] for line in lines] == ["  ", "  ", "  "]
    assert [line[at] for line in lines] == ["l", "1", "-"]


def test_nothing_new_is_said(contract: Contract) -> None:
    one = outcome(contract, "unchanged")
    assert one.succeeded
    assert "nothing new" in table([one], NOW)


def test_old_data_are_stale(contract: Contract) -> None:
    assert "stale" in table([outcome(contract, age=timedelta(days=400))], NOW)


@pytest.mark.parametrize(
    ("state", "error"),
    [
        ("failed", "extract: away.\n  Where: here.\n  Next: wait"),
        ("running", "the run ended before its last task"),
        (None, "the run ended before its last task"),
    ],
)
def test_what_did_not_publish_has_failed(contract: Contract, state: State | None, error: str) -> None:
    one = outcome(contract, state)
    assert not one.succeeded
    assert one.error == error
    assert "FAILED" in table([one], NOW)


def test_a_target_has_a_line_and_a_failure_of_its_own(contract: Contract) -> None:
    main, target = outcome(contract), replace(outcome(contract, "failed"), live=None, store="archive")
    lines = table([main, target], NOW).splitlines()
    assert lines[1].startswith("sales/product_revenue             published")
    assert lines[2].startswith("sales/product_revenue to archive  FAILED     -")
    assert (main.succeeded, target.succeeded) == (True, False)


def test_next_steps_name_report_and_dead_letters(contract: Contract) -> None:
    text = next_steps([outcome(contract)], ["DATA=my orders", "KEY=id"])
    assert "/collections/sales/product_revenue?limit=3" in text
    assert "make up 'DATA=my orders' KEY=id" in text
    assert "reports/index.html" in text
    assert "the rejected records, and why: 2 of sales/product_revenue" in text


def test_next_steps_without_anything_live(contract: Contract) -> None:
    text = next_steps([Outcome(contract, None, None, 1.0)], [])
    assert "curl" not in text
    assert "dead-letters" not in text
    assert "make up" in text
