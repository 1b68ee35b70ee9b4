"""Cuts CSV bytes into records, with the physical line that each starts on, before anything is parsed.

Arrow's CSV reader is fast, but it gives no line numbers, and one stray quote or byte makes it give up a file.
So the records are found first. A record ends at a line end outside of quotes: LF, CRLF or a lone CR. A quote
opens a field only at the field's start, is doubled inside, and closes before a delimiter or a line end (RFC
4180); quotes inside an unquoted field are plain characters. Where a block of bytes has quotes in no other
place, a few passes of NumPy find everything. Where it has, a regular expression goes record by record, and a
line that fits no record is given up alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

LONGEST = 16 * 2**20  # bytes of one record; a quote still open after that is taken for a stray one

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Records:
    """The whole records at the start of some bytes; arrays of one length, blank lines included.

    Attributes:
        starts, ends: Offsets; ``ends`` is that of the line end, not part of the record.
        lines: Physical lines that each starts on, the first being 0.
        fields: Fields of each; 0 for a blank line, -1 where quotes are wrong.
        consumed: Bytes up to the next record.
        lines_consumed: Physical lines up to there.
    """

    starts: Integers
    ends: Integers
    lines: Integers
    fields: Integers
    consumed: int
    lines_consumed: int


def split(data: bytes, delimiter: str, *, final: bool) -> Records:
    """Finds the records of a block.

    Args:
        data: Starts at the start of a record, ends anywhere, but not between CR and LF.
        delimiter: One ASCII character.
        final: Whether the file ends with the block; its last record then needs no line end.
    """
    if final and not data.endswith((b"\n", b"\r")) and data:
        whole = split(data + b"\n", delimiter, final=True)
        return Records(whole.starts, whole.ends, whole.lines, whole.fields, len(data), whole.lines_consumed)
    found = _regular(data, delimiter)
    if found is None or (found.consumed < len(data) and (final or len(data) - found.consumed > LONGEST)):
        return _irregular(data, delimiter, final=final)
    return found


def count_fields(data: bytes, delimiter: str) -> int:
    """Fields of a record, or of the part of one, that the bytes begin with."""
    return _Grammar(delimiter).count(data, 0)


def _regular(data: bytes, delimiter: str) -> Records | None:
    """The records by NumPy, or ``None`` where a quote stands where RFC 4180 has none."""
    octets = np.frombuffer(data, np.uint8)
    line_ends = _line_ends(data, octets)
    quotes = np.flatnonzero(octets == ord('"'))
    last = np.searchsorted(quotes, line_ends) % 2 == 0  # after an odd number of quotes it is within a field
    ends = line_ends[last]
    if not len(ends):
        return Records(*(np.empty(0, np.int64),) * 4, 0, 0)
    consumed = int(ends[-1]) + 1
    quotes = quotes[: np.searchsorted(quotes, consumed)]
    if not _quotes_are_regular(octets, quotes, ord(delimiter)):
        return None
    starts = np.concatenate(([0], ends[:-1] + 1))
    ordinal = np.flatnonzero(last)
    lines = np.concatenate(([0], ordinal[:-1] + 1))
    ends = ends - ((ends > starts) & (octets[ends] == 10) & (octets[ends - 1] == 13))
    delimiters = np.flatnonzero(octets == ord(delimiter))
    before = _unquoted_before(np.concatenate((starts, [consumed])), delimiters, quotes)
    fields = np.where(ends == starts, 0, np.diff(before) + 1)
    return Records(starts, ends, lines, fields, consumed, int(ordinal[-1]) + 1)


def _unquoted_before(places: Integers, delimiters: Integers, quotes: Integers) -> Integers:
    """How many delimiters stand before each place, but for those within quotes; no place is within."""
    at_quotes = np.searchsorted(delimiters, quotes)
    within = np.concatenate(([0], np.cumsum(at_quotes[1::2] - at_quotes[0::2])))
    return np.searchsorted(delimiters, places) - within[np.searchsorted(quotes, places) // 2]


def _line_ends(data: bytes, octets: npt.NDArray[np.uint8]) -> Integers:
    """Offsets of the last byte of each physical line's end."""
    feeds = octets == 10
    if b"\r" in data:
        returns = octets == 13
        returns[:-1] &= ~feeds[1:]
        feeds |= returns
    return np.flatnonzero(feeds)


def _quotes_are_regular(octets: npt.NDArray[np.uint8], quotes: Integers, delimiter: int) -> bool:
    """Whether quotes open at the start of a field (or double the one before) and close at its end."""
    before, after = np.zeros(256, bool), np.zeros(256, bool)
    before[[10, 13, delimiter, ord('"')]] = after[[10, 13, delimiter, ord('"')]] = True
    opening, closing = quotes[0::2], quotes[1::2]
    opens_well = before[octets[opening - 1]] | (opening == 0)
    return bool(opens_well.all() and after[octets[closing + 1]].all())


def _irregular(data: bytes, delimiter: str, *, final: bool) -> Records:
    """The records one by one; a line whose quotes are wrong is a record of -1 fields."""
    grammar = _Grammar(delimiter)
    rows: list[tuple[int, int, int, int]] = []
    at = line = 0
    while at < len(data):
        match = grammar.record.match(data, at)
        if match is None and not final and len(data) - at <= LONGEST and grammar.unfinished.match(data, at):
            break
        match = match or grammar.line.match(data, at)
        if match is None:  # cut off by the end of the block
            break
        fields = grammar.count(data, at) if match.re is grammar.record else -1
        rows.append((at, match.end(1), line, fields if match.end(1) > at else 0))
        line += len(grammar.line_end.findall(data, at, match.end(1))) + 1
        at = match.end()
    columns = np.array(rows, np.int64).reshape(-1, 4).T
    return Records(columns[0], columns[1], columns[2], columns[3], at, line)


class _Grammar:
    """What a record looks like, as regular expressions over bytes; group 1 is it without its line end."""

    def __init__(self, delimiter: str) -> None:
        mark = re.escape(delimiter.encode())
        field = rb'(?:"[^"]*+(?:""[^"]*+)*+"(?=[\r\n%b])|(?!")[^\r\n%b]*+)' % (mark, mark)
        self.line_end = re.compile(rb"\r\n|\r|\n")
        self.record = re.compile(rb"(%b(?:%b%b)*+)(?:\r\n|\r|\n)" % (field, mark, field))
        self.line = re.compile(rb"([^\r\n]*+)(?:\r\n|\r|\n)")
        last = rb'(?:"[^"]*+(?:""[^"]*+)*+"?|(?!")[^\r\n%b]*+)' % mark
        self.unfinished = re.compile(rb"(?:%b%b)*+%b\Z" % (field, mark, last))
        self._field_and_delimiter = re.compile(field + mark)

    def count(self, data: bytes, at: int) -> int:
        """Fields of the record that starts at an offset."""
        fields = 1
        while match := self._field_and_delimiter.match(data, at):
            fields, at = fields + 1, match.end()
        return fields
