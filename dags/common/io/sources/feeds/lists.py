"""Which feeds a list names: OPML, or one URL a line."""

from __future__ import annotations

import codecs
import re
from html import unescape
from xml.sax.saxutils import unescape as unescape_xml

LISTS = (".opml", ".txt")
COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
FEED = re.compile(r"""\bxmlUrl\s*=\s*(?:"([^"]*)"|'([^']*)')""", re.IGNORECASE)
NUMBERED = re.compile(r"&#\w+;")


class NoList(Exception):
    """A text that is no list of feeds."""


def urls_of(raw: bytes) -> list[str]:
    """The feeds' URLs in a list's order, each once.

    OPML is searched for its ``xmlUrl`` and not parsed as XML: what programs write is often not well-formed
    (bare ``&``, quotes within quotes), and what is not parsed can declare no entities.

    Raises:
        NoList: It is something else.
    """
    wide = raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    text = raw.decode("utf-16" if wide else "utf-8-sig", "replace").strip()
    if not text.startswith("<"):
        found = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    elif "<opml" in text.lower():
        found = [_plain(double or single) for double, single in FEED.findall(COMMENT.sub("", text))]
    else:
        raise NoList("it is neither OPML nor one URL a line")
    return list(dict.fromkeys(url.strip() for url in found if url.strip()))


def _plain(text: str) -> str:
    """An attribute of XML; HTML's names stay, as ``&copy=1`` is a part of a URL."""
    numbered = NUMBERED.sub(lambda found: unescape(found[0]), text)
    return unescape_xml(numbered, {"&quot;": '"', "&apos;": "'"})
