"""What a file is, told by its name and the first bytes of its content: format, encoding, delimiter."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Literal

from charset_normalizer import from_bytes

from common.io.sources.files.csv_records import split

Format = Literal["csv", "json", "ndjson", "parquet"]

SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".json": "json",
    ".geojson": "json",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".geojsonl": "ndjson",
    ".parquet": "parquet",
}
FOREIGN = {
    b"PK\x03\x04": "a workbook or another ZIP archive",
    b"\xd0\xcf\x11\xe0": "an old Excel workbook",
    b"%PDF": "a PDF",
    b"\x1f\x8b": "gzip data in gzip data",
}
MARKUP = re.compile(rb"\s*<(!doctype|html|\?xml|head|body|table|svg)\b", re.IGNORECASE)
BOMS = {
    b"\xff\xfe\0\0": "utf-32",
    b"\0\0\xfe\xff": "utf-32",
    b"\xef\xbb\xbf": "utf-8",
    b"\xff\xfe": "utf-16",
    b"\xfe\xff": "utf-16",
}
DELIMITERS = ",;\t|"
SAMPLE = 2**16
"""Bytes by which a delimiter or an encoding is told; more of them change next to nothing."""
EVIDENCE = 3
"""Lines that are not UTF-8 by which a text is taken to be in another encoding rather than damaged."""
USUAL = "cp1252"
"""Of several encodings that a text may be in, the one to take: what Western Windows, so Excel, writes."""


class UnknownError(Exception):
    """A file that is of no kind that can be read; the text says what it is."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What a file is.

    Attributes:
        format: Of its records.
        encoding: As Python names it; empty for Parquet.
        delimiter: Of CSV.
        doubt: What is not sure, and by which variable to say it: pairs of a sentence and a variable's name.
    """

    format: Format
    encoding: str = ""
    delimiter: str = ""
    doubt: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        told = [self.format, self.encoding, self.delimiter and f"delimiter {self.delimiter!r}"]
        return ", ".join(part for part in told if part)


@dataclass(frozen=True, slots=True)
class Said:
    """What is configured of a file; what is empty is to be told by name and content."""

    format: Literal["", Format]
    encoding: str = ""
    delimiter: str = ""


def known(name: str) -> bool:
    """Whether a name without its packing is that of a file to read."""
    return any(name.lower().endswith(suffix) for suffix in SUFFIXES)


def shape_of(name: str, head: bytes, said: Said) -> Shape:
    """What a file is.

    Args:
        name: Of the file, without its packing.
        head: The first bytes of its plain content.
        said: What is configured.

    Raises:
        UnknownError: It is none that can be read.
    """
    named = next((kind for suffix, kind in SUFFIXES.items() if name.lower().endswith(suffix)), "")
    kind = said.format or named
    if kind == "parquet" or (not kind and head.startswith(b"PAR1")):
        return Shape("parquet")
    _demand_text(head)
    encoding, doubt = (said.encoding, "") if said.encoding else encoding_of(head)
    if doubt and kind not in ("", "csv"):
        encoding = "utf-8"  # what JSON is by its standard
    text = head.decode(encoding, "replace").removeprefix("\ufeff")
    kind = said.format or _format(named, text)
    if kind != "csv":
        return Shape(kind, encoding)
    doubts = [(doubt, "ENCODING")] if doubt else []
    delimiter = said.delimiter
    if not delimiter:
        delimiter, doubt = delimiter_of(text, name)
        doubts += [(doubt, "DELIMITER")] if doubt else []
    return Shape("csv", encoding, delimiter, tuple(doubts))


def encoding_of(head: bytes) -> tuple[str, str]:
    """The encoding of a text by its first bytes, and what is not sure of it."""
    for bom, encoding in BOMS.items():
        if head.startswith(bom):
            return encoding, ""
    sample = _whole_lines(head)
    if wide := _without_bom(sample):
        return wide, ""
    lines = [line for line in sample.splitlines() if not line.isascii()]
    strange = sum(not _is_utf8(line) for line in lines)
    in_header = not _is_utf8(sample.lstrip(b"\r\n").partition(b"\n")[0])
    if (strange < EVIDENCE and not in_header) or strange * 4 <= len(lines):
        return "utf-8", ""  # a line here and there that is not in it is damaged, and a dead letter
    return _guessed(sample)


def delimiter_of(text: str, name: str) -> tuple[str, str]:
    """The delimiter of a CSV text by its first lines, and what is not sure of it."""
    data = _whole_lines(text.encode("utf-8", "replace"))
    fits = {mark: fit for mark in DELIMITERS if (fit := _fit(data, mark)) is not None}
    usual = "\t" if name.lower().endswith(".tsv") else ","
    if not fits:
        return usual, ""
    best = max(fits, key=lambda mark: (fits[mark], mark == usual))
    rivals = [mark for mark in fits if mark != best and fits[mark][0] == fits[best][0]]
    if fits[best][0] < 0.5:
        return best, f"the fields seem to be parted by {best!r}, and most records do not fit the header"
    if rivals:
        return best, f"the fields may be parted by {best!r} or {rivals[0]!r}, and {best!r} was taken"
    return best, ""


def _fit(data: bytes, mark: str) -> tuple[float, int] | None:
    """The share of records with as many fields as the header, and how many; ``None`` where it has but one."""
    found = split(data, mark, final=True)
    fields = found.fields[found.fields != 0].tolist()
    if not fields or fields[0] < 2:
        return None
    rows = fields[1:] or fields
    return round(sum(count == fields[0] for count in rows) / len(rows), 2), fields[0]


def _demand_text(head: bytes) -> None:
    """Raises UnknownError for what is known to be neither text nor Parquet."""
    kind = next((kind for magic, kind in FOREIGN.items() if head.startswith(magic)), "")
    if MARKUP.match(head.removeprefix(b"\xef\xbb\xbf")):
        kind = "HTML or XML"
    if kind:
        raise UnknownError(f"it is {kind}")


def _format(named: str, text: str) -> Format:
    """CSV, JSON or NDJSON: by name, but a ``.json`` of one document a line is NDJSON."""
    if named in ("csv", "ndjson"):
        return "csv" if named == "csv" else "ndjson"
    start = text.lstrip()[:1]
    if not named and start not in ("{", "["):
        return "csv"
    lines = [line for line in text.splitlines() if line.strip()]
    return "ndjson" if len(lines) > 1 and _is_object(lines[0]) else "json"


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _without_bom(sample: bytes) -> str:
    """UTF-16 without a byte order mark, whose ASCII letters have each second byte NUL; empty for others."""
    if len(sample) % 2 and len(sample) < SAMPLE // 2:  # half a character
        return ""
    even, odd = sample[0::2].count(0), sample[1::2].count(0)
    for encoding, there, elsewhere in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        often = there >= EVIDENCE and there * 32 > len(sample) and there > 16 * elsewhere
        if often and "\0" not in sample.decode(encoding, "ignore"):
            return encoding
    return ""


def _guessed(sample: bytes) -> tuple[str, str]:
    """The likeliest encoding of bytes that are no UTF-8; UTF-8 where none is likely."""
    # the encodings of one list give one and the same text
    readings = [match.could_be_from_charset for match in from_bytes(sample)]
    likely = [names for names in readings if not {"ascii", "utf_8"} & set(names)]
    if not likely:
        return "utf-8", "it is not UTF-8, and no other encoding is likely"
    best = next((names for names in likely if USUAL in names), likely[0])
    taken = USUAL if USUAL in best else best[0]
    others = ", ".join(names[0] for names in likely[:4] if names is not best)
    or_else = f" (it may be {others} as well)" if others else ""
    return taken, f"it is not UTF-8, and was taken for {taken}{or_else}"


def _whole_lines(data: bytes) -> bytes:
    """The first lines of a text, without one that is cut off."""
    if len(data) <= SAMPLE:
        return data
    return data[: data.rfind(b"\n", 0, SAMPLE) + 1] or data[:SAMPLE]


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True
