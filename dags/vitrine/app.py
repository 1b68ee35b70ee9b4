"""The commands together, and what is the same of all: errors, interruption, exit codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import typer
from typer.core import TyperGroup

from common.utils.errors import VitrineError, first_line
from vitrine.commands import (
    catalogue,
    check,
    contract,
    dead_letters,
    encrypt,
    explain,
    rollback,
    run,
    schema,
    vacuum,
    versions,
)
from vitrine.interruption import pressed, watched
from vitrine.new.command import new
from vitrine.output import note, told

REFUSED, INTERRUPTED = 1, 130

HELP = """Runs and tends Vitrine's pipelines and collections without Airflow.

Exit codes: 0 done; 1 refused or failed, the reason on standard error; 2 wrong usage; 130 interrupted.

Each command has --help with examples, and --json for its result as JSON, alone on standard output."""


class Commands(TyperGroup):
    """Turns what a command raises into a message and an exit code."""

    def invoke(self, ctx: Any) -> Any:  # of a class of the library's own
        """Runs the command that was asked for."""
        try:
            with watched():
                return super().invoke(ctx)
        except (Exception, KeyboardInterrupt) as error:
            if pressed() or isinstance(error, KeyboardInterrupt):
                note("\nInterrupted. Nothing half-loaded is live; run it again at any time.")
                raise typer.Exit(INTERRUPTED) from error
            if isinstance(error, VitrineError):
                note(told(error))
                raise typer.Exit(REFUSED) from error
            if _of_the_machine(error):
                note(f"{type(error).__name__}: {first_line(error)}")
                raise typer.Exit(REFUSED) from error
            raise


def _of_the_machine(error: BaseException) -> bool:
    """Whether a disk, a lake or the engine failed, and nothing of ours."""
    library = type(error).__module__.partition(".")[0]
    return isinstance(error, OSError) or library in ("_duckdb", "duckdb", "deltalake", "_internal")


# No pretty tracebacks: they show the values of variables, and among those are credentials.
app = typer.Typer(
    cls=Commands,
    help=HELP,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
COMMANDS: dict[str, Callable[..., None]] = {
    "check": check.check,
    "explain": explain.explain,
    "run": run.run,
    "dead-letters": dead_letters.dead_letters,
    "versions": versions.versions,
    "rollback": rollback.rollback,
    "release": rollback.release,
    "vacuum": vacuum.vacuum,
    "contract": contract.contract,
    "new": new,
    "schema": schema.schema,
    "catalogue": catalogue.catalogue,
    "encrypt": encrypt.encrypt,
}
for name, command in COMMANDS.items():
    app.command(name)(command)
