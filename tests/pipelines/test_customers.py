"""MySQL to MongoDB with masks: the rows are right, and nobody's name is anywhere but in bronze and silver."""

import hashlib
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pytest

from common.io import lake
from common.pipelines.checked import checked
from common.pipelines.contract import document
from common.pipelines.values import encrypted, new_key
from common.utils.errors import SettingsError
from common.verbs.references import TableRef
from contract.sources.mysql import connected
from pipeline_example import EXAMPLES, Example
from servers import server

KEY = "a key of the masks, 5e81"
PEOPLE = [
    (1, "Ada Lovelace", "Ada.Lovelace@Example.org ", "+44 20 7946 0001", "GB", "gold", "1500.50"),
    (2, "Grace Hopper", "grace@example.com", "+1 202 555 0147", "US", "gold", "99999.99"),
    (3, "Emmy Noether", "emmy@example.de", None, "DE", None, "0.01"),
    (4, "Ada L.", "ada.lovelace@example.org", "5550", "GB", "silver", None),
]
DERIVED = hashlib.sha256(KEY.encode()).hexdigest()
CLEAR = ["Lovelace", "Hopper", "Noether", "lovelace@", "grace@", "emmy@", "7946", "202 555"]
DDL = (
    "CREATE TABLE customers (customer_id bigint, full_name text, email text, phone text, country text,"
    " segment text, credit_limit decimal(12, 2), changed_at datetime, note text)"
)


@pytest.fixture
def database() -> str:
    """The URL of a database with the table, in which there are columns that nobody asks for."""
    url = server("mysql").empty_database()
    with connected(url) as connection, connection.cursor() as cursor:
        cursor.execute(DDL)
        given = [(*person, "2026-11-20 08:00:00", f"calls {person[1]}") for person in PEOPLE]
        cursor.executemany(f"INSERT INTO customers VALUES ({', '.join(['%s'] * 9)})", given)
        connection.commit()
    return url


@pytest.fixture
def example(database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Example:
    monkeypatch.setenv("VITRINE_SECRET_KEY", new_key())
    return Example(
        EXAMPLES / "crm" / "customers_v1.yaml",
        tmp_path / "home",
        monkeypatch,
        CRM_DATABASE=encrypted(database),
        CRM_MASK_KEY=KEY,
        CRM_TARGET=server("mongodb").empty_database(),
    )


def hashed(address: str) -> str:
    """As the step does it: SHA-256 of the key's own digest and the value."""
    return hashlib.sha256(f"{DERIVED}{address.strip().lower()}".encode()).hexdigest()


def phone(number: str | None) -> str | None:
    return None if number is None else f"****{number[-4:] if len(number) >= 8 else ''}"


def test_both_stores_hold_what_plain_python_masks(example: Example) -> None:
    example.run()
    found = [
        (row["customer_id"], row["full_name"], row["customer"], row["phone"], row["country"], row["segment"])
        for row in example.rows()
    ]
    assert found == [
        (id_, "***", hashed(email), phone(number), country, segment)
        for id_, _, email, number, country, segment, _ in PEOPLE
    ]
    assert example.rows("crm") == example.rows()
    assert [str(row["credit_limit"]) for row in example.rows()] == ["1500.50", "99999.99", "0.01", "None"]
    assert found[0][2] == found[3][2], "one person, one hash"


def test_nothing_that_is_published_or_told_holds_a_name(
    example: Example, database: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    example.run()
    password = urlsplit(database).password
    assert password
    secrets = [*CLEAR, KEY, DERIVED, password]
    told = {
        "log": caplog.text,
        "record": repr(example.record()) + repr(example.record("crm")),
        "gold": text(table(example, "gold")),
        "main": repr(example.table().to_pylist()),
        "target": everything_in(example.settings.targets["crm"]),
        **{str(path): path.read_bytes().decode("latin-1") for path in written(example.home)},
    }
    found = [(place, one) for place, said in told.items() for one in secrets if one.lower() in said.lower()]
    assert found == []
    assert "***" in told["target"], "the target was looked into"


def test_an_encrypted_value_may_stand_in_the_file(
    example: Example, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (EXAMPLES / "crm" / "customers_v1.yaml").read_text("utf-8")
    path = tmp_path / "pipelines" / "crm" / "customers_v1.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(text.replace("${CRM_DATABASE}", encrypted(database)), "utf-8")
    monkeypatch.delenv("CRM_DATABASE")
    same = Example(path, tmp_path / "home", monkeypatch)
    same.run()
    assert len(same.rows("crm")) == len(PEOPLE)
    monkeypatch.setenv("VITRINE_SECRET_KEY", new_key())
    with pytest.raises(SettingsError, match="cannot be decrypted") as error:
        same.run()
    assert database not in str(error.value)


def test_bronze_and_silver_hold_the_records_as_received(example: Example) -> None:
    example.run()
    for layer in ("bronze", "silver"):
        assert "Noether" in text(table(example, layer))


def test_the_contract_restricts_a_column_until_it_is_masked(tmp_path: Path) -> None:
    assert restricted(EXAMPLES / "crm" / "customers_v1.yaml") == []
    text = (EXAMPLES / "crm" / "customers_v1.yaml").read_text("utf-8")
    bare = tmp_path / "crm" / "customers_v1.yaml"
    bare.parent.mkdir()
    bare.write_text(
        text.replace("      full_name: redact\n", "").replace("      phone: last4\n", ""), "utf-8"
    )
    assert restricted(bare) == ["full_name", "phone"]


def restricted(path: Path) -> list[str]:
    """The columns that the contract of a pipeline calls so."""
    found = checked(path)
    (schema,) = document(found.pipeline, found.plan)["schema"]
    return [one["name"] for one in schema["properties"] if one["classification"] == "restricted"]


def table(example: Example, layer: Any) -> pa.Table:
    uri = lake.table_uri(example.settings, layer, "crm", "customers", dry_run=False)
    return lake.read(TableRef(uri, lake.version(uri), 0), [])


def text(rows: pa.Table) -> str:
    return repr(rows.to_pylist())


def written(home: Path) -> list[Path]:
    """All files of the home but the lake's, whose gold is looked into above."""
    return [path for path in home.rglob("*") if path.is_file() and "lake" not in path.parts]


def everything_in(url: str) -> str:
    """All documents of all collections of a MongoDB database."""
    import pymongo

    with pymongo.MongoClient(url) as client:
        database = client[urlsplit(url).path.strip("/")]
        return repr([list(database[name].find()) for name in database.list_collection_names()])
