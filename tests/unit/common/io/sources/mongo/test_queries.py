"""Placeholders, and which pipelines keep the ids."""

from __future__ import annotations

from typing import Any

import pytest

from common.io.sources.mongo.queries import filled, keeps_ids, mentions
from common.utils.errors import SourceError


def test_placeholders_are_whole_values() -> None:
    query = {"$or": [{"a": {"$gte": "{since}"}}, {"b": "{window_end}", "{since}": 1}], "c": 5}
    expected = {"$or": [{"a": {"$gte": 7}}, {"b": 8, "{since}": 1}], "c": 5}
    assert filled(query, {"{since}": 7, "{window_end}": 8}, "F") == expected


def test_a_placeholder_within_a_text_is_refused() -> None:
    with pytest.raises(SourceError, match=r"\{since\} stands for a value of its own") as refused:
        filled({"a": "{since}T00:00"}, {"{since}": 7}, "VITRINE_A_B_FILTER")
    assert refused.value.where == "VITRINE_A_B_FILTER"


def test_a_placeholder_is_found_wherever_it_stands() -> None:
    assert mentions([{"$match": {"$or": [{"a": "{since}"}]}}], "{since}")
    assert not mentions([{"$match": {"{since}": "x"}}], "{since}")


@pytest.mark.parametrize(
    ("pipeline", "kept"),
    [
        ([], True),
        ([{"$match": {}}, {"$lookup": {}}, {"$addFields": {"a": 1}}, {"$unset": ["b", "c.d"]}], True),
        ([{"$group": {"_id": "$a"}}, {"$set": {"b": 1}}], True),
        ([{"$match": {}}, {"$group": {"_id": "$a"}}], True),
        ([{"$match": {}}, {"$sort": {"a": 1}}], False),
        ([{"$limit": 5}], False),
        ([{"$unwind": "$a"}], False),
        ([{"$unwind": "$a"}, {"$group": {"_id": "$a"}}], True),
        ([{"$unset": "_id"}], False),
        ([{"$unset": ["a", "_id.b"]}], False),
        ([{"$project": {"_id": 0, "a": 1}}], False),
        ([{"$set": {"_id": "$a"}}], False),
        ([{}], False),
    ],
)
def test_a_pipeline_keeps_ids_unless_it_may_not(pipeline: list[dict[str, Any]], kept: bool) -> None:
    assert keeps_ids(pipeline) == kept
