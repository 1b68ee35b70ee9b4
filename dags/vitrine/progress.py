"""What somebody sees while a run goes on: a bar on a terminal, else a line for each verb that is done."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

from vitrine.interruption import demand_none
from vitrine.output import note

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


class Verbs:
    """Follows the verbs of a run, on standard error.

    Args:
        name: Of the collection.
        total: How many verbs there will be.
    """

    def __init__(self, name: str, total: int) -> None:
        self._name, self._total = name, total
        self._verb, self._since = "", 0.0
        self._bar: Progress | None = None
        self._task: TaskID | None = None

    def __enter__(self) -> Verbs:
        """Shows the bar."""
        if sys.stderr.isatty():
            from rich.console import Console  # noqa: PLC0415 (on a terminal alone)
            from rich.progress import Progress  # noqa: PLC0415

            self._bar = Progress(console=Console(stderr=True))
            self._task = self._bar.add_task(self._name, total=self._total)
            self._bar.start()
        return self

    def __call__(self, verb: str) -> None:
        """One verb begins: the one before it is done.

        Raises:
            KeyboardInterrupt: It was pressed, and the verb before it made an error of it.
        """
        demand_none()
        self._done()
        self._verb, self._since = verb, time.monotonic()
        if self._bar and self._task is not None:
            self._bar.update(self._task, description=f"{self._name}: {verb}")

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _where: TracebackType | None
    ) -> None:
        """The last verb is done, or has failed."""
        self._done("" if kind is None else "  failed")
        if self._bar:
            self._bar.stop()

    def _done(self, how: str = "") -> None:
        if not self._verb:
            return
        if self._bar and self._task is not None:
            self._bar.advance(self._task, 0 if how else 1)
        else:
            note(f"  {self._verb}  {time.monotonic() - self._since:.1f} s{how}")
        self._verb = ""
