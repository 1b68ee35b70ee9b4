import re
from pathlib import Path

import pytest

from vlp.catalogue import Entry, entries, page
from vlp.local import all_dags

SECRET = "p4ss"
PIPELINE = """\
description: Daily revenue | with a bar
owner: shop-data
schedule: {cron: "@daily", after: [sales/product_revenue]}
sources:
  lines:
    path: here.csv
    fields: {sold_at: timestamp, price: {type: "decimal(9,2)"}}
    event_time: sold_at
steps:
  - aggregate: {by: [date], columns: {revenue: sum(price)}}
collection: {key: [date], freshness: 36h}
targets: {files: "parquet:///out", warehouse: "${PLACE}", other: the_connection}
"""


@pytest.fixture(scope="module")
def found() -> dict[str, Entry]:
    return {one.dag_id: one for one in entries()}


def test_every_dag_is_there(found: dict[str, Entry], repository: Path) -> None:
    assert list(found) == [dag.dag_id for dag in all_dags(repository / "dags")]
    text = page(list(found.values()))
    assert [name for name in found if name not in text] == []
    assert text == page([*entries()]), "the same again"


def test_what_is_said_of_a_subject_in_python(found: dict[str, Entry]) -> None:
    one = found["vitrine_sales_product_revenue_v1"]
    assert (one.collection, one.owner, one.schedule) == (
        "sales/product_revenue",
        "sales-data",
        "`0 0 * * *` UTC",
    )
    assert one.file == "dags/sales/product_revenue_v1.py"
    assert [(origin.name, origin.kind) for origin in one.sources] == [("order_lines", "files")]
    assert one.contract
    assert one.contract.key == ("date", "product_id")
    assert one.contract.fields["revenue"] == "decimal(18,4)"
    text = page([one])
    assert "[`vitrine_sales_product_revenue_v1`](../dags/sales/product_revenue_v1.py)" in text
    assert "[1.0.0](../include/contracts/sales/product_revenue.odcs.yaml): key date, product_id" in text


def test_what_reads_a_collection_comes_after_it(found: dict[str, Entry]) -> None:
    one = found["vitrine_monitoring_summary_v1"]
    assert [origin.collection for origin in one.sources] == ["monitoring/pipeline_days"]
    assert one.after == ("monitoring/pipeline_days",)
    assert one.schedule.endswith("UTC and after monitoring/pipeline_days")


def test_a_dag_without_a_collection_is_listed_apart(found: dict[str, Entry]) -> None:
    one = found["vitrine_operations_vacuum_v1"]
    assert (one.collection, one.contract) == ("", None)
    assert (
        "| [vitrine_operations_vacuum_v1](../dags/operations/vacuum_v1.py) |"
        in page([one]).partition("## Other")[2]
    )


def test_a_pipeline_in_yaml_without_the_places_of_its_targets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repository: Path
) -> None:
    path = tmp_path / "shop" / "revenue_v1.yaml"
    path.parent.mkdir()
    path.write_text(PIPELINE, "utf-8")
    monkeypatch.setenv("VITRINE_PIPELINES", str(tmp_path))
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PLACE", f"postgresql://me:{SECRET}@localhost/x")
    (one,) = [one for one in entries() if one.collection == "shop/revenue"]
    assert one.file == str(path)
    assert one.targets == (("files", "parquet"), ("warehouse", ""), ("other", ""))
    assert one.contract
    assert (one.contract.file, one.contract.freshness) == (str(path), "36 h")
    text = page([one])
    assert "derived from the pipeline" in text
    assert SECRET not in text
    assert re.search(r"c_shop__revenue --> t_shop__revenue__files\[\"files \(parquet\)\"\]", text)
