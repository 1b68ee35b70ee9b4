import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from vitrine import interruption
from vitrine.progress import Verbs

BAR = """
from vitrine.progress import Verbs
with Verbs("shop/orders", 2) as progress:
    progress("extract orders")
    progress("transform")
"""


def test_a_line_for_each_verb_that_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    with Verbs("shop/orders", 2) as progress:
        progress("extract orders")
        progress("transform")
    lines = capsys.readouterr().err.splitlines()
    assert [re.sub(r"[\d.]+ s", "N s", line) for line in lines] == [
        "  extract orders  N s",
        "  transform  N s",
    ]


def test_the_verb_that_failed_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    progress = Verbs("shop/orders", 2)
    progress("extract orders")
    progress.__exit__(ZeroDivisionError, None, None)
    assert capsys.readouterr().err.endswith(" s  failed\n")


def test_an_interruption_that_was_made_another_error_stops_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with Verbs("shop/orders", 2) as progress:
        progress("load main")
        monkeypatch.setattr(interruption, "pressed", lambda: True)
        with pytest.raises(KeyboardInterrupt):
            progress("load warehouse")


def test_a_bar_on_a_terminal(repository: Path) -> None:
    ours, theirs = pty.openpty()
    environment = {**os.environ, "PYTHONPATH": str(repository / "dags"), "TERM": "xterm", "COLUMNS": "100"}
    subprocess.run([sys.executable, "-c", BAR], stderr=theirs, env=environment, check=True)
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 65536):
            shown += piece
    except OSError:  # all that was written is read
        pass
    os.close(ours)
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.decode())
    assert "shop/orders: transform" in text
    assert "100%" in text
