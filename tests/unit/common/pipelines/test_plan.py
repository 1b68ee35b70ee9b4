from datetime import UTC, datetime
from pathlib import Path

import pytest

from common.pipelines.expressions.types import Column, Type
from common.pipelines.plan import Plan
from common.pipelines.planner import plan
from common.pipelines.read import read
from unit.common.pipelines.pipeline_kit import written

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def planned(folder: Path, *changes: tuple[str, str]) -> tuple[Plan | None, list[str]]:
    pipeline = read(written(folder, *changes))
    found = plan(pipeline, NOW)
    return found, [problem.removeprefix(f"{pipeline.path}:") for problem in pipeline.file.problems]


def right(folder: Path, *changes: tuple[str, str]) -> Plan:
    found, problems = planned(folder, *changes)
    assert problems == []
    assert found is not None
    return found


def test_columns_go_from_step_to_step(tmp_path: Path) -> None:
    found = right(tmp_path)
    assert list(found.sources["orders"]) == ["date", "order_id", "sold_at", "product", "quantity", "price"]
    assert [step.name for step in found.result.steps] == ["filter", "aggregate"]
    assert found.columns == {
        "date": Column(Type.of("date"), required=True),
        "product": Column(Type.of("string"), required=True),
        "revenue": Column(Type.of("decimal(18,4)")),
        "lines": Column(Type.of("integer"), required=True),
    }


def test_the_query_has_a_part_for_each_step(tmp_path: Path) -> None:
    sql = right(tmp_path).sql()
    assert sql.startswith('WITH "collection 1 filter" AS (SELECT ')
    assert '"collection 2 aggregate" AS (SELECT "date" AS "date"' in sql
    assert sql.endswith('AS "revenue", "lines" FROM "collection"')
    assert "aggregate" not in right(tmp_path).sql(upto=1)


TABLES = (
    "steps:\n",
    "tables:\n  big: {from: sold, steps: [{filter: quantity > 5}]}\n"
    "  sold: {from: orders, steps: [{filter: quantity > 0}]}\n"
    "from: sold\nsteps:\n",
)


def test_tables_are_planned_before_those_that_need_them(tmp_path: Path) -> None:
    found = right(tmp_path, TABLES)
    assert [(table.name, table.source) for table in found.tables] == [
        ("sold", "orders"),
        ("big", "sold"),
        ("collection", "sold"),
    ]
    united = right(tmp_path, TABLES, ("  - filter: quantity > 0", "  - union: {with: [big]}"))
    assert united.by_day is False


@pytest.mark.parametrize(
    ("old", "new", "by_day"),
    [
        ("quantity > 0", "quantity > 1", True),
        ("by: [date, product]", "by: [product]", False),
        ("quantity > 0", "sold_at < now()", False),
        ("    event_time: sold_at\n", "", False),
        ("steps:\n", "  more: {path: x, fields: {product: string}}\nsteps:\n", False),
    ],
)
def test_whether_days_stand_for_themselves(tmp_path: Path, old: str, new: str, by_day: bool) -> None:
    changes = (
        [(old, new)]
        if old != "    event_time: sold_at\n"
        else [(old, new), ("by: [date, product]", "by: [product]")]
    )
    assert right(tmp_path, *changes).by_day is by_day
