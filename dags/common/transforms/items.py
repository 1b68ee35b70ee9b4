"""Stories from files, an API and feeds as one collection of items: pure functions over lazy frames.

:mod:`common.transforms.stories` says which records are one story.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from functools import reduce
from operator import and_

import narwhals.stable.v2 as nw
import pyarrow as pa

from common.transforms import engine, texts
from common.transforms.operations import Check, Frame, Records, judged
from common.transforms.stories import FIRST, identified
from common.utils.arrow import schema_of

MOMENT = pa.timestamp("us", tz="UTC")
UNDATED = date(1970, 1, 1)
YEARS = "TIMESTAMPTZ '1900-01-01 00:00:00+00' AND TIMESTAMPTZ '2099-12-31 23:59:59.999999+00'"

TITLE, SUMMARY, AUTHOR, CATEGORY, ID = 300, 2_000, 200, 100, 500  # characters

COLUMNS = ("id", "title", "summary", "url", "category", "author", "published_at", "language")
ENTRY = (
    *("id", "title", "summary", "content", "url", "categories"),
    *("author", "published", "updated", "language", "feed_url"),
)
OPTIONAL = ("summary", "url", "category", "author", "published_at", "language")

FIELDS = schema_of(
    date=pa.date32(),
    source_id=pa.string(),
    feed=pa.string(),
    title=pa.string(),
    summary=pa.string(),
    url=pa.string(),
    category=pa.string(),
    author=pa.string(),
    published_at=MOMENT,
    language=pa.string(),
    headline=pa.string(),
    content_hash=pa.string(),
)
"""``url`` is as it is compared. ``headline`` is the title's words, else the summary's; ``date`` the day of
``published_at``, ``UNDATED`` without one. ``feed`` is null where a source is no list of feeds."""

GOLD = schema_of(
    item_id=pa.string(),
    source=pa.string(),
    source_id=pa.string(),
    title=pa.string(),
    summary=pa.string(),
    url=pa.string(),
    category=pa.string(),
    author=pa.string(),
    published_at=MOMENT,
    published_on=pa.date32(),
    sort_at=MOMENT,
    language=pa.string(),
    content_hash=pa.string(),
    origins=pa.string(),
    sources=pa.int64(),
    records=pa.int64(),
)

TOLD = Check(
    "nothing_told",
    "title",
    reduce(and_, (nw.col(name).is_null() for name in ("title", "summary", "url"))),
    "is missing, and so are summary and url; one of them is needed",
)
DATED = Check(
    "published_at_impossible",
    "published_at",
    ~nw.col("_published").is_null() & nw.col("published_at").is_null(),
    "is no date from 1900 to 2099; write it as 2026-01-31 or 2026-01-31T08:26:00Z, or leave it out",
    "_published",
)
IDENTIFIED = Check("id_missing", "id", nw.col("source_id").is_null(), "is missing")

ORIGIN = ("source", "source_id", "url", "feed")
CONTENT_HASH = texts.digest(texts.words("title"), texts.words("summary"))


def clean(received: Frame) -> Frame:
    """Types records of files or an API.

    Args:
        received: ``COLUMNS`` as text, null where blank.

    Returns:
        ``FIELDS``, ``_event_at``, the verdict, and the columns that came with them. A record may have no
        date; one that cannot be read is rejected, as whoever wrote it can correct it.
    """
    told = received.with_columns(_published=nw.col("published_at"), feed=nw.lit(None).cast(nw.String()))
    return _typed(
        told,
        [IDENTIFIED, TOLD, DATED],
        summary=("summary",),
        category="category",
        published_at=engine.timestamp("published_at"),
    )


def clean_feeds(received: Frame) -> Frame:
    """Types entries of feeds.

    Args:
        received: ``ENTRY`` as text, null where blank.

    Returns:
        As :func:`clean`. A summary is taken from the content where there is none, and the time of
        publication from that of the update. One that cannot be read is null, as nobody will correct the
        feeds of others, and their stories would be lost.
    """
    return _typed(
        received.with_columns(feed=nw.col("feed_url")),
        [IDENTIFIED, TOLD],
        summary=("summary", "content"),
        category="categories",
        published_at=f"coalesce({engine.timestamp('published')}, {engine.timestamp('updated')})",
    )


def aggregate(silver: Mapping[str, Frame], as_of: datetime) -> Frame:
    """One row a story, whatever the number of records that tell it.

    Args:
        silver: ``FIELDS``, all days, by source.
        as_of: Not used: an item does not change with time.

    Returns:
        ``GOLD``. The earliest published record is shown; what it lacks comes from the next that has
        it. ``origins`` is a JSON list of all; ``sources`` counts files, API and each feed once.
    """
    return _items(identified(_together(silver)))


def silver_totals(silver: Mapping[str, Frame]) -> Frame:
    """How many records silver has, and the sum of a number made of each one's origin, in one row."""
    return _totals(_together(silver).select(*ORIGIN))


def gold_totals(gold: Frame) -> Frame:
    """The same of all origins in gold: no record is lost, or in two items."""
    return _totals(engine.unnested(gold, "origins", ORIGIN))


SOURCES = {
    "files": Records(COLUMNS, FIELDS, clean, default={"KEY": "id"}, optional=OPTIONAL),
    "api": Records(COLUMNS, FIELDS, clean, default={"KEY": "id"}, optional=OPTIONAL),
    "feeds": Records(ENTRY, FIELDS, clean_feeds, default={"SOURCE": "feeds", "UPDATED_AT": "updated"}),
}
WHOLE = True


def _typed(
    told: Frame, checks: list[Check], *, summary: tuple[str, ...], category: str, published_at: str
) -> Frame:
    """Types and judges records.

    Args:
        told: As received, with ``id``, ``title``, ``author``, ``url``, ``language`` and ``feed``.
        checks: What is wrong with a record; they see the typed columns.
        summary: Columns; the first that has text is the summary.
        category: A column, of one category or a JSON list.
        published_at: SQL.
    """
    typed = [name for name in FIELDS.names if name in told.collect_schema().names() and name != "feed"]
    read = engine.with_sql(
        told,
        _plain=texts.each(["title", "author", texts.first_of(category), *summary], texts.plain_text),
        _id=texts.one_line("id"),
        _url=texts.address("url"),
        _language=texts.language("language"),
        _published_at=published_at,
    )
    shown = engine.with_sql(
        read.drop(typed),
        source_id=texts.cut("_id", ID),
        title=texts.cut("_plain[1]", TITLE),
        summary=texts.cut(
            f"coalesce({', '.join(f'_plain[{4 + at}]' for at in range(len(summary)))})", SUMMARY
        ),
        url="_url",
        category=texts.cut("lower(_plain[3])", CATEGORY),
        author=texts.cut("_plain[2]", AUTHOR),
        published_at=f"CASE WHEN _published_at BETWEEN {YEARS} THEN _published_at END",
        language="_language",
    )
    return judged(_derived(shown), checks)


def _derived(shown: Frame) -> Frame:
    """With the fields that are made of others."""
    return engine.with_sql(
        shown,
        _event_at="published_at",
        date=f"coalesce(CAST(published_at AS DATE), DATE '{UNDATED}')",
        headline=texts.words(f"coalesce(title, left(summary, {TITLE}))"),
        content_hash=CONTENT_HASH,
    )


def _together(silver: Mapping[str, Frame]) -> Frame:
    """The records of all sources, each with its source."""
    frames = [frame.select(*FIELDS.names, source=nw.lit(name)) for name, frame in sorted(silver.items())]
    return nw.concat(frames, how="vertical")


def _items(records: Frame) -> Frame:
    """One row a story, of ``GOLD``."""
    shown = (
        "source",
        "source_id",
        "title",
        "summary",
        "url",
        "category",
        "author",
        "published_at",
        "language",
    )
    items = engine.grouped(
        records,
        ["item"],
        **{name: f"first({name} ORDER BY {FIRST}) FILTER ({name} IS NOT NULL)" for name in shown},
        origins=engine.json_list(ORIGIN, FIRST),
        sources="count(DISTINCT [source, feed])",
        records="count(*)",
    )
    return engine.with_sql(
        items,
        item_id=f"left({texts.digest('item')}, 32)",
        published_on="CAST(published_at AS DATE)",
        sort_at=f"coalesce(published_at, TIMESTAMPTZ '{UNDATED} 00:00:00+00')",
        content_hash=CONTENT_HASH,
    ).select(*GOLD.names)


def _totals(origins: Frame) -> Frame:
    """Their number, and the sum of a number made of each."""
    number = f"CAST('0x' || left({texts.digest(*ORIGIN)}, 8) AS BIGINT)"
    return engine.with_sql(origins, _number=number).select(
        nw.len().alias("records"), nw.col("_number").sum().alias("origins")
    )
