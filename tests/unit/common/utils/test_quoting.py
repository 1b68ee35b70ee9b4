"""Quoted names and values come back as they were."""

import duckdb
import pytest

from common.utils.quoting import identifier, literal


@pytest.mark.parametrize("text", ["plain", "it's", 'a "b"', "a,b\nc", "é % \\ ; --"])
def test_text_comes_back(text: str) -> None:
    relation = duckdb.sql(f"SELECT {literal(text)} AS {identifier(text)}")
    assert relation.columns == [text]
    assert relation.fetchall() == [(text,)]
