"""Items of files, an API and feeds, on a few records."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Any

import narwhals.stable.v2 as nw
import pyarrow as pa
import pytest

from common.transforms import items, operations
from common.utils.odcs import load_contract
from common.utils.settings import Settings

Make = Callable[..., Any]
NOW = datetime(2026, 3, 1, tzinfo=UTC)


def cleaned(frame: Make, source: str, *records: Mapping[str, str]) -> Any:
    """Records of a source as its ``clean`` types them."""
    columns = items.SOURCES[source].columns
    origin = {"_item": "a", "_digest": "h"}
    rows = [dict.fromkeys(columns) | one | origin | {"_position": at} for at, one in enumerate(records)]
    texts = [pa.field(name, pa.string()) for name in (*columns, "_item", "_digest")]
    bronze = frame(rows, pa.schema([*texts, pa.field("_position", pa.int64())]))
    received = operations.received(bronze, dict(zip(columns, columns, strict=True)), ("id",), "")
    return items.SOURCES[source].clean(received)


def rows(frame: Any, *names: str) -> list[tuple[Any, ...]]:
    found: list[tuple[Any, ...]] = frame.select(*names).to_native().fetchall()
    return found


def gold(silver: Mapping[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = items.aggregate(silver, NOW).to_native().to_arrow_table().to_pylist()
    return sorted(found, key=lambda row: row["source_id"])


FILE = {"id": "1", "title": "Ferry &amp; more", "url": "https://x.example/1", "published_at": "2026-01-02"}
ENTRY = {"id": "e1", "title": "Ferry", "url": "http://x.example/1/?utm_id=2", "feed_url": "https://f.example"}


def test_a_record_is_typed_and_made_plain(frame: Make) -> None:
    given = FILE | {"summary": "<p>Boats</p>", "category": "Local  NEWS", "language": "en-GB"}
    (row,) = rows(cleaned(frame, "files", given), *items.FIELDS.names, "_rule")
    assert row[:8] == (
        date(2026, 1, 2),
        "1",
        None,
        "Ferry & more",
        "Boats",
        "https://x.example/1",
        "local news",
        None,
    )
    assert (row[8].astimezone(UTC), row[9], row[10]) == (datetime(2026, 1, 2, tzinfo=UTC), "en", "ferry more")
    assert row[12] is None


@pytest.mark.parametrize(
    ("given", "rule", "reason"),
    [
        (
            {"published_at": "2026-02-30"},
            "published_at_impossible",
            'published_at "2026-02-30" is no date from',
        ),
        (
            {"published_at": "0026-01-01"},
            "published_at_impossible",
            'published_at "0026-01-01" is no date from',
        ),
        ({"title": "", "url": "mailto:x"}, "nothing_told", "title is missing, and so are summary and url"),
        ({"id": ""}, "key_missing", "id"),
        ({"title": "<b></b>"}, None, None),
        ({"published_at": ""}, None, None),
    ],
)
def test_what_a_record_is_rejected_for(
    frame: Make, given: dict[str, str], rule: str | None, reason: str | None
) -> None:
    ((found, why),) = rows(cleaned(frame, "files", FILE | given), "_rule", "_reason")
    assert found == rule
    assert (why or "").startswith(reason or "")


def test_an_entry_without_a_usable_date_is_kept_undated(frame: Make) -> None:
    for given in ({"published": "0026-01-01T00:00:00Z"}, {}):
        names = ("date", "published_at", "_event_at", "_rule")
        assert rows(cleaned(frame, "feeds", ENTRY | given), *names) == [(items.UNDATED, None, None, None)]


def test_an_entry_takes_content_and_time_of_the_update_where_it_has_no_other(frame: Make) -> None:
    given = ENTRY | {
        "content": "<i>all</i> of it",
        "updated": "2026-01-03T09:00:00Z",
        "categories": '["Sea","x"]',
    }
    ((summary, day, category),) = rows(cleaned(frame, "feeds", given), "summary", "date", "category")
    assert (summary, day, category) == ("all of it", date(2026, 1, 3), "sea")


def test_one_story_of_two_sources_is_one_item_with_both_origins(frame: Make) -> None:
    entry = ENTRY | {"published": "2026-01-01T10:00:00Z", "author": "Ada", "language": "en"}
    silver = {"files": cleaned(frame, "files", FILE), "feeds": cleaned(frame, "feeds", entry)}
    (row,) = gold(silver)
    shown = {name: row[name] for name in ("source", "source_id", "title", "author", "sources", "records")}
    assert shown == {
        "source": "feeds",
        "source_id": "e1",
        "title": "Ferry",
        "author": "Ada",
        "sources": 2,
        "records": 2,
    }
    assert json.loads(row["origins"]) == [
        {"source": "feeds", "source_id": "e1", "url": "http://x.example/1", "feed": "https://f.example"},
        {"source": "files", "source_id": "1", "url": "https://x.example/1", "feed": None},
    ]


def test_what_the_first_record_lacks_comes_from_the_next(frame: Make) -> None:
    later = FILE | {"id": "2", "summary": "more", "published_at": "2026-01-05"}
    (row,) = gold({"files": cleaned(frame, "files", later, FILE)})
    assert (row["source_id"], row["summary"], row["published_on"]) == ("1", "more", date(2026, 1, 2))
    (alone,) = gold({"files": cleaned(frame, "files", FILE | {"summary": "more"})})
    assert row["content_hash"] == alone["content_hash"]
    assert row["item_id"] == alone["item_id"]


def test_an_item_without_a_date_is_there_and_sorted_last(frame: Make) -> None:
    (row,) = gold({"feeds": cleaned(frame, "feeds", ENTRY)})
    assert (row["published_at"], row["published_on"]) == (None, None)
    assert row["sort_at"] == datetime(1970, 1, 1, tzinfo=UTC)


def test_totals_tell_a_record_that_is_lost_or_in_two_items(frame: Make) -> None:
    silver = {
        "files": cleaned(frame, "files", FILE, FILE | {"id": "2"}),
        "feeds": cleaned(frame, "feeds", ENTRY),
    }
    silver = {name: one.filter(nw.col("_rule").is_null()) for name, one in silver.items()}
    made = items.aggregate(silver, NOW)
    expected = items.silver_totals(silver).to_native().fetchall()
    assert items.gold_totals(made).to_native().fetchall() == expected
    assert expected[0][0] == 3
    for wrong in (
        silver | {"files": silver["files"].filter(nw.col("source_id") == "1")},
        {"api": silver["files"]},
    ):
        assert items.gold_totals(items.aggregate(wrong, NOW)).to_native().fetchall() != expected


def test_gold_is_what_the_contract_promises(frame: Make) -> None:
    contract = load_contract(Settings().contracts / "content" / "items.odcs.yaml")
    made = items.aggregate({"files": cleaned(frame, "files", FILE)}, NOW).to_native().to_arrow_table().schema
    assert (made.names, made.types) == (items.GOLD.names, items.GOLD.types)
    assert (contract.schema.names, contract.schema.types) == (items.GOLD.names, items.GOLD.types)
    assert contract.sortable == ("item_id", "sort_at", "source")
