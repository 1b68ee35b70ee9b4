from pathlib import Path

import pytest

from common.pipelines.checked import check
from unit.common.pipelines.pipeline_kit import written


def problems(folder: Path, rules: str) -> list[str]:
    path = written(folder, ("dead_letters:", f"validation:\n{rules}dead_letters:"))
    return [one.removeprefix(f"{path}:") for one in check([path])[path]]


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("not_null: []", "20:5: name at least one column"),
        ("unique: []", "20:5: name at least one column"),
        (
            "range: {column: product, min: 1}",
            "20:13: a range is of numbers, dates or timestamps, and this is string",
        ),
        ("range: {column: lines}", "20:5: say min, max or both"),
        ("range: {column: lines, min: x}", "20:28: 'x' is no integer"),
        ("range: {column: date, max: soon}", "20:27: 'soon' is no date"),
        ("pattern: {column: lines, regex: a}", "20:15: a pattern is of a string, and this is integer"),
        ("pattern: {column: product, regex: '('}", "20:32: is no regular expression"),
        ("one_of: {column: lines, values: [a]}", "20:29: 'a' is no integer"),
        ("row_count: {}", "20:5: say min, max or both"),
        ("row_count: {min: 5, max: 1}", "20:5: no number is at least 5 and at most 1"),
    ],
)
def test_a_rule_that_could_not_be_judged(tmp_path: Path, rule: str, problem: str) -> None:
    (found,) = problems(tmp_path, f"  - {rule}\n")
    assert found.startswith(problem)


def test_one_rule_of_freshness(tmp_path: Path) -> None:
    rule = "  - freshness: {within: 2h}\n"
    assert problems(tmp_path, rule) == []
    assert problems(tmp_path, rule + rule) == ["21:5: there is a rule of freshness already"]
