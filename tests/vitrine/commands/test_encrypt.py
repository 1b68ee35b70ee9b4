from typing import Any

import pytest

from common.pipelines.values import KEY, new_key, resolved


def test_a_value_from_standard_input_can_be_decrypted(
    process: Any, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY, new_key())
    done = process("encrypt", input="p4ss word\n")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("enc:")
    assert resolved(done.out.strip(), "here") == "p4ss word"
    assert resolved(run("encrypt", "--json", input="x").plain["value"], "here") == "x"


def test_a_terminal_asks_twice_and_shows_nothing(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, new_key())
    monkeypatch.setattr("vitrine.commands.encrypt.on_terminal", lambda: True)
    done = run("encrypt", input="p4ss\np4ss\n")
    assert resolved(done.out.strip(), "here") == "p4ss"
    assert "p4ss" not in done.out + done.err


def test_a_new_key_is_one(process: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEY, process("encrypt", "--new-key").out.strip())
    assert resolved(process("encrypt", input="x").out.strip(), "here") == "x"


def test_what_is_missing_is_said(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("encrypt", input="").code == 2
    monkeypatch.delenv(KEY, raising=False)
    done = run("encrypt", input="p4ss")
    assert (done.code, done.out) == (1, "")
    assert KEY in done.err
    assert "--new-key" in done.err
    assert run("encrypt", "p4ss").code == 2, "an argument is seen by every process"
