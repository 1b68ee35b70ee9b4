"""What runs leave behind: records, a validation report and dead letters, written as the verbs write them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from common.io import dead_letters, lake, reports
from common.io.collections.protocol import Staged
from common.utils.expectations import RuleResult
from common.utils.ledger import Ledger
from common.utils.settings import Settings
from common.utils.window import Window
from common.verbs.references import Run, Statistics, TableRef, Transformed
from plugins.shop import NOW, ORDERS

LEDGER = Ledger(read=10, written=7, deduplicated=1, rejected={"total_missing": 2})
WINDOW = Window(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC))


def run(settings: Settings, run_id: str, state: str = "published", **changes: Any) -> None:
    """One whole run of shop/orders, with its report."""
    reports.record(settings, ORDERS.name, run_id, window=WINDOW, source_name="orders.csv")
    reports.record(settings, ORDERS.name, run_id, statistics=Statistics(items=1, read=1, records=10))
    gold = TableRef("gold", 3, 7)
    transformed = Transformed(
        Run(run_id, WINDOW), WINDOW, "f", "orders.csv", gold, LEDGER, None, ("2026-01-01",)
    )
    rule = RuleResult("day_given", "expect_column_values_to_not_be_null", "warn", False, "1 of 7 rows")
    judged = reports.Validation(ORDERS, transformed, 7, (rule,), "dead_letters/shop/orders", NOW)
    page = reports.write_validation(settings, judged)
    reports.record(settings, ORDERS.name, run_id, ledger=LEDGER)
    reports.record(settings, ORDERS.name, run_id, ledger=LEDGER, report=str(page))
    staged = Staged("a", 1, 5, 1, 1, 0, 7, 2, ("2026-01-01",))
    reports.record(settings, ORDERS.name, run_id, staged=staged)
    reports.record(settings, ORDERS.name, run_id, state=state, version=2, **changes)


def runs(settings: Settings, count: int, first: datetime = NOW, name: str = "run") -> list[str]:
    """Records of runs a minute apart, the latest first; two of each three were published."""
    found = []
    for number in range(count):
        started, run_id = first - timedelta(minutes=number), f"{name}-{number:04d}"
        state = "failed" if number % 3 == 0 else "published"
        reports.record(settings, ORDERS.name, run_id, state=state, started=started)
        found.append(run_id)
    return found


def letters(settings: Settings, run_id: str, rules: Iterable[str], *, source: str = "") -> None:
    """A dead letter for each of some rules, in the table of a source or of the only one."""
    rows = [
        {
            **{"_item": "orders.csv", "_digest": "d", "_position": number + 1, "rule": rule},
            **{"field": "total", "reason": "is missing", "record": f'{{"order_id": "A-{number}"}}'},
        }
        for number, rule in enumerate(rules)
    ]
    schema = pa.schema([field for field in dead_letters.SCHEMA if field.name in rows[0]])
    table = pa.Table.from_pylist(rows, schema=schema)
    uri = dead_letters.table_uri(settings, ORDERS.domain, ORDERS.subject)
    dead_letters.replace(
        f"{uri}/{source}" if source else uri,
        iter(table.to_batches()),
        run_id=run_id,
        stage="transform",
        source="f",
        some=True,
    )
    assert lake.version(f"{uri}/{source}" if source else uri) >= 0
