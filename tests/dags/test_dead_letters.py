import pytest

from dags.house import House
from vlp.dead_letters import SHOWN, listing, main

ALWAYS = {"window_start": "1970-01-01", "window_end": "2027-01-01"}


def test_rejected_records_are_listed_with_reason_and_place(
    house: House, capsys: pytest.CaptureFixture[str]
) -> None:
    assert listing(house.settings, house.contract) == ["sales/product_revenue: no run yet. Next: make run"]
    good = [f"2026-01-05,P-{at},Cup,1,1.00" for at in range(2000)]
    house.write("b.csv", *good, "2026-01-06,P-1,Cup,two,1.00", *["2026-13-45,P-1,Cup,1,1.00"] * SHOWN)
    house.run(**ALWAYS)
    lines = listing(house.settings, house.contract)
    assert lines[0] == f"sales/product_revenue: {SHOWN + 1} records rejected by run {house.runs[-1].run_id}"
    assert [line.split() for line in lines[1:3]] == [
        [str(SHOWN), "date_impossible"],
        ["1", "quantity_not_whole"],
    ]
    assert lines[3].startswith('b.csv:2002: quantity "two" is not a whole number')
    assert lines[-2] == "  … and 1 more"
    assert main() == 0
    assert capsys.readouterr().out.splitlines()[-len(lines) :] == lines
