"""Bronze over runs: what drifts, what is declared, what is kept."""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from common.io import lake
from common.utils.contract import DriftPolicy
from common.utils.errors import SourceError
from shop import HEADER, Shop

LINE = "2026-01-01,P1,Mug,{},2.50"


class Drifting(Shop):
    """A shop whose contract says what drift does."""

    policy: DriftPolicy = "evolve"

    @property
    def contract(self):  # type: ignore[no-untyped-def]
        return replace(super().contract, drift=self.policy)

    def schema(self) -> pa.Schema:
        return lake.schema(lake.table_uri(self.settings, "bronze", "sales", "product_revenue"))


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Drifting:
    return Drifting(tmp_path, monkeypatch)


def test_what_drifts_is_taken_over_and_told(shop: Drifting) -> None:
    shop.write("a.csv", LINE.format(1))
    shop.extract("one")
    (shop.files / "a.csv").unlink()
    shop.write("b.csv", LINE.format(1) + ",x", header=HEADER + ",gift")
    assert shop.extract("two").drift == ('column "gift" (string) is new: added',)
    (shop.files / "b.csv").unlink()
    shop.write("a.csv", LINE.format(1))
    assert shop.extract("three").drift == ('column "gift" (string) is missing: null in this run',)


def test_a_frozen_source_stops_the_run_and_bronze_stays(shop: Drifting) -> None:
    shop.write("a.csv", LINE.format(1))
    shop.extract("one")
    shop.policy = "freeze"
    shop.write("b.csv", LINE.format(1) + ",x", header=HEADER + ",gift")
    before = shop.schema()
    with pytest.raises(SourceError, match='column "gift"'):
        shop.extract("two")
    assert shop.schema() == before
    shop.extract("three", full_refresh=True)
    assert "gift" in shop.schema().names


def test_what_is_discarded_is_a_dead_letter_and_counted(shop: Drifting) -> None:
    shop.write("a.csv", LINE.format(1))
    shop.extract("one")
    shop.policy = "discard"
    shop.write("b.csv", LINE.format(2) + ",x", LINE.format(3) + ",", header=HEADER + ",gift")
    extracted = shop.extract("two")
    assert (extracted.bronze.rows, extracted.rejected) == (2, {"drift_new": 1})
    (letter,) = shop.letters("two")
    assert (letter["_item"], letter["_position"], letter["field"]) == ("b.csv", 2, "gift")
    assert '"quantity":"2"' in letter["record"]
    assert shop.run("two").ledger.imbalances() == []


def test_declared_types_are_kept_and_what_does_not_fit_is_a_dead_letter(shop: Drifting) -> None:
    shop.configure(TYPES="quantity=integer,unit_price=decimal(18,4)")
    shop.write("a.csv", LINE.format(1), LINE.format("many"))
    extracted = shop.extract()
    assert shop.schema().field("quantity").type == pa.int64()
    assert shop.schema().field("unit_price").type == pa.decimal128(18, 4)
    assert extracted.rejected == {"type": 1}
    transformed = shop.run()
    assert (transformed.ledger.written, transformed.ledger.rejected) == (1, {"type": 1})


def test_bronze_is_rewritten_where_a_type_grows(shop: Drifting) -> None:
    shop.configure(SOURCE="files", KEY="id")
    documents = (
        '{{"id":{},"date":"2026-01-01","product_id":"P1","product_name":"M","quantity":{},"unit_price":1}}\n'
    )
    (shop.files / "a.ndjson").write_text(documents.format(1, 5))
    shop.extract("one")
    assert shop.schema().field("quantity").type == pa.int64()
    (shop.files / "a.ndjson").unlink()
    (shop.files / "b.ndjson").write_text(documents.format(2, '"7"'))
    assert shop.extract("two").drift == ('column "quantity" was int64 and is string: kept as string',)
    uri = lake.table_uri(shop.settings, "bronze", "sales", "product_revenue")
    with lake.connect(shop.settings) as duck:
        rows = lake.scan(duck, uri, lake.version(uri)).project("_run, quantity").order("_run").fetchall()
    assert rows == [("one", "5"), ("two", "7")]
