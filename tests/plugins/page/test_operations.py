"""Versions, a roll-back that becomes visible, runs, dead letters, monitoring."""

import re
from typing import Any

from plugins.page.house import DAYS, LEDGER, NAME, PRODUCTS

BASE = f"#/collections/{NAME}"


def test_versions_and_what_changed_between_two(visit: Any) -> None:
    visit.open(f"{BASE}/versions")
    page = visit.page
    page.get_by_role("heading", name="What changed").wait_for()
    numbers = [int(re.match(r"\d+", text)[0]) for text in visit.texts("#versions-region tbody th")]
    assert numbers == sorted(numbers, reverse=True)
    page.get_by_label("To version").select_option("2")
    rows = DAYS * len(PRODUCTS)
    page.get_by_text(f"{rows - len(PRODUCTS)} → {rows} rows.").wait_for()
    (row,) = visit.texts("#partitions-region tbody tr")
    assert re.split(r"\s+", row) == [visit.house.last.isoformat(), "Added", "0", "5", f"+{len(PRODUCTS)}"]
    page.get_by_label("From version").select_option("1")
    visit.until("location.hash.includes('from=1')")
    page.get_by_label("To version").select_option("3")
    visit.until("document.querySelectorAll('#partitions-region tbody tr').length === 2")
    assert f"{DAYS - 2} partitions unchanged" in page.locator("main").inner_text()
    assert visit.complaints == []


def test_a_pinned_version_says_so(visit: Any) -> None:
    visit.open(f"{BASE}?version=1")
    note = visit.page.get_by_role("note").filter(has_text="Version 1")
    note.wait_for()
    note.get_by_role("link", name="Go to the live one").click()
    note.wait_for(state="detached")
    visit.open(f"{BASE}?version=99")
    visit.page.get_by_role("heading", name="This version is gone").wait_for()


def test_a_roll_back_becomes_visible(visit: Any) -> None:
    visit.open(BASE)
    page = visit.page
    page.locator("#live-version").wait_for()
    before = int(page.locator("#live-version").inner_text())
    visit.house.collection.rollback(1, by="olga", reason="test prices <i>of</i> the supplier", hold=True)
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    page.get_by_text(f"Version {before + 1} is live now.").wait_for()
    assert page.locator("#live-version").inner_text() == str(before), (
        "what is read stays until it is asked for"
    )
    page.get_by_role("button", name="Show it").click()
    visit.until("number => document.querySelector('#live-version').textContent === number", str(before + 1))
    assert f"{(DAYS - 1) * len(PRODUCTS)} rows" in page.locator(".meta").inner_text()
    assert page.get_by_text("A roll-back holds this collection").is_visible()
    page.get_by_role("link", name="Versions", exact=True).click()
    row = page.locator("#versions-region tbody tr").first
    row.wait_for()
    for part in ("Live", "Roll-back", "Back to version 1", "olga", "“test prices <i>of</i> the supplier”"):
        assert part in row.inner_text()
    visit.house.collection.release(by="olga", reason="done")
    visit.house.collection.rollback(3, by="olga", reason="back again")


def test_runs_and_one_of_them(visit: Any) -> None:
    visit.open(f"{BASE}/runs")
    page = visit.page
    page.get_by_role("link", name="scheduled__3").wait_for()
    assert len(visit.texts("#runs-region tbody tr")) == 2
    page.get_by_label("State").select_option("failed")
    visit.until("document.querySelectorAll('#runs-region tbody tr').length === 1")
    assert "revenue_exact: 4 rows break it." in page.locator("#runs-region").inner_text()
    page.get_by_label("State").select_option("")
    page.get_by_role("link", name="scheduled__3").click()
    page.get_by_role("heading", name="scheduled__3").wait_for()
    assert page.evaluate("document.activeElement.tagName") == "H1", "a new view has the focus on its heading"
    figure = page.locator("figure.flow")
    sentence = "1,300 records read = 7 filtered + 20 rejected + 73 de-duplicated + 1,200 written"
    assert sentence in figure.inner_text()
    assert figure.get_by_role("img", name=sentence).is_visible()
    assert visit.texts(".flow .label")[0] == "Read"
    bars = page.get_by_role("list", name="Records of the run").locator("li")
    stations = ["Read", "Filtered", "Rejected", "De-duplicated", "Unchanged", "Written"]
    assert [one.split()[0] for one in bars.all_inner_texts()] == stations
    assert "14 unit_price_unreadable" in figure.inner_text()
    assert f"Revenue: {LEDGER.silver['revenue']:,}" in figure.inner_text()
    assert [row.split()[0] for row in visit.texts("#rules-region tbody tr")] == [
        "revenue_high",
        "revenue_given",
    ]
    assert "the column colour is new" in page.locator("main").inner_text()
    assert visit.texts(".lineage li strong")[0] == "Source"
    assert visit.complaints == []


def test_a_run_that_is_not_there(visit: Any) -> None:
    visit.open(f"#/runs/{NAME.replace('/', '.')}.nowhere")
    visit.page.get_by_role("heading", name="There is no such thing here").wait_for()


def test_dead_letters_by_reason(visit: Any) -> None:
    visit.open(f"{BASE}/dead-letters")
    page = visit.page
    page.get_by_role("heading", name="By rule").wait_for()
    assert len(visit.texts("#letters-region tbody tr")) == 2
    page.get_by_role("link", name="date_unreadable").click()
    visit.until("document.querySelectorAll('#letters-region tbody tr').length === 1")
    row = page.locator("#letters-region tbody tr")
    assert "'32.1.' is no day" in row.inner_text()
    assert "position 18" in row.inner_text()
    row.get_by_text("Show").click()
    assert '"date": "32.1."' in row.inner_text()
    assert visit.complaints == []


def test_monitoring_says_what_there_is_and_what_to_run(visit: Any) -> None:
    visit.page.get_by_role("link", name="Monitoring").click()
    page = visit.page
    page.get_by_role("heading", name="Pipelines").wait_for()
    tiles = " ".join(visit.texts(".tile"))
    assert re.search(r"\b1\s+Fresh\b", tiles)
    assert re.search(r"\b1\s+Runs failed, 24 h", tiles)
    assert page.get_by_text("vitrine_monitoring_sync_status_v1").is_visible()
