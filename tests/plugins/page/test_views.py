"""The list of collections, the rows of one and its chart, as a reader uses them."""

import re
from decimal import Decimal
from typing import Any

from plugins.page.house import BIG, DAYS, EMPTY, NAME, PRODUCTS

ROWS = "#rows-region tbody tr"
DATA = f"#/collections/{NAME}"


def test_the_list_shows_what_there_is(visit: Any) -> None:
    page = visit.page
    row = page.locator("tr", has=page.get_by_role("link", name=NAME))
    text = row.inner_text()
    for part in ("Fresh", "1 hour ago", f"{DAYS * len(PRODUCTS)}", "Warned", "sales-data"):
        assert part in text, text
    moment = row.locator("time")
    assert re.search(r"here, \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$", moment.get_attribute("title"))
    assert "Not published" in page.locator("tr", has=page.get_by_role("link", name=EMPTY)).inner_text()
    assert page.locator("th[scope=row]").count() == page.locator("tbody tr").count() == 3
    assert visit.complaints == []


def test_the_list_is_searched_filtered_and_sorted_and_the_link_keeps_it(visit: Any) -> None:
    page = visit.page
    page.get_by_label("Search").fill("SALES/product_rev each")
    assert visit.texts("tbody th a") == [NAME]
    assert "q=SALES%2Fproduct_rev+each" in page.url
    page.get_by_label("Search").fill("")
    page.get_by_label("Freshness").select_option("unknown")
    assert NAME not in visit.texts("tbody th a")
    page.reload()
    page.get_by_role("link", name=EMPTY).wait_for()
    assert NAME not in visit.texts("tbody th a"), "the address has the filter"
    page.get_by_label("Freshness").select_option("")
    page.get_by_role("button", name="Rows").click()
    page.get_by_role("button", name="Rows").click()
    assert visit.texts("tbody th a")[0] == NAME
    assert page.locator("th[aria-sort=descending]").inner_text().startswith("Rows")
    assert page.evaluate("document.activeElement.id") == "collections-sort-rows", "the focus stays"
    page.get_by_label("Search").fill("nothing like it")
    page.get_by_role("button", name="Clear search and filter").click()
    assert len(visit.texts("tbody th a")) == 3


def test_rows_are_exact_typed_and_aligned(visit: Any) -> None:
    visit.open(DATA)
    page = visit.page
    page.locator(ROWS).first.wait_for()
    page.get_by_label("Field").select_option("quantity")
    page.get_by_label("Comparison").select_option("gte")
    page.get_by_label("Value").fill(str(BIG))
    page.get_by_role("button", name="Add filter").click()
    visit.until("document.querySelectorAll('#rows-region tbody tr').length === 1")
    cells = visit.texts(f"{ROWS} td")
    assert f"{BIG:,}" in cells, "a number beyond 2^53 keeps its digits"
    revenue = page.locator("td.number", has_text=re.compile(r"^[\d,]+\.\d{4}$")).first
    assert revenue.evaluate("one => getComputedStyle(one).textAlign") == "end"
    assert "tabular-nums" in revenue.evaluate("one => getComputedStyle(one).fontVariantNumeric")
    assert "quantity__gte=" in page.url
    page.get_by_role("link", name=re.compile("^Take away: Quantity is at least")).click()
    visit.until("document.querySelectorAll('#rows-region tbody tr').length === 50")
    assert visit.complaints == []


def test_markup_in_a_value_is_text(visit: Any) -> None:
    visit.open(f"{DATA}?product_name=%3Cb%3EBold%3C%2Fb%3E%20Jar%20%26%20Co")
    visit.page.locator(ROWS).first.wait_for()
    assert len(visit.texts(ROWS)) == 50
    assert PRODUCTS[-1] in visit.texts(f"{ROWS} td")
    assert visit.page.locator("main b").count() == 0


def test_sorting_and_paging_there_and_back(visit: Any) -> None:
    visit.open(DATA)
    page = visit.page
    page.get_by_role("button", name="Revenue").first.click()
    visit.until("location.hash.includes('sort=revenue')")
    page.locator("th[aria-sort=ascending]", has_text="Revenue").wait_for()
    assert page.evaluate("document.activeElement.id") == "rows-sort-revenue"
    seen = [visit.texts(f"{ROWS} td:nth-child(6)")]
    while page.get_by_role("link", name="Next page").count():
        before = page.locator(ROWS).first.inner_text()
        page.get_by_role("link", name="Next page").click()
        visit.until(
            "text => document.querySelector('#rows-region tbody tr').innerText.trim() !== text.trim()", before
        )
        seen.append(visit.texts(f"{ROWS} td:nth-child(6)"))
    revenue = [float(text.replace(",", "")) for part in seen for text in part]
    assert len(revenue) == DAYS * len(PRODUCTS)
    assert revenue == sorted(revenue)
    deep = page.url
    for part in reversed(seen[:-1]):
        page.get_by_role("link", name="Previous page").click()
        visit.until(
            "text => document.querySelector('#rows-region tbody td:nth-child(6)').innerText === text", part[0]
        )
    page.goto("about:blank")
    page.goto(deep)
    page.get_by_role("link", name="First page").wait_for()
    assert visit.texts(f"{ROWS} td:nth-child(6)") == seen[-1], "a link to the last page shows the last page"


def test_columns_are_chosen(visit: Any) -> None:
    visit.open(DATA)
    page = visit.page
    page.locator("summary", has_text="Columns").click()
    page.get_by_label("Order lines").uncheck()
    page.get_by_role("button", name="Show these").click()
    page.locator("summary", has_text="7 of 8").wait_for()
    assert "Order lines" not in visit.texts("thead th")
    assert "fields=" in page.url


def test_a_wrong_filter_is_told_in_the_apis_words(visit: Any) -> None:
    visit.open(f"{DATA}?revenu__gt=1")
    alert = visit.page.get_by_role("alert").filter(has_text="revenue")
    alert.wait_for()
    assert "Did you mean" in alert.inner_text() or "revenu" in alert.inner_text()
    assert visit.page.get_by_role("button", name="Try again").is_visible()


def test_the_chart_is_drawn_read_by_keys_and_told_as_a_table(visit: Any) -> None:
    visit.open(f"{DATA}?product_id=P-100")
    page = visit.page
    page.get_by_role("link", name="Chart", exact=True).click()
    chart = page.get_by_role("img", name=re.compile("by date"))
    chart.wait_for()
    assert chart.locator("path").get_attribute("d").count("L") == DAYS - 1, (
        "the filter holds for the chart too"
    )
    plot = page.get_by_role("group", name=re.compile("arrow keys"))
    plot.focus()
    page.keyboard.press("End")
    last = visit.house.last.isoformat()
    assert last in page.locator(".readout").inner_text()
    page.get_by_text("The figures as a table").click()
    assert len(visit.texts("#figures-region tbody tr")) == DAYS
    assert visit.complaints == []


def test_rows_of_one_x_are_summed_exactly(visit: Any) -> None:
    visit.open(f"{DATA}/chart?date={visit.house.last.isoformat()}")
    page = visit.page
    page.get_by_label("Rows with the same x").wait_for()
    page.get_by_text("The figures as a table").click()
    found = page.locator("#figures-region td").inner_text()
    visit.open(f"{DATA}?date={visit.house.last.isoformat()}")
    page.locator(ROWS).first.wait_for()
    at = next(index for index, text in enumerate(visit.texts("thead th"), 1) if text.startswith("Revenue"))
    cells = visit.texts(f"{ROWS} td:nth-child({at})")
    assert Decimal(found.replace(",", "")) == sum(Decimal(cell.replace(",", "")) for cell in cells)
