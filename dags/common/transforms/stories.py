"""Which records of several sources are one story.

It is told in three steps. Each groups by one value, and which value that is depends on what the records say
and not on the order in which they came; so no chain of likenesses can grow.

1. Records with the same address are one story; ``http`` and ``https`` are the same. An address that one
   source gives to records with different titles is a page and no story: there, both together are the address.
2. Stories whose first records have the same title and summary on the same day are one item.
3. A record without an address belongs to the item that has its title and day. Where there is none, or there
   are several, the records without an address that have one title and day are an item. Without a day nothing
   is alike: each such record is an item.
"""

from __future__ import annotations

import narwhals.stable.v2 as nw

from common.transforms import engine
from common.transforms.operations import Frame

FIRST = "published_at NULLS LAST, source, feed NULLS FIRST, source_id, content_hash"
"""Which record of a story is the first: the earliest published."""
SAME_TEXT = "CASE WHEN summary IS NOT NULL AND published_at IS NOT NULL THEN content_hash || ' ' || date END"


def identified(records: Frame) -> Frame:
    """The records, each with ``item``: what identifies its story.

    Args:
        records: At least ``source``, ``feed``, ``source_id``, ``url`` (as it is compared), ``headline``,
            ``summary``, ``content_hash``, ``published_at`` and its ``date``. A source, feed and source_id
            are one record.
    """
    addressed = records.filter(~nw.col("url").is_null())
    addressed = engine.with_sql(addressed, _address="regexp_replace(url, '^https?://', '')")
    titled = addressed.filter(~nw.col("headline").is_null())
    uses = titled.group_by("source", "feed", "_address").agg(_titles=nw.col("headline").n_unique())
    pages = uses.filter(nw.col("_titles") > 1).select("_address", _page=nw.lit(True)).unique(["_address"])
    stories = engine.with_sql(
        addressed.join(pages, on="_address", how="left"),
        _story="'url ' || _address || CASE WHEN _page THEN ' ' || coalesce(headline, '') ELSE '' END",
    ).drop("_address", "_page")
    texted = engine.grouped(stories, ["_story"], _text=f"first({SAME_TEXT} ORDER BY {FIRST})")
    alike = engine.grouped(texted.filter(~nw.col("_text").is_null()), ["_text"], item="min(_story)")
    items = texted.join(alike, on="_text", how="left").select(
        "_story", item=nw.coalesce(nw.col("item"), nw.col("_story"))
    )
    placed = stories.join(items, on="_story", how="left").drop("_story")
    return nw.concat([placed, _without_address(records, placed)], how="vertical")


def _without_address(records: Frame, placed: Frame) -> Frame:
    """The records that have no address, each with its ``item``; ``placed`` are those that have one."""
    dated = placed.filter(~nw.col("published_at").is_null())
    told = engine.grouped(
        dated, ["headline", "date"], _told="CASE WHEN count(DISTINCT item) = 1 THEN min(item) END"
    )
    own = "to_json([source, feed, source_id])"
    loose = records.filter(nw.col("url").is_null()).join(told, on=["headline", "date"], how="left")
    titled = "'title ' || date || ' ' || headline"
    item = f"CASE WHEN published_at IS NULL THEN 'record ' || {own} ELSE coalesce(_told, {titled}) END"
    return engine.with_sql(loose, item=item).drop("_told")
