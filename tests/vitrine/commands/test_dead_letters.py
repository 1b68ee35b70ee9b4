from typing import Any

from unit.common.verbs.house import House
from vitrine.commands.dead_letters import SHOWN

NAME = "sales/product_revenue"


def test_rejected_records_are_listed_with_reason_and_place(house: House, run: Any, process: Any) -> None:
    assert run("dead-letters", NAME).out == f"{NAME}: no run yet. Next: vitrine run {NAME}\n"
    good = [f"2026-01-05,P-{at},Cup,1,1.00" for at in range(2000)]
    house.write("b.csv", *good, "2026-01-06,P-1,Cup,two,1.00", *["2026-13-45,P-1,Cup,1,1.00"] * SHOWN)
    house.publish("one")
    done = process("dead-letters", NAME)
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == f"{NAME}: {SHOWN + 1} records rejected by run one"
    assert [line.split() for line in lines[1:3]] == [
        [str(SHOWN), "date_impossible"],
        ["1", "quantity_not_whole"],
    ]
    assert lines[3].startswith('b.csv:2002: quantity "two" is not a whole number')
    assert lines[-2] == "  … and 1 more"
    assert lines[-1].startswith(f"Of all runs, {SHOWN + 1} records wait for a fix and a replay: ")


def test_all_collections_as_json(house: House, run: Any) -> None:
    house.write("b.csv", *["2026-01-05,p1,Mug,1,1.00"] * 99, "2026-01-06,p1,Mug,two,1.00")
    house.publish("one")
    found = {one["collection"]: one for one in run("dead-letters", "--json").plain}
    assert len(found) > 1
    mine = found[NAME]
    assert (mine["run"], mine["rejected"], mine["rules"]) == ("one", 1, {"quantity_not_whole": 1})
    assert [(one["item"], one["position"]) for one in mine["records"]] == [("b.csv", 101)]
    assert run("dead-letters", NAME, "--limit", "0", "--json").plain[0]["records"] == []
