import logging
import time
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from common.io import lake, reports
from common.utils.errors import LedgerError, ValidationFailed
from common.utils.ledger import Ledger
from common.utils.settings import Settings
from common.utils.window import Window
from common.verbs.references import Run, TableRef, Transformed
from common.verbs.validate import validate
from unit.common.contract_kit import contract, gold

NAME = "sales/product_revenue"
END = datetime(2026, 2, 1, tzinfo=UTC)
RUN = Run("manual__2026-02-01T00:00:00+00:00", Window(END - timedelta(days=1), END))
LEDGER = Ledger(read=100, written=96, rejected={"date_missing": 1, "quantity_not_whole": 3})


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def transformed(settings: Settings, table: pa.Table, ledger: Ledger = LEDGER, run: Run = RUN) -> Transformed:
    """As the transform leaves it: gold in the lake, and what is known of it."""
    uri = lake.table_uri(settings, "gold", "sales", "product_revenue")
    at = lake.replace(uri, table, run_id=run.id, partition_by=("date",))
    days = sorted({day.isoformat() for day in table.column("date").to_pylist()})
    return Transformed(
        run=run,
        window=run.window,
        source="abc",
        source_name="CSV files",
        gold=TableRef(uri, at, table.num_rows),
        ledger=ledger,
        watermark="2026-01-31T10:00:00+00:00",
        partitions=tuple(days),
    )


def failure(settings: Settings, *rows: Mapping[str, Any], ledger: Ledger = LEDGER) -> ValidationFailed:
    with pytest.raises(ValidationFailed) as caught:
        validate(contract(), settings, transformed(settings, gold(*rows), ledger))
    return caught.value


def test_good_gold_passes_and_the_report_is_there(settings: Settings) -> None:
    given = transformed(settings, gold({}, {"product_id": "POST"}))
    validated = validate(contract(), settings, given)
    assert validated.transformed == given
    assert validated.passed[:3] == ("ledger_balance", "rejected_share", "schema")
    assert len(validated.passed) == 3 + len(contract().rules)
    assert validated.warned == ()
    assert "No required rule is broken" in Path(validated.report).read_text("utf-8")
    record = reports.read(settings, NAME, RUN.id)
    assert record is not None
    assert (record.report, record.ledger, record.state) == (validated.report, LEDGER, "running")


def test_validating_again_says_the_same(settings: Settings) -> None:
    given = transformed(settings, gold({}))
    assert validate(contract(), settings, given) == validate(contract(), settings, given)


def test_a_warning_stops_nothing_and_is_logged(settings: Settings, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    rows = gold({"product_name": None, "quantity": -2})
    validated = validate(contract(), settings, transformed(settings, rows))
    assert validated.warned == ("product_name_mostly_given",)
    assert "quantity_net_not_negative" not in validated.passed
    said = {record.getMessage().split(":")[0]: record for record in caplog.records}
    assert said["rule product_name_mostly_given warned"].levelname == "WARNING"
    assert said["rule quantity_net_not_negative noted"].levelname == "INFO"
    assert "product_id 85123A, product_name null" in caplog.text
    assert said["rule schema passed"].levelname == "INFO"
    assert f"report: {Path(validated.report).as_uri()}" in caplog.text
    assert sum(" rule " in f" {line}" for line in said) == 3 + len(contract().rules)


def test_a_broken_required_rule_stops_the_run_and_says_all_of_it(settings: Settings) -> None:
    error = failure(settings, {"order_lines": 0}, {"product_id": "a", "returned_quantity": -1})
    told = str(error)
    for words in (
        f"{NAME} breaks 2 required rules: ",
        "order_lines_at_least_one: 1 of 2 rows unexpected (50 %), "
        "such as date 2026-01-31, product_id 85123A, order_lines 0",
        "returned_quantity_not_negative: 1 of 2 rows",
        f"run {RUN.id}",
        "Nothing was published.",
    ):
        assert words in told
    assert "dead_letters" not in told
    report = reports.folder(settings, NAME, RUN.id) / "index.html"
    assert str(report) in told
    assert "2 required rules are broken" in report.read_text("utf-8")


def test_too_many_rejected_records_stop_the_run_and_the_reasons_are_told(settings: Settings) -> None:
    rejected = {"date_missing": 4, "quantity_not_whole": 30, "ragged": 9, "unit_price_missing": 5}
    ledger = Ledger(read=900, written=852, rejected=rejected)
    told = str(failure(settings, {}, ledger=ledger))
    assert "breaks 1 required rule: rejected_share: 48 of 900 records rejected (5.33%, allowed 5.00%)" in told
    assert "most for: quantity_not_whole 30, ragged 9, unit_price_missing 5." in told
    assert f"The rejected records are in {settings.lake_root}/dead_letters/{NAME}." in told


def test_rejected_records_up_to_the_bound_stop_nothing(settings: Settings) -> None:
    ledger = Ledger(read=1000, written=950, rejected={"ragged": 50})
    assert "rejected_share" in validate(contract(), settings, transformed(settings, gold({}), ledger)).passed


def test_a_ledger_that_does_not_balance_stops_the_run_after_the_report(settings: Settings) -> None:
    lost = replace(LEDGER, written=95, silver={"revenue": Decimal(5)}, gold={"revenue": Decimal(4)})
    with pytest.raises(LedgerError, match=r"100 records read, 99 accounted for.*silver has 5, gold has 4"):
        validate(contract(), settings, transformed(settings, gold({}), lost))
    page = (reports.folder(settings, NAME, RUN.id) / "index.html").read_text("utf-8")
    assert "ledger_balance" in page
    assert "1 required rule is broken" in page


def test_a_run_without_gold_passes(settings: Settings) -> None:
    given = replace(transformed(settings, gold({"order_lines": 0})), partitions=())
    assert validate(contract(), settings, given).warned == ()
    absent = replace(given, partitions=("2026-01-31",), gold=TableRef("/nowhere", -1, 0))
    assert len(validate(contract(), settings, absent).passed) == 3 + len(contract().rules)


def test_only_the_partitions_of_the_run_are_judged(settings: Settings) -> None:
    earlier = {"date": date(2026, 1, 1), "order_lines": 0}
    given = transformed(settings, gold(earlier, {}))
    with pytest.raises(ValidationFailed):
        validate(contract(), settings, given)
    validate(contract(), settings, replace(given, partitions=("2026-01-31",)))


def test_a_later_write_of_another_run_changes_nothing(settings: Settings) -> None:
    given = transformed(settings, gold({}))
    transformed(settings, gold({"order_lines": 0}), run=replace(RUN, id="later"))
    validate(contract(), settings, given)


def test_gold_of_another_shape_stops_the_run(settings: Settings) -> None:
    with pytest.raises(ValidationFailed, match="schema: order_lines is missing"):
        validate(contract(), settings, transformed(settings, gold({}).drop_columns("order_lines")))


def test_a_dry_run_names_its_own_dead_letters(settings: Settings) -> None:
    ledger = Ledger(read=10, written=5, rejected={"ragged": 5})
    given = transformed(settings, gold({}), ledger, replace(RUN, dry_run=True))
    with pytest.raises(ValidationFailed, match=f"{settings.lake_root}/dry_run/dead_letters/{NAME}"):
        validate(contract(), settings, given)


def test_ten_thousand_rows_are_judged_within_their_part_of_the_budget(settings: Settings) -> None:
    rows = gold(*({"product_id": f"P{at}"} for at in range(10_000)))
    given = transformed(settings, rows)
    validate(contract(), settings, given)  # imports, once a process
    started = time.perf_counter()
    validate(contract(), settings, given)
    assert time.perf_counter() - started < 2
