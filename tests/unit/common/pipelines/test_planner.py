from datetime import UTC, datetime
from pathlib import Path

import pytest

from common.pipelines.plan import Plan
from common.pipelines.planner import plan
from common.pipelines.read import read
from unit.common.pipelines.pipeline_kit import written

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def planned(folder: Path, *changes: tuple[str, str]) -> tuple[Plan | None, list[str]]:
    pipeline = read(written(folder, *changes))
    found = plan(pipeline, NOW)
    return found, [problem.removeprefix(f"{pipeline.path}:") for problem in pipeline.file.problems]


TABLES = (
    "steps:\n",
    "tables:\n  big: {from: sold, steps: [{filter: quantity > 5}]}\n"
    "  sold: {from: orders, steps: [{filter: quantity > 0}]}\n"
    "from: sold\nsteps:\n",
)


@pytest.mark.parametrize(
    ("changes", "problems"),
    [
        ([("- filter:", "- fliter:")], ["16:5: unknown step 'fliter': did you mean 'filter'?"]),
        (
            [TABLES, ("from: sold\nsteps", "from: solt\nsteps")],
            ["18:1: unknown source or table 'solt': did you mean 'sold'?"],
        ),
        (
            [TABLES, ("sold: {from: orders", "sold: {from: big")],
            ["16:3: tables go round in a circle: big needs sold needs big"],
        ),
        (
            [("steps:\n", "tables:\n  orders: {from: orders}\nsteps:\n")],
            ["16:3: 'orders' is a source already"],
        ),
        (
            [("by: [date, product], col", "by: [date, product], clo")],
            ["17:5: aggregate: 'columns' is missing"],
        ),
        ([("count()}", "coumt()}")], ["17:87: unknown function 'coumt': did you mean 'count'?"]),
        (
            [("quantity * price)", "quantity * price * price * price)")],
            [
                "17:5: 'revenue' is decimal(38,12), and a collection holds 18 digits: round it and cast it "
                "to fewer after the point: cast: {revenue: decimal(18,4)}"
            ],
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(
    tmp_path: Path, changes: list[tuple[str, str]], problems: list[str]
) -> None:
    assert [one for one in planned(tmp_path, *changes)[1] if "unknown key" not in one] == problems


def test_a_step_is_one_key(tmp_path: Path) -> None:
    _, (problem,) = planned(
        tmp_path, ("  - filter: quantity > 0", "  - {filter: quantity > 0, sort: {by: [date]}}")
    )
    assert problem.startswith("16:5: a step is one of aggregate, cast, ")
    assert problem.endswith("and here are 2")
