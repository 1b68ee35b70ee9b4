from pathlib import Path

import pytest

from common.pipelines.read import read
from common.pipelines.sources import check_sources
from unit.common.pipelines.pipeline_kit import written


def problems(folder: Path, *changes: tuple[str, str]) -> list[str]:
    pipeline = read(written(folder, *changes))
    check_sources(pipeline)
    return [one.removeprefix(f"{pipeline.path}:") for one in pipeline.file.problems]


def test_the_good_source_is_right(tmp_path: Path) -> None:
    assert problems(tmp_path) == []


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "quantity: integer",
            "quantity: {type: string, one_of: ['${A}']}",
            "11:32: one_of is written out here",
        ),
        ("quantity: integer", "quantity: {type: integer, min: 1e30}", "11:33: 1e+30 is no integer"),
        ("key: [order_id]", "key: [orderid]", "14:11: unknown field 'orderid': did you mean 'order_id'?"),
        (
            "event_time: sold_at",
            "event_time: soldat",
            "13:5: unknown field 'soldat': did you mean 'sold_at'?",
        ),
        (
            "event_time: sold_at",
            "event_time: product",
            "13:5: 'product' is string, and must be a date or timestamp",
        ),
        (
            "quantity: integer",
            "quantity: {type: integer, min: x}",
            "11:33: 'x' is no integer, or integer has no order",
        ),
        (
            "quantity: integer",
            "quantity: {type: integer, pattern: a}",
            "11:33: a pattern is of a string, and this is integer",
        ),
        (
            "quantity: integer",
            "quantity: {type: string, pattern: '('}",
            "11:32: is no regular expression that the engine takes (RE2: no look-around)",
        ),
        ("quantity: integer", "quantity: {type: integer, one_of: [a]}", "11:33: 'a' is no integer"),
        (
            "quantity: integer",
            "quantity: {type: number, one_of: [1]}",
            "11:32: one_of is of a string or integer, and this is number",
        ),
        (
            "    path: ${ORDERS}",
            "    kind: fils",
            "6:5: There is no kind of source 'fils': did you mean 'files'?",
        ),
        (
            "    path: ${ORDERS}",
            "    pth: ${ORDERS}",
            "6:5: unknown setting 'pth' of the kind files: did you mean 'path'?",
        ),
        (
            "    path: ${ORDERS}",
            "    columns: {a: b}\n    path: x",
            "6:5: unknown setting 'columns' of the kind files: it follows from the fields",
        ),
        ("    path: ${ORDERS}", "    path: x\n    format: cvs", "7:5: format: should be"),
        (
            "    path: ${ORDERS}",
            "    kind: sql\n    connection: sqlite:////x.db",
            "5:3: TABLE or QUERY must be set, and not both",
        ),
        (
            "    path: ${ORDERS}",
            "    kind: rest\n    url: https://u:p@host/x",
            "7:5: A credential stands in the address.",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(tmp_path: Path, old: str, new: str, problem: str) -> None:
    assert any(one.startswith(problem) for one in problems(tmp_path, (old, new))), problems(
        tmp_path, (old, new)
    )


def test_a_field_named_date_is_the_day_of_the_event(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, ("quantity: integer", "quantity: integer\n      date: date"))
    assert problem.startswith("12:7: 'date' is the day of a record's event_time")
    dated = ("sold_at: {type: timestamp, from: SoldAt}", "date: {type: date, from: SoldAt}")
    assert problems(tmp_path, dated, ("event_time: sold_at", "event_time: date")) == []


def test_what_is_to_be_looked_up_is_not_judged(tmp_path: Path) -> None:
    assert problems(tmp_path, ("    path: ${ORDERS}", "    path: x\n    format: ${FORMAT}")) == []


def test_the_environment_says_nothing_to_the_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_SHOP_ORDERS_FORMAT", "cvs")
    assert problems(tmp_path) == []
