"""An example of the data of each answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dashboards import models

ORDERS = "/dashboards/v1/collections/sales/product_revenue"
RUN_ID = "scheduled__2026-01-31T00:00:00+00:00"
LEDGER = {
    "read": 1200,
    "written": 1180,
    "unchanged": 0,
    "filtered": {"test_orders": 4},
    "deduplicated": 10,
    "rejected": {"quantity_missing": 6},
    "deleted": 0,
    "silver": {"revenue": "8812.4100"},
    "gold": {"revenue": "8812.4100"},
}
STAGED = {
    **{"inserted": 40, "updated": 2, "unchanged": 900, "removed": 0},
    **{"rows": 942, "base_rows": 902, "base": 11, "partitions_changed": 1},
}
SUMMARY = {
    "name": "sales/product_revenue",
    "domain": "sales",
    "subject": "product_revenue",
    "description": "Revenue, units and returns of each product on each day, from order lines.",
    "owner": "sales-data",
    "contract_version": "1.0.0",
    "version": 12,
    "rows": 942,
    "published_at": "2026-02-01T05:00:00Z",
    "data_as_of": "2026-01-31T23:59:00Z",
    "age_seconds": 21660,
    "freshness": "fresh",
    "verdict": "passed",
    "last_run": {
        "id": f"sales.product_revenue.{RUN_ID}",
        "state": "published",
        "started": "2026-02-01T04:58:00Z",
        "ended": "2026-02-01T05:00:00Z",
    },
    "held": False,
    "sources": [],
    "links": {
        "self": ORDERS,
        **{name: f"{ORDERS}/{name}" for name in ("schema", "stats", "versions", "runs")},
        "dead_letters": f"{ORDERS}/dead-letters",
    },
}
SCHEMA = {
    **{name: SUMMARY[name] for name in ("name", "description", "owner", "contract_version")},
    "fields": [
        {
            "name": "date",
            "type": "date",
            "required": True,
            "description": "Day of the order lines, in UTC.",
            "operators": ["eq", "gt", "gte", "lt", "lte"],
            "sortable": True,
            "examples": ["2026-01-31"],
        }
    ],
    "key": ["date", "product_id"],
    "indexes": [["product_id", "date"], ["revenue"]],
    "partition_by": "day",
    "freshness_seconds": 172800,
    "chart": {"kind": "line", "x": "date", "y": "revenue", "series": "product_id"},
}
STATISTICS = {
    "version": 12,
    "rows": 942,
    "partitions": 31,
    "first_partition": "2026-01-01",
    "last_partition": "2026-01-31",
    "distinct_exact": True,
    "fields": [{"name": "date", "nulls": 0, "distinct": 31, "min": "2026-01-01", "max": "2026-01-31"}],
}
TOTALS = {
    "collections": 6,
    "rows": 48211,
    "freshness": {"fresh": 5, "stale": 1, "unknown": 0},
    "runs": {"running": 0, "published": 5, "unchanged": 1, "dry_run": 0, "failed": 0},
    "published_24h": 5,
}
VERSION = {
    **{"version": 12, "kind": "rollback", "live": True, "published_at": "2026-02-01T05:00:00Z"},
    **{"data_as_of": "2026-01-31T23:59:00Z", "rows": 942, "run_id": RUN_ID},
    **{"by": "ann", "reason": "prices were wrong", "restored": 10},
    **{"contract_version": "1.0.0", "ledger": LEDGER, "partitions": 31},
}
CHANGES = {
    **{"from": 11, "to": 12, "rows_before": 902, "rows_after": 942},
    "partitions": [{"partition": "2026-01-31", "rows_before": 0, "rows_after": 40, "change": "added"}],
    "unchanged_partitions": 30,
}
RUN = {
    "id": f"sales.product_revenue.{RUN_ID}",
    "run_id": RUN_ID,
    "collection": "sales/product_revenue",
    **{"state": "published", "started": "2026-02-01T04:58:00Z", "ended": "2026-02-01T05:00:00Z"},
    **{"seconds": 120.0, "window": {"start": "2026-01-28T00:00:00Z", "end": "2026-02-01T00:00:00Z"}},
    **{"version": 12, "error": "", "verdict": "passed", "ledger": LEDGER, "staged": STAGED},
}
RUN_DETAIL = {
    **RUN,
    "source": "/data/orders",
    "statistics": {"items": 1, "read": 1, "records": 1200, "size": 90211, "seconds": 1.2, "retries": 0},
    "drift": [],
    "validation": {
        "verdict": "passed",
        "rows": 42,
        "results": [
            {
                "name": "date_given",
                "status": "passed",
                "expectation": "expect_column_values_to_not_be_null",
                "column": "date",
                "observed": "all 42 rows",
                "description": "Every row names its day.",
            }
        ],
    },
    "sources": [
        {
            "name": "feeds",
            "state": "extracted",
            "source_name": "feeds of /data/list.opml",
            "statistics": {"items": 3, "read": 3, "records": 120, "seconds": 2.1},
            "error": "",
        }
    ],
    "stores": [{"store": "warehouse", "state": "published", "version": 12, "error": "", "staged": STAGED}],
    "timings": [{"step": "extract", "seconds": 3.2}],
    "lineage": [{"kind": "collection", "name": "sales/product_revenue", "rows": 942, "version": 12}],
}
DEAD_LETTERS = {
    "rules": {"quantity_missing": 6},
    "records": [
        {
            **{"item": "orders/2026-01-31.csv", "position": 17, "rule": "quantity_missing"},
            **{"field": "quantity", "reason": "is missing", "record": '{"product_id": "85123A"}'},
            **{"run_id": RUN_ID, "stage": "transform", "source": "files", "replayed": "replay-1"},
        }
    ],
}
EXAMPLES: Mapping[Any, Any] = {
    models.Schema: SCHEMA,
    models.Statistics: STATISTICS,
    models.Totals: TOTALS,
    models.Changes: CHANGES,
    models.RunDetail: RUN_DETAIL,
    models.DeadLetters: DEAD_LETTERS,
    list[models.Summary]: [SUMMARY],
    list[models.VersionSummary]: [VERSION],
    list[models.RunSummary]: [RUN],
    list[dict[str, Any]]: [{"date": "2026-01-31", "product_id": "85123A", "revenue": "137.7000"}],
}
"""By the type of the data."""
