"""Which database a URL leads to, without a connection to it."""

from __future__ import annotations

import pytest

from common.io.sources.sql.opened import opened
from common.io.sources.sql.settings import SqlSettings
from common.utils.errors import SourceError


@pytest.mark.parametrize(
    ("url", "database"),
    [
        ("postgresql://me:s3cr3t@host/sales", "PostgreSQL"),
        ("postgres://me:s3cr3t@host/sales", "PostgreSQL"),
        ("postgresql+psycopg2://me:s3cr3t@host/sales", "PostgreSQL"),
        ("mysql://me:s3cr3t@host/sales", "MySQL"),
        ("mysql+pymysql://me:s3cr3t@host/sales", "MySQL"),
        ("mariadb://me:s3cr3t@host/sales", "MySQL"),
        ("sqlite:////none/sales.db", "SQLite"),
    ],
)
def test_the_scheme_tells_the_database_and_the_place_has_no_password(url: str, database: str) -> None:
    found = opened(SqlSettings(connection=url, table="t"), "VITRINE_A_B_")
    assert type(found).__name__ == database
    assert "sales" in found.place
    assert "s3cr3t" not in found.place


@pytest.mark.parametrize(
    "url",
    [
        "oracle://me:s3cr3t@host/sales",
        "s3cr3t",
        "postgresql://me:s3cr3t/1@host/sales",  # so that "s3cr3t" is where a port stands
        "mysql://me:s3cr3t/1@host/sales",
        "postgresql://me:s3cr3t@[host/sales",
    ],
)
def test_another_url_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(SourceError) as refused:
        opened(SqlSettings(connection=url, table="t"), "VITRINE_A_B_")
    error = refused.value
    assert (error.where, error.__suppress_context__) == ("VITRINE_A_B_CONNECTION", True)
    assert "s3cr3t" not in str(error)
