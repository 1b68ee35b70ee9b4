"""Stories of an invented town as a CSV export, an API's answers and a few feeds tell them.

The files have what real ones have: the same story in two places with other tracking parameters, HTML in
summaries, corrections some days later, categories in any spelling, dates that are none, records without text,
a feed that breaks off in the middle.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta, timezone
from email.utils import format_datetime
from html import escape

from samples.town import FEEDS, Story, stories

VARIABLES: Mapping[str, Mapping[str, str]] = {
    "files": {"PATH": "{folder}/files"},
    "api": {"PATH": "{folder}/api", "RECORDS": "data.items"},
    "feeds": {"SOURCE": "feeds", "URL": "{folder}/feeds/list.opml"},
}

LATE = 2  # days after which a story is corrected
IN_FEED = timedelta(days=30)  # what is older has left the feeds
COLUMNS = ("id", "title", "summary", "url", "category", "author", "published_at", "language")

TRACKING = ("", "?utm_source=town&utm_medium=rss", "?fbclid=IwAR0x1", "/", "#comments")

# Of a thousand stories, by their fate
BAD_DATE, NO_DATE, NO_ID, NO_TEXT = range(0, 10), range(10, 20), range(20, 25), range(25, 30)
TWICE, CORRECTED, NO_ADDRESS = range(30, 45), range(45, 75), range(75, 115)


def files(seed: int, first: date, last: date) -> Iterator[tuple[str, str]]:
    """The relative path and the content of each file."""
    days = [first + timedelta(days=at) for at in range((last - first).days + 1)]
    for day in days:
        yield f"files/items-{day}.csv", _csv(seed, day)
        yield f"api/{day}.json", _answer(seed, day)
    told = [
        story for day in reversed(days) for story in reversed(stories(seed, day)) if "feeds" in story.told
    ]
    recent = [story for story in told if last - story.day < IN_FEED]
    for name, write in (("harbour.rss", _rss), ("town.atom", _atom), ("culture.rdf", _rdf)):
        yield f"feeds/{name}", write([story for story in recent if story.feed == name])
    yield "feeds/archive.rss", _rss([story for story in told if last - story.day >= IN_FEED])
    yield "feeds/broken.rss", _rss(recent[:8]).rpartition("<description>")[0]
    yield "feeds/list.opml", _opml()


def _csv(seed: int, day: date) -> str:
    """A day's export: its stories, and late corrections of earlier ones."""
    rows = [row for story in stories(seed, day) if "files" in story.told for row in _lines(story)]
    for story in stories(seed, day - timedelta(days=LATE)):
        if "files" in story.told and story.fate in CORRECTED:
            rows += _lines(replace(story, title=f"{story.title} (corrected)"))
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return text.getvalue()


def _lines(story: Story) -> list[list[str]]:
    """What is written of a story: nearly always one line."""
    summary = f'<p>{story.text}</p><p><a href="{story.url}">Read&nbsp;more</a></p>'
    row = {
        "id": f"F-{story.id}",
        "title": story.title,
        "summary": summary,
        "url": "" if story.fate in NO_ADDRESS else story.url + TRACKING[story.fate % len(TRACKING)],
        "category": story.category,
        "author": story.author,
        "published_at": f"{story.moment:%Y-%m-%d %H:%M:%S}",
        "language": story.language,
    }
    if story.fate in BAD_DATE:
        row["published_at"] = f"{story.day:%Y-%m}-32"
    elif story.fate in NO_DATE:
        row["published_at"] = ""
    elif story.fate in NO_ID:
        row["id"] = ""
    elif story.fate in NO_TEXT:
        row |= {"title": "", "summary": " ", "url": ""}
    return [list(row.values())] * (2 if story.fate in TWICE else 1)


def _answer(seed: int, day: date) -> str:
    """What an API answers for a day."""
    told = [story for story in stories(seed, day) if "api" in story.told]
    return json.dumps({"data": {"items": [_object(story) for story in told]}, "next": None}, indent=1)


def _object(story: Story) -> dict[str, object]:
    moment = story.moment.astimezone(timezone(timedelta(hours=2))).isoformat()
    return {
        "id": f"api:{story.id}",
        "title": story.title if story.fate not in NO_TEXT else None,
        "summary": story.text if story.fate not in NO_TEXT else None,
        "url": f"{story.url}?utm_campaign=api" if story.fate not in NO_TEXT else "javascript:void(0)",
        "category": [story.category, "town"],
        "author": story.author or None,
        "published_at": "yesterday" if story.fate in BAD_DATE else moment,
        "language": story.language or None,
    }


def _rss(told: Sequence[Story]) -> str:
    items = "\n".join(
        f"<item><title>{escape(story.title)}</title><link>{escape(_link(story))}</link>"
        f'<guid isPermaLink="false">town-{story.id}</guid><pubDate>{_rfc822(story)}</pubDate>'
        f"<category>{story.category}</category><description>{escape(_html(story))}</description></item>"
        for story in told
    )
    head = "<title>Harbour news</title><link>https://news.example/</link><language>en-gb</language>"
    return f'<?xml version="1.0"?>\n<rss version="2.0"><channel>{head}\n{items}\n</channel></rss>\n'


def _atom(told: Sequence[Story]) -> str:
    entries = "\n".join(
        f'<entry><id>tag:news.example,{story.day}:{story.number}</id><title type="html">{escape(story.title)}'
        f'</title><link href="{escape(_link(story))}"/><updated>{story.moment:%Y-%m-%dT%H:%M:%SZ}</updated>'
        f'<author><name>Desk</name></author><content type="html">{escape(_html(story))}</content></entry>'
        for story in told
    )
    start = '<?xml version="1.0"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">'
    return f"{start}<id>urn:town</id><title>Town</title>\n{entries}\n</feed>\n"


def _rdf(told: Sequence[Story]) -> str:
    items = "\n".join(
        f'<item rdf:about="{escape(story.url)}"><title>{escape(story.title)}</title>'
        f"<link>{escape(_link(story))}</link><dc:date>{story.moment:%Y-%m-%dT%H:%M:%SZ}</dc:date>"
        f"<description>{escape(_html(story))}</description></item>"
        for story in told
    )
    names = 'xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
    start = f'<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" {names}>'
    channel = '<channel rdf:about="https://news.example/"><title>Culture</title></channel>'
    return f'<?xml version="1.0"?>\n{start}{channel}\n{items}\n</rdf:RDF>\n'


def _html(story: Story) -> str:
    """A summary as feeds have it."""
    return f"<p>{story.text}</p><script>track('{story.id}')</script><img src='/{story.number}.png'>"


def _link(story: Story) -> str:
    return f"{story.url}?utm_source=feed&utm_medium=rss"


def _rfc822(story: Story) -> str:
    return (
        f"Thu, 32 {story.day:%b %Y} 25:61:00 GMT" if story.fate in BAD_DATE else format_datetime(story.moment)
    )


def _opml() -> str:
    named = ("archive.rss", "broken.rss", *FEEDS)
    outlines = "".join(f'<outline type="rss" text="{name}" xmlUrl="{name}"/>\n' for name in named)
    return f'<?xml version="1.0"?>\n<opml version="2.0"><body>\n{outlines}</body></opml>\n'
