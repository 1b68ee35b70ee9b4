"""Records are found where Python's csv module finds them, on the lines where it finds them."""

import csv
import io
import random
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from common.io.sources.files import csv_records
from common.io.sources.files.csv_records import Records, split


def listed(data: bytes, found: Records) -> list[tuple[bytes, int, int]]:
    return [
        (data[start:end], line, fields)
        for start, end, line, fields in zip(
            *(column.tolist() for column in (found.starts, found.ends, found.lines, found.fields)),
            strict=True,
        )
    ]


def by_python(text: str) -> list[tuple[int, list[str]]]:
    """(line from 0, fields) of each record that is not blank."""
    reader = csv.reader(io.StringIO(text, newline=""))
    rows, line = [], 0
    for row in reader:
        if row:
            rows.append((line, row))
        line = reader.line_num
    return rows


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_awkward_but_right_records(line_end: str) -> None:
    lines = ["id,name", '1,"a ""quoted"" one"', "", f'2,"two{line_end}lines"', "3,", '4,""', "5,é"]
    data = line_end.join([*lines, ""]).encode()
    found = split(data, ",", final=True)
    assert listed(data, found) == [
        (b"id,name", 0, 2),
        (b'1,"a ""quoted"" one"', 1, 2),
        (b"", 2, 0),
        (f'2,"two{line_end}lines"'.encode(), 3, 2),
        (b"3,", 5, 2),
        (b'4,""', 6, 2),
        ("5,é".encode(), 7, 2),
    ]
    assert (found.consumed, found.lines_consumed) == (len(data), 8)


def test_the_last_record_needs_no_line_end_where_the_file_ends() -> None:
    data = b"a,b\n1,2"
    assert listed(data, split(data, ",", final=False)) == [(b"a,b", 0, 2)]
    whole = split(data, ",", final=True)
    assert listed(data, whole) == [(b"a,b", 0, 2), (b"1,2", 1, 2)]
    assert whole.consumed == len(data)


def test_nothing_holds_no_record() -> None:
    assert listed(b"", split(b"", ",", final=True)) == []
    assert split(b"no line end yet", ",", final=False).consumed == 0


@pytest.mark.parametrize(
    ("line", "fields"),
    [
        (b'1,5" pipe', 2),  # a quote inside an unquoted field is a character
        (b'1,5" x,6",y', 4),
        (b'1,a""b', 2),
        (b'1,"a"b', -1),  # text after a closing quote
        (b'1,"never closed', -1),
        (b'"', -1),
        (b'1,5" pipe,"x,y",', 4),
    ],
)
def test_a_wrong_quote_costs_its_own_line_alone(line: bytes, fields: int) -> None:
    data = b'1,"good"\n' + line + b'\n2,"good"\n3,good\n'
    assert listed(data, split(data, ",", final=True)) == [
        (b'1,"good"', 0, 2),
        (line, 1, fields),
        (b'2,"good"', 2, 2),
        (b"3,good", 3, 2),
    ]


def test_a_quote_that_never_closes_is_given_up_after_the_longest_record(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = b'1,"open\n' + b"2,good\n" * 20
    assert split(data, ",", final=False).consumed == 0, "the quote may still close in the next block"
    monkeypatch.setattr(csv_records, "LONGEST", 64)
    found = listed(data, split(data, ",", final=False))
    assert found[:2] == [(b'1,"open', 0, -1), (b"2,good", 1, 2)]


def random_file(seed: int) -> str:
    """Well-formed CSV with everything that makes lines hard to count, in one kind of line end."""
    chance = random.Random(seed)
    line_end = chance.choice(["\n", "\r\n", "\r"])
    pieces = ["a", "é", "7", " ", ",", ";", '"', "\n", "\r\n", "\r", "x" * 30, ""]
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator=line_end)
    for _ in range(chance.randrange(1, 40)):
        kind = chance.random()
        if kind < 0.1:
            out.write(line_end)
        elif kind < 0.2:
            out.write(f'5" pipe,b"c{line_end}')
        else:
            writer.writerow("".join(chance.choices(pieces, k=chance.randrange(4))) for _ in range(3))
    text = out.getvalue()
    return text.removesuffix(line_end) if chance.random() < 0.5 else text


@pytest.mark.parametrize("seed", range(60))
def test_records_and_lines_are_those_of_the_csv_module(seed: int) -> None:
    text = random_file(seed)
    data = text.encode()
    found = [(line, fields) for _, line, fields in listed(data, split(data, ",", final=True)) if fields]
    assert found == [(line, len(row)) for line, row in by_python(text)]


@pytest.mark.parametrize("seed", range(30))
def test_where_a_block_ends_makes_no_difference(seed: int) -> None:
    data = random_file(seed).encode() + b'\n1,"open\n2,good\n'
    whole = [row for row in listed(data, split(data, ",", final=True)) if row[2]]
    chance = random.Random(seed)
    cuts = sorted({0, *(chance.randrange(len(data) + 1) for _ in range(6)), len(data)})
    rows, rest, line = [], b"", 0
    for at, (start, end) in enumerate(pairwise(cuts)):
        block, final = rest + data[start:end], at == len(cuts) - 2
        if block.endswith(b"\r") and not final:
            rest = block
            continue
        found = split(block, ",", final=final)
        rows += [(text, line + first, fields) for text, first, fields in listed(block, found) if fields]
        rest, line = block[found.consumed :], line + found.lines_consumed
    assert rows == whole


LINE_END = st.sampled_from(["\n", "\r\n", "\r"])
PLAIN = st.text("aé ;", max_size=3)
QUOTED = st.text('a,"\r\n', max_size=5).map(lambda text: '"' + text.replace('"', '""') + '"')
RECORD = st.lists(PLAIN | QUOTED, max_size=4).map(",".join)
REGULAR = st.lists(st.tuples(RECORD, LINE_END).map("".join), max_size=8).map(
    lambda rows: "".join(rows).encode()
)


@given(REGULAR, st.integers(0, 12))
@example(b"\na\r", 0)
def test_the_fast_way_finds_what_the_grammar_finds(text: bytes, cut: int) -> None:
    data = text[: max(len(text) - cut, 0)]
    if cut and data.endswith(b"\r"):  # a block never ends between CR and LF
        data += b"\n"
    fast, slow = csv_records._regular(data, ","), csv_records._irregular(data, ",", final=False)
    assert fast is not None
    assert listed(data, fast) == listed(data, slow)
    assert (fast.consumed, fast.lines_consumed) == (slow.consumed, slow.lines_consumed)
