from typing import Any

import pytest

from common.verbs import operations
from unit.common.verbs.house import House
from vitrine.collections import user

NAME = "sales/product_revenue"
ASKED = ("rollback", NAME, "--reason", "wrong prices")


def test_an_old_version_is_live_again_and_the_history_says_who_and_why(
    published: House, process: Any
) -> None:
    done = process(*ASKED, "--yes")
    assert done.code == 0
    assert done.err.splitlines() == [
        f"{NAME} in main: version 2 is live; readers would see the content of 1",
        "  other content from 2026-01-06 to before 2026-01-07",
    ]
    assert done.out.splitlines() == [
        f"{NAME}: version 3 is live, with the content of 1.",
        f"Once the source is right: vitrine run {NAME} --window 2026-01-06..2026-01-07",
    ]
    assert published.live().number == 3
    (event,) = operations.history(published.contract, published.settings).events
    assert (event.asked.by, event.asked.reason, event.hold) == (user(), "wrong prices", False)


def test_a_reason_says_something(published: House, run: Any) -> None:
    done = run("rollback", NAME, "--reason", " ", "--yes")
    assert done.code == 2
    assert "say why" in done.err
    assert published.live().number == 2


def test_without_a_terminal_it_must_be_said_twice(published: House, process: Any) -> None:
    done = process(*ASKED, input="y\n")
    assert done.code == 2
    assert "say --yes" in done.err
    assert published.live().number == 2


@pytest.mark.parametrize(("answer", "then"), [("y\n", (0, 3)), ("n\n", (1, 2)), ("\n", (1, 2))])
def test_on_a_terminal_it_asks(
    published: House, run: Any, monkeypatch: pytest.MonkeyPatch, answer: str, then: tuple[int, int]
) -> None:
    code, live = then
    monkeypatch.setattr("vitrine.commands.rollback.on_terminal", lambda: True)
    done = run(*ASKED, input=answer)
    assert done.code == code
    assert "Go back? [y/N]" in done.err
    assert published.live().number == live


def test_json_is_alone_on_standard_output(published: House, run: Any) -> None:
    plain = run(*ASKED, "--to", "1", "--hold", "--yes", "--json").plain
    assert (plain["was"], plain["to"], plain["version"], plain["hold"]) == (2, 1, 3, True)
    assert plain["run_again"] == [["2026-01-06", "2026-01-07"]]


def test_what_cannot_be_gone_back_to_is_refused(published: House, run: Any) -> None:
    done = run(*ASKED, "--to", "9", "--yes")
    assert (done.code, done.out) == (1, "")
    assert "9" in done.err
    assert run("rollback", NAME, "--yes").code == 2, "a reason is needed"
    assert published.live().number == 2


def test_release_takes_the_hold_away(published: House, process: Any, run: Any) -> None:
    run(*ASKED, "--hold", "--yes")
    done = process("release", NAME, "--reason", "right again")
    assert (done.code, done.out) == (0, f"{NAME} in main: released; it was held by {user()}: wrong prices\n")
    assert operations.history(published.contract, published.settings).hold is None
    assert run("release", NAME, "--reason", "x", "--json").plain["held"] is None
