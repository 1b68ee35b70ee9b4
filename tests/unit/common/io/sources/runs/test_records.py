"""Values of documents as text."""

from __future__ import annotations

from typing import Any

import pytest

from common.io.sources.runs.records import text, within


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("a", "a"),
        (" a ", "a"),
        ("", None),
        (" ", None),
        (None, None),
        (3, "3"),
        (True, None),
        ([1], None),
        ({}, None),
    ],
)
def test_plain_values_are_texts(value: Any, expected: str | None) -> None:
    assert text(value) == expected


def test_what_stands_within_a_document() -> None:
    document = {"run": {"facets": {"a": 1}}}
    assert within(document, "run", "facets", "a") == 1
    assert within(document, "run", "nothing", "a") is None
    assert within("text", "run") is None
