from typing import Any

import pytest

from vitrine.app import COMMANDS


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_json_and_examples_in_its_help(run: Any, name: str) -> None:
    done = run(name, "--help", env={"COLUMNS": "200", "TERMINAL_WIDTH": "200"})
    assert done.code == 0
    assert "--json" in done.out
    assert f" vitrine {name}" in done.out.split("Usage:")[1].partition("\n")[2], "no example"
