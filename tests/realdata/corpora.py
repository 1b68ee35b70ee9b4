"""Reads every file of the corpora of messy CSV and JSON, and says what became of it.

``python tests/realdata/corpora.py`` writes the outcomes to ``docs/corpora.md``. No record may be lost: each
line that is not blank has to be the header's, a row's or a dead letter's, counted from the file itself.
"""

from __future__ import annotations

import csv
import io
import json
import re
import sys
import tarfile
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).resolve().parents[2]
if __name__ == "__main__":
    sys.path[:0] = [str(REPOSITORY / "dags")]

from common.io.sources import Scope  # noqa: E402 (as a script it needs the path above)
from common.io.sources.files import FileSettings, FileSource  # noqa: E402
from common.io.sources.files.contents import Contents  # noqa: E402
from common.io.sources.files.places import File, Place  # noqa: E402
from common.io.sources.files.shapes import Said, Shape, shape_of  # noqa: E402
from common.utils.errors import SourceError  # noqa: E402
from common.utils.window import Window  # noqa: E402

PREFIX = "VITRINE_A_B_"
SCOPE = Scope(Window(None, datetime(2100, 1, 1, tzinfo=UTC)))
LINE_END = re.compile(r"\r\n|\r|\n")
SUITES = {
    "DuckDB CSV": "messy_csv/duckdb_csv_open.tar.gz",
    "csv-spectrum": "messy_csv/csv-spectrum/csvs",
    "messytables horror": "messy_csv/messytables_horror",
    "DuckDB JSON": "api_json/duckdb_json_open.tar.gz",
    "dlt rows": "api_json/dlt_rows",
    "Openverse": "api_json/openverse",
}


@dataclass
class Outcome:
    """What became of one file.

    Attributes:
        rows: Position and record of each good one.
        bad: Position, rule and text of each dead letter.
        refusal: Why nothing was read.
        lost: What is in the file and neither in a row nor in a dead letter; always empty, hopefully.
        checked: How that was found out.
    """

    suite: str
    name: str
    rows: list[tuple[int, dict[str, Any]]] = field(default_factory=list)
    bad: list[tuple[int, str, str]] = field(default_factory=list)
    refusal: str = ""
    lost: str = ""
    checked: str = ""

    @property
    def kind(self) -> str:
        """Its column in the summary."""
        return "refused" if self.refusal else "rows and dead letters" if self.bad else "rows"


def outcomes(realdata: Path, folder: Path) -> Iterator[Outcome]:
    """What becomes of each file of each suite; ``folder`` is for what has to be unpacked."""
    for suite, where in SUITES.items():
        root = realdata / where
        if root.suffix == ".gz":
            root = folder / suite
            with tarfile.open(realdata / where) as archive:
                archive.extractall(root, filter="data")
        for path in sorted(one for one in root.rglob("*") if one.is_file()):
            yield outcome(suite, path.relative_to(root).as_posix(), path)


def outcome(suite: str, name: str, path: Path) -> Outcome:
    """What becomes of one file, with no setting but its path."""
    made = Outcome(suite, name)
    source = FileSource(FileSettings(path=str(path)), PREFIX)
    try:
        (item,) = source.items()
        found = list(source.read(item, SCOPE))
    except SourceError as error:
        made.refusal = error.what
        return made
    for part in found:
        for row in part.records.to_pylist():
            own = {key: value for key, value in row.items() if key not in ("_item", "_digest", "_position")}
            made.rows.append((row["_position"], own))
        made.bad += [(row["_position"], row["rule"], row["record"]) for row in part.unreadable.to_pylist()]
    columns = item.schema.names if item.schema is not None else []
    made.checked, made.lost = account(made, path, columns)
    return made


def account(made: Outcome, path: Path, columns: list[str]) -> tuple[str, str]:
    """How the records of a file were counted independently, and what is missing."""
    shape, data = plain(path)
    if shape.format == "json":
        value = json.loads(data.decode("utf-8-sig")) if data.strip() else []
        count = len(value) if isinstance(value, list) else 1
        there = len(made.rows) + len(made.bad)
        return "by Python's json", "" if count == there else f"{count} records, {there} found"
    text = data.decode(shape.encoding, "backslashreplace").removeprefix("\ufeff")
    if shape.format == "ndjson":
        lines = {at for at, line in enumerate(text.split("\n"), 1) if line.strip(" \t\r")}
        there = Counter([at for at, _ in made.rows] + [at for at, _, _ in made.bad])
        wrong = sorted((lines ^ set(there)) | {at for at, times in there.items() if times > 1})
        return "line by line", f"lines {wrong}" if wrong else ""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=shape.delimiter)
    next((row for row in reader if row), [])
    if lost := uncovered(made, text, reader.line_num):
        return "line by line", lost
    return by_csv(made, data, shape, columns)


def uncovered(made: Outcome, text: str, header_end: int) -> str:
    """Lines in no record, or in two: a record takes one line, and one more for each line end in it."""
    lines = LINE_END.split(text)
    filled = [at for at, line in enumerate(lines, 1) if line]
    spans = [(at, "".join(str(value or "") for value in row.values())) for at, row in made.rows]
    spans += [(at, raw) for at, _, raw in made.bad]
    taken = Counter(line for at, held in spans for line in range(at, at + len(LINE_END.split(held))))
    taken.update(range(filled[0], header_end + 1) if filled else ())
    wrong = [at for at in filled if taken[at] != 1] + [at for at in taken if at > len(lines)]
    return f"lines {wrong[:5]}" if wrong else ""


def by_csv(made: Outcome, data: bytes, shape: Shape, columns: list[str]) -> tuple[str, str]:
    """Each record as Python's strict csv module has it, where that can read the file."""
    try:
        text = data.decode(shape.encoding).removeprefix("\ufeff")
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=shape.delimiter, strict=True)
        expected, ragged, line = {}, set(), 1
        for row in reader:
            if len(row) == len(columns):
                expected[line] = [value or None for value in row]
            elif row:
                ragged.add(line)
            line = reader.line_num + 1
    except (UnicodeDecodeError, csv.Error):
        return "line by line", ""
    if "\0" in text:
        return "line by line", ""
    if expected:
        del expected[min(expected)]  # the header
    same = {at: list(row.values()) for at, row in made.rows} == expected
    right = same and {at for at, _, _ in made.bad} == ragged
    return "by Python's csv, value by value", "" if right else "other records than Python's csv has"


def plain(path: Path) -> tuple[Shape, bytes]:
    """What a file was taken for, and all of its content, unpacked."""
    contents = Contents(Place(str(path), "", PREFIX), File(str(path), path.name))
    try:
        member = next(contents.members())
        shape = shape_of(member.name, member.head, Said("", "", ""))
        return shape, b"".join(member.blocks)
    finally:
        contents.close()


def report(found: list[Outcome]) -> str:
    """The outcomes as Markdown."""
    kinds = ("rows", "rows and dead letters", "refused")
    lines = [
        "# What became of other people's messy files",
        "",
        "Every file of the corpora, read with no setting but its path. *Rows*: all records came through.",
        "*Rows and dead letters*: what could not be read is kept whole with its line and its reason.",
        "*Refused*: nothing was read, and the error says why. No line is lost: where Python's own `csv`",
        "(strict) or `json` can read a file, all records are compared with it, those of CSV value by value;",
        "elsewhere each line that is not blank is in exactly one row or dead letter.",
        "",
        f"| suite | files | {' | '.join(kinds)} | records | dead letters | compared with Python's reader |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for suite in SUITES:
        ours = [one for one in found if one.suite == suite]
        counts = Counter(one.kind for one in ours)
        rows, bad = sum(len(one.rows) for one in ours), sum(len(one.bad) for one in ours)
        compared = sum(one.checked.startswith("by Python") for one in ours)
        figures = [len(ours), *(counts[kind] for kind in kinds), rows, bad, compared]
        lines.append(f"| {suite} | {' | '.join(f'{figure:,}' for figure in figures)} |")
    lines += ["", "Written by `python tests/realdata/corpora.py`. All that is not plain rows:", ""]
    lines += ["| suite | file | records | dead letters, by rule; or why it is refused |", "|---|---|--:|---|"]
    for one in found:
        if one.kind != "rows":
            rules = Counter(rule for _, rule, _ in one.bad)
            why = ", ".join(f"{count} {rule}" for rule, count in sorted(rules.items())) or cell(one.refusal)
            lines.append(f"| {one.suite} | {cell(one.name)} | {len(one.rows):,} | {why} |")
    return "\n".join(lines) + "\n"


def cell(text: str, most: int = 150) -> str:
    """A text that can stand in a table."""
    shown = "".join(letter if letter.isprintable() else "�" for letter in text).replace("|", "\\|")
    return shown if len(shown) <= most else f"{shown[:most]}…"


def main() -> None:
    """Writes the report into the documentation."""
    with tempfile.TemporaryDirectory() as folder:
        found = list(outcomes(REPOSITORY.parent / "shared" / "realdata", Path(folder)))
    (REPOSITORY / "docs" / "corpora.md").write_text(report(found), "utf-8")


if __name__ == "__main__":
    main()
