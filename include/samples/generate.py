"""Writes the samples of all subjects: ``python -m samples.generate --out DIR --end 2026-03-31``.

The sample of a subject is the module of its name here: ``files`` says what is written, ``VARIABLES`` how each
of its sources reads it. A folder ``<domain>/<subject>`` has the files, the document beside it the variables.
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

DAYS, SEED = 90, 20260101
CONTRACTS = Path(__file__).resolve().parents[1] / "contracts"
SUFFIX = ".odcs.yaml"


def generate(out: Path, end: date, days: int = DAYS, seed: int = SEED) -> int:
    """Writes what is missing or has another content by now.

    Args:
        out: Folder; created where it is not there.
        end: The last day.
        days: How many at least.
        seed: Of all samples.

    Returns:
        Files written.
    """
    first = end - timedelta(days=days - 1)
    return sum(
        _written(out / domain / subject, subject, (seed, first, end)) for domain, subject in subjects()
    )


def subjects() -> Iterator[tuple[str, str]]:
    """Domain and name of each subject that has a sample, in the order of the contracts."""
    for contract in sorted(CONTRACTS.glob(f"*/*{SUFFIX}")):
        subject = contract.name.removesuffix(SUFFIX)
        if Path(__file__).with_name(f"{subject}.py").exists():
            yield contract.parent.name, subject


def _written(folder: Path, subject: str, asked: tuple[int, date, date]) -> int:
    index = folder.with_suffix(".json")  # beside the folder, of which a source may read every file
    wanted = [asked[0], *(day.isoformat() for day in asked[1:])]
    if index.exists() and json.loads(index.read_text(encoding="utf-8"))["of"] == wanted:
        return 0
    module = importlib.import_module(f"samples.{subject}")
    variables = {
        source: {name: value.replace("{folder}", str(folder)) for name, value in named.items()}
        for source, named in module.VARIABLES.items()
    }
    written = sum(_write(folder / name, content) for name, content in module.files(*asked))
    _write(index, json.dumps({"of": wanted, "variables": variables}, indent=2))  # last: then all is there
    return written


def _write(path: Path, content: str) -> bool:
    """Replaces a file whole, unless it has that content already."""
    if path.exists() and path.read_text(encoding="utf-8") == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.unfinished")
    unfinished.write_text(content, encoding="utf-8", newline="\n")
    unfinished.replace(path)
    return True


def main(arguments: list[str] | None = None) -> int:
    """The command; its exit code."""
    parser = argparse.ArgumentParser(
        prog="samples.generate", description="Writes the samples of all subjects, each into a folder."
    )
    parser.add_argument("--out", type=Path, required=True, help="folder")
    parser.add_argument("--end", type=date.fromisoformat, required=True, help="last day, YYYY-MM-DD")
    parser.add_argument("--days", type=int, default=DAYS, help="at least so many days (%(default)s)")
    parser.add_argument("--seed", type=int, default=SEED, help="another seed, another sample (%(default)s)")
    given = parser.parse_args(arguments)
    if given.days < 1:
        parser.error("--days must be at least 1")
    written = generate(given.out.resolve(), given.end, given.days, given.seed)
    sys.stdout.write(f"samples: {written} files written to {given.out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
