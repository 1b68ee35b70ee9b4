"""What the environment may ask of a collection."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from bson import ObjectId

from common.io.sources.mongo.settings import MongoSettings
from common.utils.errors import SettingsError

PREFIX = "VITRINE_A_B_"


def settings(monkeypatch: pytest.MonkeyPatch, **variables: str) -> MongoSettings:
    """From the environment."""
    for name, value in {"COLLECTION": "orders", **variables}.items():
        monkeypatch.setenv(f"{PREFIX}{name}", value)
    return MongoSettings.of(PREFIX)


def test_queries_are_extended_json(monkeypatch: pytest.MonkeyPatch) -> None:
    oid = "0123456789abcdef01234567"
    used = settings(
        monkeypatch,
        FILTER=f'{{"_id": {{"$oid": "{oid}"}}, "at": {{"$gte": {{"$date": "2026-01-02T00:00:00Z"}}}}}}',
        PROJECTION='{"name": 1}',
    )
    assert used.filter == {"_id": ObjectId(oid), "at": {"$gte": datetime(2026, 1, 2, tzinfo=UTC)}}
    assert used.fields == {"name": 1}


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"FILTER": '{"a": '}, "FILTER: Value error, is no extended JSON"),
        ({"FILTER": '{"a": {"$oid": "x"}}'}, "FILTER: Value error, is no extended JSON"),
        ({"FILTER": "[1]"}, "FILTER: Input should be a valid dictionary"),
        ({"PIPELINE": '{"$match": {}}'}, "PIPELINE: Input should be a valid list"),
        ({"PIPELINE": '[{"$out": "x"}]'}, "leave $out and $merge away"),
        ({"PIPELINE": "[{}]", "FILTER": '{"a": 1}'}, "give one or the other"),
        ({"PROJECTION": '{"a": 1}', "CURSOR": "at"}, "leaves out the field that CURSOR names"),
        ({"PROJECTION": '{"meta": 0}', "CURSOR": "meta.at"}, "leaves out the field that CURSOR names"),
        ({"PROJECTION": '{"_id": 0}', "CURSOR": "_id"}, "leaves out the field that CURSOR names"),
        ({"COLLECTION": ""}, "COLLECTION"),
        ({"NESTED": "deep"}, "NESTED"),
    ],
)
def test_what_cannot_be_asked_is_refused(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], said: str
) -> None:
    with pytest.raises(SettingsError) as refused:
        settings(monkeypatch, **variables)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("projection", "cursor"),
    [
        ("", "at"),
        ('{"at": 1}', "at"),
        ('{"meta": 1}', "meta.at"),
        ('{"other": 0}', "at"),
        ('{"_id": 0}', "at"),
    ],
)
def test_a_projection_may_keep_the_cursor(
    monkeypatch: pytest.MonkeyPatch, projection: str, cursor: str
) -> None:
    variables: dict[str, Any] = {"PROJECTION": projection} if projection else {}
    assert settings(monkeypatch, CURSOR=cursor, **variables).cursor == cursor


def test_the_connection_is_not_shown() -> None:
    used = MongoSettings(connection="mongodb://u:s3cr3t@h/d", collection="orders")
    assert "s3cr3t" not in repr(used)
