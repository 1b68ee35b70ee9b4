"""Where the database is: URLs, waits, and errors that keep the login to themselves."""

from __future__ import annotations

import pytest

from common.io.sources.mongo.client import Server
from common.io.sources.mongo.settings import MongoSettings
from common.utils.errors import SourceError


def server(url: str) -> Server:
    """By its URL."""
    return Server(MongoSettings(connection=url, collection="orders"), "VITRINE_A_B_")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mongodb://u:s3cr3t@host", "names no database"),
        ("mongodb://u:s3cr3t@@host/d", "cannot be read"),
        ("mongodb://u:s3cr3t/x@host/d", "cannot be read"),
        ("mysql://u:s3cr3t@host/d", "cannot be read"),
        ("", "cannot be read"),
    ],
)
def test_a_url_that_cannot_be_used_is_refused_without_the_password(url: str, said: str) -> None:
    with pytest.raises(SourceError, match=said) as refused:
        server(url)
    assert "s3cr3t" not in str(refused.value)
    assert refused.value.__context__ is None or refused.value.__suppress_context__
    assert refused.value.where == "VITRINE_A_B_CONNECTION"


def test_the_place_is_shown_without_the_login() -> None:
    used = server("mongodb://u:s3cr3t@one,two:27018/shop?readPreference=secondaryPreferred")
    assert used.place == "mongodb://one:27017,two:27018/shop"
    assert "s3cr3t" not in repr(used)


def test_a_server_that_is_not_there_is_named_soon() -> None:
    used = server("mongodb://u:s3cr3t@127.0.0.1:9/shop?serverSelectionTimeoutMS=200")
    with pytest.raises(SourceError, match=r"127\.0\.0\.1:9") as refused, used.database() as database:
        database.list_collection_names()
    assert "Is it running" in refused.value.next_step
    assert refused.value.__suppress_context__
    assert "s3cr3t" not in str(refused.value)


@pytest.mark.parametrize(("option", "level"), [("", "majority"), ("?readConcernLevel=local", "local")])
def test_only_what_a_majority_has_is_read_unless_the_url_says_otherwise(option: str, level: str) -> None:
    with server(f"mongodb://127.0.0.1:9/shop{option}").database() as database:
        assert database.read_concern.level == level
