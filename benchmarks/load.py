"""The versioned store beside a plain table with upserts, in the same server: what versions cost and save.

``make bench NAME=load`` loads 100,000 and 1,000,000 rows of 100 days into each store whose server is on this
machine; ``. env/activate && python benchmarks/load.py --rows 100000 --stores sqlite`` what it names.
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from shared import report
from shared.plain import Plain, PlainMongoDB, PlainMySQL, PlainPostgreSQL, PlainSQLite
from shared.sales import CONTRACT, rows
from shared.versioned import Versioned, at_hand, database

from common.utils.contract import Contract

DAYS, WINDOW, DAILY_RUNS = 100, 4, 30
PEERS: dict[str, Callable[[Contract, str], Plain]] = {
    "sqlite": PlainSQLite,
    "postgresql": PlainPostgreSQL,
    "mysql": PlainMySQL,
    "mongodb": PlainMongoDB,
}
GOALS = {
    "first load": 0.7,
    "a daily run": 0.5,
    "the same window, unchanged": 5,
    "everything changed": 0.3,
}

PAGES: tuple[tuple[str, str, Any, str], ...] = (
    ("page by key", "", None, "date"),
    ("page of one product", "product_id", "P000500", "date"),
    ("page by revenue, falling", "", None, "-revenue"),
)
PAGE = 1.3  # times as long as the plain table's, at most


class Comparison:
    """One store beside its plain peer, at one size."""

    def __init__(self, kind: str, count: int, url: str, plain_url: str) -> None:
        self.contract, self.products = CONTRACT, count // DAYS
        self.ours = Versioned(url)
        self.plain = PEERS[kind](self.contract, plain_url)
        self.figures: list[list[str]] = []

    def run(self) -> list[list[str]]:
        """Every case on both, in the same order."""
        every, window = range(DAYS), range(DAYS - WINDOW, DAYS)
        self._load("first load", every)
        daily = [self._loads(window, number, 10) for number in range(1, DAILY_RUNS + 1)]
        ours, plain = (statistics.median(one) for one in zip(*daily[-10:], strict=True))
        self._note("a daily run", len(window), ours, plain)
        self.plain.analyze()
        for name, where, value, order in PAGES:
            self._page(name, where, value, order)
        self._load("the same window, unchanged", window, DAILY_RUNS, 10)
        self._load("all unchanged", range(DAYS - WINDOW))
        self._load("1 % of the rows changed, in each day", every, 99, 100)
        self._load("everything changed", every, 999)
        return self.figures

    def plans(self) -> list[str]:
        """How the database finds each page."""
        told = [(name, self.ours.plan(where, value, order)) for name, where, value, order in PAGES]
        return [f"{name}\n{plan}" for name, plan in told if plan]

    def _load(self, name: str, days: range, changed: int = 0, every: int = 1) -> None:
        self._note(name, len(days), *self._loads(days, changed, every))

    def _loads(self, days: range, changed: int, every: int) -> tuple[float, float]:
        made = [list(rows(days, self.products, changed, every)) for _ in range(2)]
        return (
            report.seconds(lambda: self.ours.load(iter(made[0]), days)),
            report.seconds(lambda: self.plain.load(iter(made[1]))),
        )

    def _note(self, name: str, days: int, ours: float, plain: float) -> None:
        goal, ratio = GOALS.get(name), plain / ours
        verdict = f" ({'reaches' if ratio >= goal else 'MISSES'} {goal})" if goal else ""
        count = days * self.products
        self.figures.append(
            [
                name,
                f"{count:,}",
                report.duration(ours),
                report.duration(plain),
                f"{count / ours:,.0f}",
                f"{count / plain:,.0f}",
                f"{ratio:.2f}{verdict}",
            ]
        )

    def _page(self, name: str, where: str, value: Any, order: str) -> None:
        statement = self.ours.statement(where, value, order)
        assert self.ours.page(where, value, order) == self.plain.page(where, value, order) == 100
        assert statement() >= 100  # it asks for one more
        plain = report.best(lambda: self.plain.page(where, value, order), 50)
        for what, work in (
            ("the statement", statement),
            ("read()", lambda: self.ours.page(where, value, order)),
        ):
            ours = report.best(work, 50)
            line = [f"{name}: {what}", "100", report.duration(ours), report.duration(plain), "", ""]
            verdict = f"{'reaches' if ours <= PAGE * plain else 'MISSES'} {PAGE}" if work is statement else ""
            self.figures.append([*line, f"{ours / plain:.2f} times as long {verdict}".strip()])


def main() -> int:
    """Prints a table for each store and size."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", default="100000,1000000")
    parser.add_argument("--stores", default=",".join(PEERS))
    asked = parser.parse_args()
    print(f"{report.machine()}\n", flush=True)
    head = ["", "rows", "versioned", "plain", "versioned rows/s", "plain rows/s", "plain / versioned"]
    for kind in at_hand(asked.stores.split(",")):
        for count in map(int, asked.rows.split(",")):
            with tempfile.TemporaryDirectory() as folder:
                comparison = Comparison(
                    kind, count, database(kind, Path(folder)), database(kind, Path(folder))
                )
                print(f"{kind}, {count:,} rows in {DAYS} days\n")
                print(report.table(head, comparison.run()), end="\n\n", flush=True)
                print("\n\n".join(comparison.plans()), end="\n\n", flush=True)
                comparison.ours.store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
