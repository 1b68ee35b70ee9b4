"""What the commands write: their result to standard output, all else to standard error."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

import typer

from common.utils.errors import VitrineError

Raised = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def answer(plain: Any, as_json: bool, words: Callable[[], str]) -> None:
    """Writes a result.

    Args:
        plain: As JSON has it: dataclasses, times, days and exact numbers too.
        as_json: Whether that is wanted.
        words: The same for people.
    """
    if as_json:
        from pydantic_core import to_json  # noqa: PLC0415 (only where it is used)

        typer.echo(to_json(plain, indent=2))
    else:
        typer.echo(words())


def note(text: str) -> None:
    """One line for people, beside the result."""
    typer.echo(text, err=True)


def on_terminal() -> bool:
    """Whether somebody can be asked."""
    return sys.stdin.isatty()


def told(error: VitrineError) -> str:
    """An error as a user reads it: what, where and next on a line each."""
    lines = [error.what, error.where and f"  Where: {error.where}"]
    lines.append(error.next_step and f"  Next: {error.next_step}")
    return "\n".join(filter(None, lines))


def table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Aligned columns; a missing value is ``-``."""
    cells = [
        tuple(header),
        *(tuple("-" if cell in (None, "") else str(cell) for cell in row) for row in rows),
    ]
    widths = [max(len(row[at]) for row in cells) for at in range(len(header))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in cells
    )


class StandardError(logging.StreamHandler[Any]):
    """Log lines on standard error, whatever that is when they come; of our own errors without a traceback."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(_Formatter("%(levelname)s: %(message)s"))

    def emit(self, record: logging.LogRecord) -> None:
        """Writes a line."""
        self.stream = sys.stderr
        super().emit(record)


class _Formatter(logging.Formatter):
    def formatException(self, ei: Raised) -> str:
        return told(ei[1]) if isinstance(ei[1], VitrineError) else super().formatException(ei)
