import logging
import sys
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from common.utils.errors import SettingsError
from vitrine.output import StandardError, answer, note, table, told


def test_a_table_is_aligned_and_says_what_is_missing() -> None:
    text = table(("a", "name"), [(1, "x"), (None, ""), (100, "y y")])
    assert text.splitlines() == ["a    name", "1    x", "-    -", "100  y y"]
    assert table(("a",), [(0,)]).splitlines() == ["a", "0"]


def test_the_result_goes_to_standard_output_and_all_else_beside(capsys: pytest.CaptureFixture[str]) -> None:
    answer({"at": datetime(2026, 1, 1, tzinfo=UTC), "sum": Decimal("1.50")}, True, lambda: "no")
    note("beside")
    found = capsys.readouterr()
    assert found.out == '{\n  "at": "2026-01-01T00:00:00Z",\n  "sum": "1.50"\n}\n'
    assert found.err == "beside\n"
    answer({}, False, lambda: "words")
    assert capsys.readouterr().out == "words\n"


def test_an_error_is_told_on_lines() -> None:
    assert told(SettingsError("Wrong.", where="x", next_step="Mend it.")) == (
        "Wrong.\n  Where: x\n  Next: Mend it."
    )
    assert told(SettingsError("Wrong.")) == "Wrong."


def test_logs_show_a_traceback_of_what_is_not_ours_alone(capsys: pytest.CaptureFixture[str]) -> None:
    log = logging.Logger("mine")
    log.addHandler(StandardError())
    for error in (SettingsError("Wrong.", where="x"), ZeroDivisionError("why")):
        try:
            raise error
        except (SettingsError, ZeroDivisionError):
            log.exception("a store failed")
    ours, _, theirs = capsys.readouterr().err.partition("Where: x\n")
    assert ours == "ERROR: a store failed\nWrong.\n  "
    assert "Traceback" in theirs
    assert "ZeroDivisionError: why" in theirs


def test_logs_go_to_what_standard_error_is_now(monkeypatch: pytest.MonkeyPatch) -> None:
    import io

    log, handler = logging.Logger("mine"), StandardError()
    log.addHandler(handler)
    other = io.StringIO()
    monkeypatch.setattr(sys, "stderr", other)
    log.warning("here")
    assert other.getvalue() == "WARNING: here\n"
