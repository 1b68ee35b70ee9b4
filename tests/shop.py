"""A small shop for the tests of the verbs: CSV files, a lake of its own, and runs over them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from common.io import dead_letters, lake
from common.utils.contract import Contract
from common.utils.odcs import load_contract
from common.utils.settings import Settings
from common.utils.window import Window
from common.verbs.continuity import Live
from common.verbs.extract import extract
from common.verbs.references import Extracted, Run, TableRef, Transformed
from common.verbs.subject import Subject
from common.verbs.transform import transform

SUBJECT = Subject("sales", "product_revenue", 1)
INTAKE = SUBJECT.intake("order_lines")
HEADER = "date,product_id,product_name,quantity,unit_price"
KEYED = "order_line_id,updated_at," + HEADER
ALWAYS = ("1970-01-01", "2027-01-01")
ONLINE_RETAIL = {
    "COLUMNS": "date=InvoiceDate,product_id=StockCode,product_name=Description,"
    "quantity=Quantity,unit_price=UnitPrice"
}


class Shop:
    """The files, the lake and the runs of one test."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, variables: Mapping[str, str] | None = None
    ) -> None:
        self.files, self._monkeypatch = folder / "files", monkeypatch
        self.files.mkdir(parents=True, exist_ok=True)
        self.settings = Settings(home=folder / "home")
        self.configure(**{"PATH": str(self.files), **(variables or {})})

    @property
    def contract(self) -> Contract:
        return load_contract(self.settings.contracts / "sales" / "product_revenue.odcs.yaml")

    def configure(self, **variables: str) -> None:
        for name, value in variables.items():
            self._monkeypatch.setenv(f"{INTAKE.variables}{name}", value)

    def write(self, name: str, *lines: str, header: str = HEADER) -> Path:
        path = self.files / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
        return path

    def extract(
        self,
        run_id: str = "run",
        window: tuple[str, str] = ALWAYS,
        live: Live | None = None,
        **options: bool,
    ) -> Extracted:
        bounds = [datetime.fromisoformat(bound).replace(tzinfo=UTC) for bound in window]
        run = Run(run_id, Window(*bounds), **{"scheduled": False, **options})
        return extract(INTAKE, self.contract, self.settings, run, live or Live())

    def run(self, *arguments: Any, **options: Any) -> Transformed:
        return transform(SUBJECT, self.settings, [self.extract(*arguments, **options)])

    def rows(self, layer: lake.Layer, *, dry_run: bool = False) -> list[dict[str, Any]]:
        """All rows of a table as it is now, in the order of their columns."""
        uri = lake.table_uri(self.settings, layer, "sales", "product_revenue", dry_run=dry_run)
        found = lake.read(TableRef(uri, lake.version(uri), 0), [])
        return sorted(found.to_pylist(), key=repr)

    def facts(self) -> list[tuple[Any, ...]]:
        """Silver without identity and origin: what was sold when."""
        names = ("_event_at", "product_id", "product_name", "quantity", "unit_price")
        return sorted((tuple(row[name] for name in names) for row in self.rows("silver")), key=repr)

    def gold(self) -> dict[tuple[str, str], tuple[Any, ...]]:
        """(day, product) to (name, quantity, returned, revenue, gross, lines)."""
        return {
            (str(row.pop("date")), row.pop("product_id")): tuple(row.values())
            for row in map(dict, self._gold())
        }

    def letters(self, run_id: str | None = "run", *, dry_run: bool = False) -> list[dict[str, Any]]:
        uri = dead_letters.table_uri(self.settings, "sales", "product_revenue", dry_run=dry_run)
        with lake.connect(self.settings) as engine:
            found: list[dict[str, Any]] = dead_letters.read(engine, uri, run_id).to_pylist()
        return found

    def _gold(self) -> list[dict[str, Any]]:
        names = ("date", "product_id", "product_name", "quantity", "returned_quantity", "revenue")
        order = (*names, "gross_revenue", "order_lines")
        return [{name: row[name] for name in order} for row in self.rows("gold")]


def money(text: str) -> Decimal:
    """An amount as gold has it: with four decimals."""
    return Decimal(text).quantize(Decimal("0.0001"))
