"""Turns a stream of UTF-8 blocks of one CSV file into records and what could not be read."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.csv

from common.io.sources import ORIGIN, REJECTED, Item, Part, origin
from common.io.sources.files.csv_records import LONGEST, Integers, Records, count_fields, split
from common.utils.errors import SourceError

BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Layout:
    """How one file is read.

    Attributes:
        columns: As the header names them, or as they are configured.
        encoding: For messages.
        encoding_variable: The environment variable that it is configured by.
    """

    item: Item
    columns: Sequence[str]
    delimiter: str
    encoding: str
    encoding_variable: str
    has_header: bool = True


def header(head: bytes, delimiter: str) -> tuple[str, ...]:
    """The names in the first line that is not blank; none where there is no such line.

    Args:
        head: The first bytes of the file, in UTF-8.
        delimiter: One ASCII character.

    Raises:
        csv.Error: It is no line of names.
    """
    data = head.removeprefix(BOM)
    found = split(data, delimiter, final=True)
    first = next(
        (data[start:end] for start, end in zip(found.starts, found.ends, strict=True) if end > start), b""
    )
    if b"\0" in first:
        raise csv.Error("it has NUL bytes")
    try:
        names = next(csv.reader(io.StringIO(first.decode(), newline=""), delimiter=delimiter), [])
    except UnicodeDecodeError as error:
        raise csv.Error(f"it has the byte 0x{first[error.start]:02X}") from None
    return tuple(name.strip() or f"column_{at}" for at, name in enumerate(names, 1))


def parts(blocks: Iterator[bytes], layout: Layout) -> Iterator[Part]:
    """The records of the blocks, of which the first is the header where the layout says so.

    Raises:
        SourceError: A line is too long for a CSV file.
    """
    rest, line, header = b"", 1, layout.has_header
    for block, final in _with_last(blocks):
        data = rest + block
        if line == 1:
            data = data.removeprefix(BOM)
        if data.endswith(b"\r") and not final:
            rest = data
            continue
        found = split(data, layout.delimiter, final=final)
        if not found.consumed and len(data) > LONGEST:
            raise SourceError(
                f"{layout.item.name} has a line of more than {LONGEST >> 20} MB: this is no CSV file.",
                where=f"line {line}",
                next_step="Take the file away, or configure the source's path so that it is left out.",
            )
        records = _chosen(found, found.fields != 0)  # without blank lines
        if header and len(records.starts):
            records, header = _chosen(records, np.arange(len(records.starts)) > 0), False
        if len(records.starts):
            yield _part(data, records, line, layout)
        rest, line = data[found.consumed :], line + found.lines_consumed


def _with_last(blocks: Iterator[bytes]) -> Iterator[tuple[bytes, bool]]:
    """The blocks, and an empty last one with True."""
    for block in blocks:
        yield block, False
    yield b"", True


def _chosen(found: Records, which: npt.NDArray[np.bool_]) -> Records:
    return replace(
        found,
        starts=found.starts[which],
        ends=found.ends[which],
        lines=found.lines[which],
        fields=found.fields[which],
    )


def _part(data: bytes, found: Records, first_line: int, layout: Layout) -> Part:
    """One block's records, parsed, and those that cannot be, each with the reason."""
    good = found.fields == len(layout.columns)
    good[_no_text(data, found)] = False
    readable, unreadable = _chosen(found, good), _chosen(found, ~good)
    columns = [*_parsed(data, readable, layout), *origin(layout.item, pa.array(readable.lines + first_line))]
    schema = pa.schema([*((name, pa.string()) for name in layout.columns), *ORIGIN])
    records = pa.record_batch(columns, schema=schema)
    return Part(records, _given_up(data, unreadable, first_line, layout), found.consumed)


def _no_text(data: bytes, found: Records) -> Integers:
    """Indexes of the records that hold NUL or bytes that are no UTF-8."""
    try:
        str(memoryview(data)[: found.consumed], "utf-8")
        suspicious = data.find(b"\0", 0, found.consumed) >= 0
    except UnicodeDecodeError:
        suspicious = True
    if not suspicious:
        return np.empty(0, np.int64)
    octets = np.frombuffer(data, np.uint8)[: found.consumed]
    places = np.flatnonzero((octets >= 128) | (octets == 0))
    records = np.unique(np.searchsorted(found.starts, places, side="right") - 1)
    wrong = [at for at in records if at >= 0 and not _is_text(data[found.starts[at] : found.ends[at]])]
    return np.array(wrong, np.int64)


def _is_text(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return b"\0" not in raw


def _parsed(data: bytes, good: Records, layout: Layout) -> list[pa.Array[Any]]:
    """The fields of the good records, column by column."""
    names = layout.columns
    if not len(good.starts):
        return [pa.array([], pa.string()) for _ in names]
    if (good.starts[1:] - good.ends[:-1] <= 2).all():  # no more than line ends between them
        text = data[good.starts[0] : good.ends[-1]]
    else:
        text = b"\n".join(data[start:end] for start, end in zip(good.starts, good.ends, strict=True))
    table = pyarrow.csv.read_csv(
        cast("Any", pa.BufferReader(text)),  # the stubs know of files alone
        pyarrow.csv.ReadOptions(column_names=list(names), use_threads=False, block_size=len(text) + 1),
        pyarrow.csv.ParseOptions(delimiter=layout.delimiter, newlines_in_values=True),
        pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        ),
    )
    if table.num_rows != len(good.starts):
        raise SourceError(
            f"{layout.item.name}: {len(good.starts)} records were found and {table.num_rows} parsed.",
            where=layout.item.name,
            next_step="Nothing of it was kept. Please report the file's shape: this is a fault in Vitrine.",
        )
    return [column.combine_chunks() for column in table.columns]


def _given_up(data: bytes, bad: Records, first_line: int, layout: Layout) -> pa.RecordBatch:
    rows = []
    for start, end, fields in zip(bad.starts, bad.ends, bad.fields, strict=True):
        raw = data[start:end]
        rows.append(
            (*_why(raw, int(fields), layout), raw.decode("utf-8", "backslashreplace").replace("\0", "\\x00"))
        )
    columns = [pa.array(column, pa.string()) for column in zip(*rows, strict=True)] or [
        pa.array([], pa.string())
    ] * 4
    return pa.record_batch(
        [*origin(layout.item, pa.array(bad.lines + first_line)), *columns], schema=REJECTED
    )


def _why(raw: bytes, fields: int, layout: Layout) -> tuple[str, str | None, str]:
    """Rule, field and reason of a record that cannot be parsed."""
    expected = len(layout.columns)
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        field = _field_at(raw, error.start, layout)
        return (
            "encoding",
            field,
            f"not {layout.encoding} (byte 0x{raw[error.start]:02X} in field {field}); "
            f"set {layout.encoding_variable}, for example latin-1",
        )
    if b"\0" in raw:
        field = _field_at(raw, raw.index(b"\0"), layout)
        return "nul", field, f"a NUL byte in field {field}: the file may be damaged or UTF-16"
    if fields < 0:
        return "quote", None, "a quote that does not close, or text after a closing quote"
    return "ragged", None, f"{fields} field{'s' * (fields != 1)}, and the header has {expected}"


def _field_at(raw: bytes, offset: int, layout: Layout) -> str:
    """The column that a byte of a record stands in."""
    at = count_fields(raw[:offset], layout.delimiter)
    columns = layout.columns
    return columns[at - 1] if at <= len(columns) else str(at)
