from pathlib import Path

import pytest

from common.pipelines.read import read
from common.pipelines.surroundings import check_schedule, check_surroundings, check_targets, is_cron
from unit.common.pipelines.pipeline_kit import written


def problems(folder: Path, *changes: tuple[str, str], name: str = "shop/orders_v1.yaml") -> list[str]:
    pipeline = read(written(folder, *changes, name=name))
    for one in (check_schedule, check_surroundings, check_targets):
        one(pipeline)
    return [one.removeprefix(f"{pipeline.path}:") for one in pipeline.file.problems]


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("@daily", True),
        ("0 6 * * 1-5", True),
        ("61 * * * *", False),
        ("0 6 * *", False),
        ("@often", False),
        ("0 0 6 * * *", False),
    ],
)
def test_a_cron_line(text: str, right: bool) -> None:
    assert is_cron(text) is right


@pytest.mark.parametrize(
    ("schedule", "problem"),
    [
        ("daily", "3:1: 'daily' is no cron line: five fields, as '0 6 * * *', or one of"),
        ("{cron: daily}", "3:12: 'daily' is no cron line"),
        ("{}", "3:1: a schedule has cron, after, or both"),
        ("{after: [shop/orders]}", "3:12: a pipeline cannot wait for its own collection"),
    ],
)
def test_a_wrong_schedule(tmp_path: Path, schedule: str, problem: str) -> None:
    (found,) = problems(tmp_path, ('"@daily"', schedule))
    assert found.startswith(problem)


@pytest.mark.parametrize(
    "schedule", ["null", "{cron: '@hourly', after: [sales/product_revenue]}", "'0 * * * *'"]
)
def test_a_right_schedule(tmp_path: Path, schedule: str) -> None:
    assert problems(tmp_path, ('"@daily"', schedule)) == []


@pytest.mark.parametrize(
    ("target", "problem"),
    [
        ("main: 'csv:///x'", "2:11: 'main' cannot name a target"),
        ("extract_x: 'csv:///x'", "2:11: 'extract_x' cannot name a target"),
        ("out: ./folder/x", "2:11: a target is a URL, such as parquet:///data/out, or a Connection's id"),
        ("out: 'postgresql://a:b@host/x'", "2:11: a password stands in the file"),
        ("out: 'parket:///x'", "2:11: unknown kind of store 'parket': did you mean 'parquet'?"),
    ],
)
def test_a_wrong_target(tmp_path: Path, target: str, problem: str) -> None:
    (found,) = problems(tmp_path, ("owner:", f"targets: {{{target}}}\nowner:"))
    assert found.startswith(problem)


@pytest.mark.parametrize(
    "target", ["out: warehouse_connection", "out: '${URL}'", "out: 'enc:x'", "out: 'csv:///x'"]
)
def test_a_right_target(tmp_path: Path, target: str) -> None:
    assert problems(tmp_path, ("owner:", f"targets: {{{target}}}\nowner:")) == []


def test_a_dag_of_the_same_id_is_named(tmp_path: Path) -> None:
    assert problems(tmp_path, name="sales/product_revenue_v1.yaml") == [
        "1:1: the DAG vitrine_sales_product_revenue_v1 is there already: dags/sales/product_revenue_v1.py"
    ]
    written(tmp_path, name="shop/orders_v2.yaml")
    assert problems(tmp_path) == [
        "1:1: orders_v2.yaml makes the same collection shop/orders: keep one of them"
    ]
