"""Writes sample files: ``python -m samples.generate --out DIR --end 2026-03-31``."""

from __future__ import annotations

import argparse
import sys
from datetime import date, timedelta
from pathlib import Path

from samples.orders import day_file

DAYS, SEED = 90, 20260101


def generate(out: Path, end: date, days: int = DAYS, seed: int = SEED) -> tuple[int, int]:
    """Writes one CSV file a day; a file that is there already is left as it is.

    Args:
        out: Folder; created where it is not there.
        end: The last day.
        days: How many at least: the first week is written whole, since corrections reach back to its Monday.
        seed: Of the shop.

    Returns:
        Files written, files that were there.
    """
    out.mkdir(parents=True, exist_ok=True)
    first = end - timedelta(days=days - 1)
    first -= timedelta(days=first.weekday())
    every = [first + timedelta(days=at) for at in range((end - first).days + 1)]
    missing = [day for day in every if not _path(out, day).exists()]
    for day in missing:
        unfinished = out / f".{day.isoformat()}.unfinished"
        unfinished.write_text(day_file(seed, day), encoding="utf-8", newline="\n")
        unfinished.replace(_path(out, day))
    return len(missing), len(every) - len(missing)


def main(arguments: list[str] | None = None) -> int:
    """The command; its exit code."""
    parser = argparse.ArgumentParser(
        prog="samples.generate", description="Writes one CSV file of order lines a day."
    )
    parser.add_argument("--out", type=Path, required=True, help="folder")
    parser.add_argument("--end", type=date.fromisoformat, required=True, help="last day, YYYY-MM-DD")
    parser.add_argument("--days", type=int, default=DAYS, help="at least so many days (%(default)s)")
    parser.add_argument("--seed", type=int, default=SEED, help="another seed, another shop (%(default)s)")
    given = parser.parse_args(arguments)
    if given.days < 1:
        parser.error("--days must be at least 1")
    written, there = generate(given.out, given.end, given.days, given.seed)
    sys.stdout.write(f"samples: {written} files written to {given.out}, {there} were there\n")
    return 0


def _path(out: Path, day: date) -> Path:
    return out / f"orders-{day.isoformat()}.csv"


if __name__ == "__main__":
    sys.exit(main())
