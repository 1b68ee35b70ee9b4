"""The profile of a version: statistics of its rows by field, computed once, when it is published.

They are of gold as the run left it. Readers see them as they are and estimate counts by them; nothing is
decided by them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from common.io import lake
from common.io.collections.protocol import Version
from common.utils.contract import Contract, Field
from common.utils.quoting import identifier
from common.utils.settings import Settings
from common.verbs.references import Loaded, TableRef

EXACT_ROWS = 1_000_000
"""Above this, distinct values are counted by HyperLogLog: it needs no memory, and errs by some percent."""
LONGEST = 128  # characters of a text that is a smallest or largest


def of_run(
    contract: Contract, settings: Settings, loaded: Loaded, own: Version | None, main: Version | None = None
) -> Mapping[str, Any]:
    """The profile of what a run publishes.

    Args:
        contract: Of the collection.
        settings: For the engine.
        loaded: What is published.
        own: Live in the store; its profile holds where the run changes no row of it.
        main: Live in the main store beside a target; its profile holds where the same run published it.
    """
    if own is not None and own.profile and not loaded.staged.changed:
        return own.profile
    if main is not None and main.profile and main.run_id == loaded.validated.transformed.run.id:
        return main.profile
    return profile(contract, settings, loaded.validated.transformed.gold)


def profile(contract: Contract, settings: Settings, gold: TableRef) -> dict[str, Any]:
    """Statistics of one version of gold.

    Args:
        contract: Whose fields are described.
        settings: For the engine.
        gold: All of its rows are read, by columns.

    Returns:
        JSON-ready: ``rows``, ``exact`` (whether ``distinct`` is), and ``fields``: by name ``nulls``,
        ``distinct``, ``min`` and ``max`` in the forms of the API (null for objects and arrays). Empty where
        there is no gold.
    """
    if gold.version < 0:
        return {}
    with lake.connect(settings) as engine:
        rows = lake.scan(engine, gold.uri, gold.version)
        there = [field for field in contract.fields if field.name in rows.columns]
        ((count,),) = rows.aggregate("count(*)").fetchall()
        wanted = ", ".join(_columns(field, exact=count <= EXACT_ROWS) for field in there)
        found = rows.aggregate(wanted).to_arrow_table().to_pylist()[0] if there else {}
    return {
        "rows": count,
        "exact": count <= EXACT_ROWS,
        "fields": {field.name: _described(field, found, count) for field in there},
    }


def _columns(field: Field, *, exact: bool) -> str:
    name = identifier(field.name)
    distinct = f"count(DISTINCT {name})" if exact else f"approx_count_distinct({name})"
    parts = {"count": f"count({name})", "distinct": distinct}
    if field.type not in ("object", "array"):
        parts |= {"min": f"min({name})", "max": f"max({name})"}
    return ", ".join(f"{sql} AS {identifier(f'{part} {field.name}')}" for part, sql in parts.items())


def _described(field: Field, found: Mapping[str, Any], rows: int) -> dict[str, Any]:
    return {
        "nulls": rows - found[f"count {field.name}"],
        "distinct": found[f"distinct {field.name}"],
        "min": _plain(found.get(f"min {field.name}")),
        "max": _plain(found.get(f"max {field.name}")),
    }


def _plain(value: Any) -> Any:
    """As the API writes it."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value[:LONGEST] if isinstance(value, str) else value
