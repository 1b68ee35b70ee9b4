"""What the environment may ask of a database."""

from __future__ import annotations

import pytest

from common.io.sources.sql.settings import SqlSettings
from common.utils.errors import SettingsError

PREFIX = "VITRINE_A_B_"


def settings(monkeypatch: pytest.MonkeyPatch, **variables: str) -> SqlSettings:
    """From the environment."""
    for name, value in {"CONNECTION": "mysql://me:s3cr3t@host/d", **variables}.items():
        monkeypatch.setenv(f"{PREFIX}{name}", value)
    return SqlSettings.of(PREFIX)


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({}, "TABLE or QUERY must be set, and not both"),
        ({"QUERY": " \n "}, "TABLE or QUERY must be set, and not both"),
        ({"TABLE": "t", "QUERY": "SELECT 1"}, "TABLE or QUERY must be set, and not both"),
        ({"TABLE": "t", "SPLIT": "id"}, "SPLIT and PARALLEL (2 or more) go together"),
        ({"TABLE": "t", "PARALLEL": "2"}, "SPLIT and PARALLEL (2 or more) go together"),
        ({"TABLE": "t", "SPLIT": "id", "PARALLEL": "17"}, "PARALLEL"),
        ({"TABLE": "t", "TIMEOUT": "0"}, "TIMEOUT"),
        ({"TABLE": "t", "CONNECTION": ""}, "CONNECTION"),
        ({"TABLE": "t", "OVERLAP": "2w"}, "OVERLAP"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], said: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        settings(monkeypatch, **variables)
    assert said in str(refused.value)
    assert "s3cr3t" not in str(refused.value)


@pytest.mark.parametrize(
    "variables",
    [
        {"TABLE": "sales.t"},
        {"TABLE": "t", "QUERY": "  "},
        {"QUERY": "SELECT 1"},
        {"TABLE": "t", "SPLIT": "id", "PARALLEL": "2"},
    ],
)
def test_a_table_or_a_query_alone_is_enough_and_the_password_is_not_shown(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    assert "s3cr3t" not in repr(settings(monkeypatch, **variables))
