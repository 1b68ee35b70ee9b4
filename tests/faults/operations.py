"""What a process of the matrix does with a store; each function can be killed anywhere and run again."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.io.collections.protocol import Published, Query, Staged
from common.utils.contract import Contract, Field
from contract.kit import SALES, batch, pages, publication
from faults import notices
from faults.contents import DAYS, FIELDS, Content, Row, month_of, seen

if TYPE_CHECKING:
    from faults.child import Steps

NOW = timedelta(0)  # attempts are taken for dead at once


def load(steps: Steps, run: str, content: Content, padding: int = 0) -> int:
    """Replaces the recent days and publishes; every other content is laid over them by key.

    Args:
        padding: So many characters are added to each row where no reader of these tests looks.
    """
    mode: Any = "upsert" if content.value % 2 == 0 else "replace"
    rows = content.recent()
    if padding:
        rows = [{**row, "product_name": random.randbytes(padding // 2).hex()} for row in rows]
    return _put(steps, run, rows, DAYS, mode)


def load_month(steps: Steps, run: str, number: int) -> int:
    """Publishes an old month, which no other load touches."""
    rows = month_of(number)
    return _put(steps, run, rows, [row["date"] for row in rows], "replace")


def _put(steps: Steps, run: str, rows: list[dict[str, Any]], days: Iterable[object], mode: Any) -> int:
    collection = steps.collection(SALES)
    collection.ensure()
    steps.phase = "stage"
    staged = collection.stage([batch(rows)], map(str, days), run_id=run, mode=mode)
    steps.phase = "publish"
    published: Published = collection.publish(staged.attempt, publication(run))
    steps.tell("published")
    return published.version


def publish(steps: Steps, run: str, staged: Staged, home: Path) -> int:
    """The verb, with an attempt that was staged before."""
    return notices.publish(steps, run, staged, home)


def first_load(steps: Steps, run: str, content: Content) -> int:
    """As :func:`load`, into a store that holds nothing yet."""
    steps.phase = "create"
    steps.collection(SALES).ensure()
    return load(steps, run, content)


def stage(steps: Steps, run: str, content: Content) -> Staged:
    """Leaves an attempt behind that nobody has published."""
    collection = steps.collection(SALES)
    return collection.stage([batch(content.recent())], [str(day) for day in DAYS], run_id=run)


def rollback(steps: Steps, to: int) -> int:
    """Goes back to a version."""
    steps.phase = "rollback"
    version = steps.collection(SALES).rollback(to, by="operator", reason="test").version
    steps.tell("published")
    return version


def merge(steps: Steps) -> int | None:
    """Merges the old months that are due."""
    steps.phase = "merge"
    published = steps.collection(SALES).merge()
    if published:
        steps.tell("published")
    return published.version if published else None


def vacuum(steps: Steps, keep: int) -> tuple[int, ...]:
    """Retires all but some versions, and takes every open attempt for dead."""
    steps.phase = "vacuum"
    return steps.collection(SALES).vacuum(keep, abandon_after=NOW).versions


def ensure(steps: Steps, number: int) -> None:
    """Changes the schema to that of a newer contract."""
    steps.phase = "schema"
    steps.collection(newer(number)).ensure()


def newer(number: int) -> Contract:
    """The contract with some fields more; the index is always on the newest of them, in no other."""
    fields = tuple(Field(f"extra_{one}", "string") for one in range(1, number + 1))
    return replace(
        SALES,
        version=f"1.{number}.0",
        fields=(*SALES.fields, *fields),
        indexes=(("product_id", "date"), (f"extra_{number}",)) if number else SALES.indexes,
    )


def read(steps: Steps, version: int) -> list[Row]:
    """All rows of one version, page by page."""
    steps.phase = "read"
    listing = pages(steps.collection(SALES), version, Query(fields=FIELDS, limit=3))
    return [row for page in listing for row in seen(page.rows.to_pylist())]
