"""Regular expressions that the engine's RE2 takes, told without it."""

from __future__ import annotations

import re
import warnings

LONGEST = 500  # characters
LARGEST = 1000  # letters and classes, each counted as often as it is repeated: RE2 writes them all out
CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f]")  # such as that of "\b", which means r"\b"
LETTERS = "dDsSwWnrtfv"  # that mean the same after a backslash in Python and RE2
TOKEN = re.compile(
    r"\\(?P<escaped>[ -~])"
    r"|(?P<class>\[\^?\]?(?:\\[ -~]|[^\[\]\\])*\])"
    r"|(?P<opens>\((?:\?:|\?P<[A-Za-z_]\w*>|(?!\?)))"
    r"|(?P<closes>\))"
    r"|(?P<repeat>(?:[*+?]|\{(?P<least>\d{1,4})(?:,(?P<most>\d{0,4}))?\})\??(?![*+?{]))"
    r"|(?P<other>[^\\\[()*+?{])",
    re.DOTALL | re.ASCII,
)


def is_pattern(text: str) -> bool:
    r"""Whether a text is a regular expression that the engine takes, and reads as Python does.

    There are no look-around, no references to groups, no possessive repetition and no flags but ``(?i)`` at
    the beginning; and no more is repeated than the engine's memory takes. ``\d``, ``\w`` and ``\s`` are of
    ASCII, as with :data:`re.ASCII`.
    """
    if len(text) > LONGEST or CONTROLS.search(text) or not _compiles(text):
        return False
    text = text.removeprefix("(?i)")
    sizes, last, at = [0], 0, 0  # of each open group, and of what a repetition would repeat
    while at < len(text):
        token = TOKEN.match(text, at)
        if token is None or not _is_common(token):
            return False
        if token["opens"]:
            sizes.append(0)
        elif token["closes"]:
            last = sizes.pop() + 1
            sizes[-1] += last
        elif token["repeat"]:
            more = last * (max(int(token["most"] or token["least"] or 1), 1) - 1)
            sizes[-1], last = sizes[-1] + more, last + more
        else:
            last = 1
            sizes[-1] += last
        at = token.end()
    return sum(sizes) <= LARGEST


def groups(text: str) -> int:
    """How many groups a regular expression has that give what they find."""
    return re.compile(text).groups


def _compiles(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(text)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


def _is_common(token: re.Match[str]) -> bool:
    """Whether what is escaped means the same in both languages."""
    inside = re.findall(r"\\(.)", token["class"] or "")
    outside = [token["escaped"]] if token["escaped"] else []
    return all(not letter.isalnum() or letter in LETTERS for letter in inside) and all(
        not letter.isalnum() or letter in LETTERS + "bB" for letter in outside
    )
