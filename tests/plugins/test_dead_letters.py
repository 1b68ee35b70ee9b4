"""Dead letters: of one source and of several, by rule, page by page."""

from typing import Any

import pytest

from dashboards.cursor import Cursor
from dashboards.envelope import Envelope
from dashboards.models import DeadLetters
from plugins import history

PATH = "/shop/orders/dead-letters"


@pytest.fixture
def op(api: Any, airflow_users: Any) -> Any:
    """The app, asked by an operator."""
    api.client.headers["Authorization"] = f"Bearer {airflow_users('op')}"
    return api


def pages(api: Any, **parameters: Any) -> list[list[tuple[str, int | None]]]:
    found = []
    while True:
        body = api.get(PATH, **parameters).json()
        Envelope[DeadLetters].model_validate(body)
        found.append([(one["run_id"], one["position"]) for one in body["data"]["records"]])
        parameters["cursor"] = body["metadata"]["pagination"]["next_cursor"]
        if not parameters["cursor"]:
            return found


def test_they_are_listed_by_run_and_position_page_by_page(op: Any) -> None:
    history.letters(op.settings, "run-2", ["total_missing"] * 3)
    history.letters(op.settings, "run-1", ["total_missing", "day_unreadable"] * 6)
    expected = [*(("run-1", place) for place in range(1, 13)), *(("run-2", place) for place in range(1, 4))]
    found = pages(op, limit=6)
    assert [len(page) for page in found] == [6, 6, 3]
    assert [one for page in found for one in page] == expected
    body = op.get(PATH, rule="day_unreadable").json()
    assert body["data"]["rules"] == {"total_missing": 9, "day_unreadable": 6}
    assert {one["rule"] for one in body["data"]["records"]} == {"day_unreadable"}
    assert body["metadata"]["pagination"]["estimated_count"] == 6


def test_those_of_several_sources_name_theirs(op: Any) -> None:
    history.letters(op.settings, "run-1", ["a"], source="feeds")
    history.letters(op.settings, "run-1", ["a", "b"], source="api")
    body = op.get(PATH).json()
    assert [one["source"] for one in body["data"]["records"]] == ["api", "api", "feeds"]
    assert body["data"]["rules"] == {"a": 2, "b": 1}


def test_none_is_an_empty_list(op: Any) -> None:
    assert op.get(PATH).json()["data"] == {"rules": {}, "records": []}


@pytest.mark.parametrize("rule", ["x' OR '1'='1", "x'; DROP TABLE letters --", "%", "ü" * 300, "\\", "\n"])
def test_a_rule_is_only_compared(op: Any, rule: str) -> None:
    history.letters(op.settings, "run-1", ["a"])
    assert op.get(PATH, rule=rule).json()["data"] == {"rules": {"a": 1}, "records": []}
    assert op.get(PATH, rule="a\0").status_code == 400


@pytest.mark.parametrize("after", [["x"], ["x"] * 9, ["'"] * 8, []])
def test_a_forged_cursor_is_refused_or_names_another_place(op: Any, after: list[str]) -> None:
    history.letters(op.settings, "run-1", ["a", "b"])
    held = Cursor.decode(op.get(PATH, limit=1).json()["metadata"]["pagination"]["next_cursor"])
    forged = Cursor(held.version, held.listing, tuple(after)).encode()
    assert op.get(PATH, cursor=forged).status_code == (200 if len(after) == 8 else 400)


def test_a_lake_that_cannot_be_read_is_told_from_a_fault_of_ours(op: Any) -> None:
    history.letters(op.settings, "run-1", ["a"])
    (log,) = op.settings.home.rglob("_delta_log/*0.json")
    log.write_text("garbage")
    answer = op.get(PATH)
    assert answer.status_code == 503
    assert answer.json()["message"].startswith("The collections cannot be read")
    assert "garbage" not in answer.text
    assert str(op.settings.home) not in answer.text


def test_a_viewer_sees_none(api: Any) -> None:
    assert api.get(PATH).status_code == 403
