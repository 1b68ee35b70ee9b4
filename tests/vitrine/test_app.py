import os
import signal
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from common.utils.errors import SettingsError
from vitrine.app import COMMANDS, Commands


def raising(error: BaseException) -> typer.Typer:
    app = typer.Typer(cls=Commands, pretty_exceptions_enable=False)

    @app.command("one")
    def one() -> None:
        raise error

    @app.command("other")
    def other() -> None:
        pass

    return app


WRONG = SettingsError("It is wrong.", where="here", next_step="Mend it.")
CODES = [
    (WRONG, 1, "It is wrong.\n  Where: here\n  Next: Mend it.\n"),
    (KeyboardInterrupt(), 130, "\nInterrupted. Nothing half-loaded is live"),
    (typer.Exit(3), 3, ""),
    (typer.BadParameter("no such day"), 2, "Usage: "),
]


@pytest.mark.parametrize(("error", "code", "told"), CODES, ids=lambda one: type(one).__name__)
def test_what_a_command_raises_becomes_message_and_code(error: BaseException, code: int, told: str) -> None:
    done = CliRunner().invoke(raising(error), ["one"])
    assert (done.exit_code, done.stdout) == (code, "")
    assert done.stderr.startswith(told) or told in done.stderr.splitlines()[0]


def test_an_interruption_of_which_the_engine_made_an_error_is_one_all_the_same() -> None:
    app = typer.Typer(cls=Commands, pretty_exceptions_enable=False)

    @app.command("one")
    def one() -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
        except KeyboardInterrupt:
            raise RuntimeError("Query interrupted") from None

    @app.command("other")
    def other() -> None:
        pass

    done = CliRunner().invoke(app, ["one"])
    assert done.exit_code == 130
    assert "Interrupted. Nothing half-loaded is live" in done.stderr


def test_an_error_that_is_nobodys_purpose_is_shown_whole() -> None:
    done = CliRunner().invoke(raising(ZeroDivisionError("why")), ["one"])
    assert isinstance(done.exception, ZeroDivisionError)


def test_help_says_what_there_is_and_the_exit_codes(process: Any) -> None:
    done = process("--help")
    assert (done.code, done.err) == (0, "")
    assert [name for name in COMMANDS if name not in done.out] == []
    text = " ".join(done.out.split())
    assert "Exit codes: 0 done; 1 refused or failed, the reason on standard error; 2 wrong usage; 130" in text


def test_no_command_and_an_unknown_one_are_wrong_usage(process: Any) -> None:
    assert process().code == 2
    done = process("runn")
    assert (done.code, done.out) == (2, "")
    assert "run" in done.err
