from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import make_url

from common.utils.connections import connection_url, looked_up
from common.utils.errors import SettingsError


@dataclass
class Connection:
    """As Airflow has them."""

    conn_type: str | None
    host: str | None = None
    schema: str | None = None
    login: str | None = None
    password: str | None = None
    port: int | None = None
    extra: str | None = None


@pytest.mark.parametrize(
    ("fields", "url"),
    [
        (
            {"conn_type": "postgres", "host": "db", "schema": "shop", "login": "ann", "port": 5433},
            "postgresql://ann@db:5433/shop",
        ),
        ({"conn_type": "mysql", "host": "db", "schema": "shop"}, "mysql://db/shop"),
        ({"conn_type": "mongo", "host": "a,b:2", "schema": "shop"}, "mongodb://a,b:2/shop"),
        ({"conn_type": "postgres", "host": "::1", "schema": "shop"}, "postgresql://[::1]/shop"),
        ({"conn_type": "generic", "host": "mongodb://a,b:2", "schema": "shop"}, "mongodb://a,b:2/shop"),
        ({"conn_type": "generic", "host": "mongodb+srv://a", "schema": "shop"}, "mongodb+srv://a/shop"),
        ({"conn_type": "generic", "host": "sqlite:///srv/x.db"}, "sqlite:////srv/x.db"),
        ({"conn_type": "sqlite", "host": "/srv/a b.db"}, "sqlite:////srv/a%20b.db"),
        ({"conn_type": "sqlite", "host": "", "schema": "/srv/x.db"}, "sqlite:////srv/x.db"),
        (
            {
                "conn_type": "postgres",
                "host": "db",
                "schema": "x",
                "extra": '{"sslmode": "require", "iam": false}',
            },
            "postgresql://db/x?sslmode=require",
        ),
        (
            {
                "conn_type": "mongo",
                "host": "db",
                "schema": "x",
                "extra": '{"srv": true, "tls": true, "w": 2}',
            },
            "mongodb+srv://db/x?tls=true&w=2",
        ),
        (
            {
                "conn_type": "mysql",
                "host": "db",
                "schema": "x",
                "extra": '{"__x": "1", "a": {"b": 1}, "c": null}',
            },
            "mysql://db/x",
        ),
    ],
)
def test_the_url_of_a_connection(fields: dict[str, Any], url: str) -> None:
    assert connection_url("my_db", Connection(**fields)) == url


def test_every_part_comes_back_as_it_was() -> None:
    odd = "p@ss:w/o?r#d% +ü"
    url = make_url(
        connection_url(
            "x", Connection("postgres", "db", "sh op", f"{odd}!", odd, 5, '{"options": "-c a=b&c"}')
        )
    )
    assert (url.username, url.password, url.host, url.port) == (f"{odd}!", odd, "db", 5)
    assert (url.database, url.query["options"]) == ("sh op", "-c a=b&c")


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (None, "no Connection 'my_db'"),
        (Connection("postgre", "db", "x"), "'postgre' leads to no store.*did you mean 'postgres'"),
        (Connection(None, "db", "x"), "leads to no store"),
        (Connection("generic", "db", "x"), "before '://'"),
        (Connection("generic", "ftp://db", "x"), "'ftp' leads to no store"),
        (Connection("postgres", "db"), "does not say which database"),
        (Connection("mysql", None, "x"), "does not say which database"),
        (Connection("sqlite", "relative.db"), "does not say which database"),
        (Connection("postgres", "db", "x", extra="geheim"), "no JSON object"),
        (Connection("postgres", "db", "x", extra="[1]"), "no JSON object"),
    ],
)
def test_what_leads_to_no_store_is_refused(found: Connection | None, told: str) -> None:
    if found:
        found.password = "geheim"
    with pytest.raises(SettingsError, match=told) as caught:
        connection_url("my_db", found)
    assert "geheim" not in str(caught.value)
    assert "my_db" in str(caught.value)


@dataclass
class Backend:
    """Knows one id, or cannot be asked."""

    known: Connection | None = None
    error: Exception | None = None

    def get_connection(self, conn_id: str) -> Connection | None:
        if self.error:
            raise self.error
        return self.known


def test_the_first_backend_that_knows_an_id_is_taken() -> None:
    mine, other = Connection("postgres", "mine"), Connection("postgres", "other")
    assert looked_up("x", [Backend(), Backend(mine), Backend(other), Backend(error=OSError())]) is mine
    assert looked_up("x", [Backend(), Backend()]) is None


def test_a_backend_that_cannot_be_asked_is_told_without_its_secrets() -> None:
    with pytest.raises(SettingsError, match="'x' cannot be looked up: OSError") as caught:
        looked_up("x", [Backend(error=OSError("at geheim@db"))])
    assert "geheim" not in str(caught.value)
