"""A house with collections to look at: a real store, run records and dead letters."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from common.io import dead_letters, reports
from common.io.collections import open_store
from common.io.collections.protocol import Collection, Publication, Published
from common.io.sources import REJECTED
from common.utils.expectations import RuleResult
from common.utils.ledger import Ledger
from common.utils.odcs import load_contracts
from common.utils.settings import Settings
from common.verbs.references import Run, TableRef, Transformed

NAME, EMPTY, FOR_OPERATORS = "sales/product_revenue", "sales/returns", "learning/secrets"
PRODUCTS = ("Enamel Mug, White", "Linen Apron", "Cast-iron Pan 26 cm", "Beech Spoon", "<b>Bold</b> Jar & Co")
DAYS = 84
LEDGER = Ledger(
    read=1300,
    written=1200,
    filtered={"test_order": 7},
    deduplicated=73,
    rejected={"unit_price_unreadable": 14, "date_unreadable": 6},
    silver={"revenue": Decimal("90123.4500")},
    gold={"revenue": Decimal("90123.4500")},
)
BIG = 2**53 + 1  # no JavaScript number


def write_contracts(repository: Path, folder: Path, *names: str) -> None:
    """Contracts like the one of product_revenue, by ``domain/subject``; one is for operators."""
    text = (repository / "include" / "contracts" / f"{NAME}.odcs.yaml").read_text("utf-8")
    begin = "\n    customProperties:\n"
    chart = "      - property: chart\n        value: {kind: line, x: date, y: revenue}\n"
    roles = "      - property: roles\n        value: [op]\n"
    text = text if "property: chart" in text else text.replace(begin, begin + chart, 1)
    for name in names:
        domain, subject = name.split("/")
        path = folder / domain / f"{subject}.odcs.yaml"
        path.parent.mkdir(parents=True, exist_ok=True)
        one = text.replace("domain: sales", f"domain: {domain}").replace("product_revenue", subject)
        one = one.replace("vitrine.sales", f"vitrine.{domain}")
        if name == FOR_OPERATORS:
            one = one.replace(begin, begin + roles, 1)
        path.write_text(one, "utf-8")


def rows(last: date, seed: int = 1) -> list[dict[str, Any]]:
    """One row a product and day, in the fields of product_revenue."""
    chance = random.Random(seed)
    return [
        {
            "date": last - timedelta(days=back),
            "product_id": f"P-{100 + number}",
            "product_name": product,
            "revenue": amount(chance, last - timedelta(days=back), number),
            "gross_revenue": Decimal(9_999),
            "quantity": BIG if back == number == 0 else chance.randint(1, 90),
            "returned_quantity": 0,
            "order_lines": chance.randint(1, 30),
        }
        for back in range(DAYS)
        for number, product in enumerate(PRODUCTS)
    ]


def amount(chance: random.Random, day: date, number: int) -> Decimal:
    """More at week-ends and towards the end of the year, to four decimals."""
    usual = (60 + 45 * number) * (1.5 if day.weekday() > 4 else 1.0) * (1 + day.timetuple().tm_yday / 400)
    return Decimal(round(usual * chance.uniform(0.8, 1.25) * 10_000)).scaleb(-4)


@dataclass
class House:
    """What the tests look at and change.

    Attributes:
        url: Of the API alone.
        last: The latest day of the data.
    """

    folder: Path
    url: str
    settings: Settings
    collection: Collection
    last: date

    def publish(self, table: list[dict[str, Any]], run_id: str) -> Published:
        """These rows as the whole collection, read an hour ago."""
        contract = load_contracts(self.folder / "contracts")[NAME]
        batches = pa.Table.from_pylist(table, schema=contract.schema).to_batches()
        days = [(self.last - timedelta(days=back)).isoformat() for back in range(DAYS)]
        staged = self.collection.stage(batches, days, run_id=run_id)
        as_of = datetime.now(UTC) - timedelta(hours=1)
        publication = Publication(run_id, as_of, "files", LEDGER.to_dict(), contract.version)
        return self.collection.publish(staged.attempt, publication)


def furnish(repository: Path, folder: Path) -> House:
    """Contracts, three versions of one collection, a run that published and one that failed, dead letters."""
    write_contracts(repository, folder / "contracts", NAME, EMPTY, FOR_OPERATORS)
    settings = Settings(home=folder / "home", collections=f"sqlite:///{folder / 'collections.db'}")
    store = open_store(settings.collections_url, batch_size=1000)
    contract = load_contracts(folder / "contracts")[NAME]
    collection = store.collection(contract)
    collection.ensure()
    house = House(folder, "", settings, collection, datetime.now(UTC).date() - timedelta(days=1))
    first = rows(house.last)
    house.publish(first[len(PRODUCTS) :], "scheduled__1")
    house.publish(first, "scheduled__2")
    house.publish([*first[:-1], {**first[-1], "revenue": Decimal("1.0000")}], "scheduled__3")
    record_runs(settings)
    reject(settings)
    return house


def record_runs(settings: Settings) -> None:
    """Run records and a validation report, written as the verbs write them."""
    contract = load_contracts(settings.home.parent / "contracts")[NAME]
    reports.record(settings, NAME, "scheduled__2", state="failed", error="revenue_exact: 4 rows break it.")
    reports.record(settings, NAME, "scheduled__3", source_name="orders", drift=("the column colour is new",))
    reports.record(settings, NAME, "scheduled__3", ledger=LEDGER)
    reports.record(settings, NAME, "scheduled__3", state="published", version=3)
    made = Transformed(
        run=Run("scheduled__3", None),
        window=None,
        source="files",
        source_name="orders",
        gold=TableRef("gold", 1, 150),
        ledger=LEDGER,
        watermark=None,
        partitions=(),
    )
    results = (
        RuleResult(
            "revenue_given", "expect_column_values_to_not_be_null", "fail", passed=True, observed="all"
        ),
        RuleResult("revenue_high", "expect_x", "warn", passed=False, observed="2 rows", unexpected_count=2),
    )
    judged = reports.Validation(contract, made, 150, results, "dead_letters", datetime.now(UTC))
    reports.write_validation(settings, judged)


def reject(settings: Settings) -> None:
    """Two dead letters, each by another rule."""
    letters = [
        (
            "a.csv",
            "d1",
            17,
            "unit_price_unreadable",
            "unit_price",
            "'12,5O' is no number",
            '{"unit_price":"12,5O"}',
        ),
        ("a.csv", "d1", 18, "date_unreadable", "date", "'32.1.' is no day", '{"date":"32.1."}'),
    ]
    columns = [
        pa.array(column).cast(field.type)
        for column, field in zip(zip(*letters, strict=True), REJECTED, strict=True)
    ]
    batch = pa.record_batch(columns, schema=REJECTED)
    uri = dead_letters.table_uri(settings, *NAME.split("/"))
    dead_letters.replace(
        uri, iter([batch]), run_id="scheduled__3", stage="transform", source="files", some=True
    )
