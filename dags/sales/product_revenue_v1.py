r"""Daily revenue per product.

**What:** revenue, units and returns of each product on each day, net and gross, exact to four decimals.

**When:** daily at midnight UTC, for the day that has just ended and the `LOOKBACK_DAYS` (3) before it.

**From where:** order lines in CSV files, from the folder in `VITRINE_SALES_PRODUCT_REVENUE_PATH`.
`env/.env.example` has the variables that map columns, name a key, and set delimiter and encoding.

**To where:** the collection `sales/product_revenue`; dashboards read it at `/dashboards/v1/collections`.
Its contract is `include/contracts/sales/product_revenue.odcs.yaml`.

**How to run it again:** clear the failed task; every task can be repeated. For past days, trigger it with a
window, or from the root of the repository, while a scheduler runs:

    . env/activate
    airflow backfill create --dag-id vitrine_sales_product_revenue_v1 --reprocess-behavior completed \
        --from-date 2026-01-01 --to-date 2026-01-31

After a change of the source or its mapping, trigger it with *full refresh*. A *dry run* computes and reports
everything, and publishes nothing.

**Who owns it:** the team `sales-data`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from airflow.sdk import CronDataIntervalTimetable, dag

from common.verbs.subject import Subject
from vlp.defaults import collection_dag
from vlp.tasks import Verbs

PRODUCT_REVENUE = Subject("sales", "product_revenue", major=1)


@dag(
    "vitrine_sales_product_revenue_v1",
    description="Daily revenue, units and returns per product, from order lines",
    schedule=CronDataIntervalTimetable("0 0 * * *", timezone="UTC"),
    start_date=datetime(2000, 1, 1, tzinfo=UTC),
    doc_md=__doc__,
    **collection_dag(PRODUCT_REVENUE, owner="sales-data"),
)
def product_revenue() -> None:
    """Order lines in CSV files become daily revenue per product."""
    verbs = Verbs(PRODUCT_REVENUE)
    extracted = verbs.extract("order_lines")
    transformed = verbs.transform(extracted)
    validated = verbs.validate(transformed)
    loaded = verbs.load(validated)
    verbs.publish(loaded)


product_revenue()
