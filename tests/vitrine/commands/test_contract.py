from pathlib import Path
from typing import Any

import pytest
import yaml

from common.pipelines.read import PipelineError
from common.utils.odcs import load_contract
from vitrine.commands.contract import keep
from vitrine.pipelines import checked_of


def test_the_derived_contract_is_shown_for_review(pipeline: Path, process: Any) -> None:
    done = process("contract", str(pipeline))
    assert (done.code, done.err) == (0, "")
    shown = yaml.safe_load(done.out)
    assert (shown["domain"], shown["version"]) == ("shop", "1.0.0")
    assert not list((pipeline.parents[2] / "contracts").rglob("*.yaml"))


def test_it_becomes_a_file_which_the_pipeline_then_names(
    pipeline: Path, changed: Any, run: Any, tmp_path: Path
) -> None:
    done = run("contract", str(pipeline), "--write", "--json")
    path = tmp_path / "contracts" / "shop" / "orders.odcs.yaml"
    assert (done.code, done.plain["written"]) == (0, str(path))
    assert f"contract: {path}  in place of collection: and validation:" in done.err
    assert load_contract(path).key == ("date", "product")
    before = path.read_bytes()
    again = run("contract", str(pipeline), "--write")
    assert again.code == 1
    assert "there is a contract in" in again.err
    assert path.read_bytes() == before
    changed(
        "collection: {key: [date, product], freshness: 48h}\ndead_letters: {max_share: 1}",
        f"contract: {path}",
    )
    assert run("check", str(pipeline)).out == "pipelines: 1, problems: 0\n"
    done = run("contract", str(pipeline))
    assert (done.code, done.out) == (1, "")
    assert "has a contract already" in done.err


def test_a_file_that_came_meanwhile_is_not_written_over(pipeline: Path) -> None:
    found = checked_of(pipeline)
    path = Path(keep(found, "mine"))
    with pytest.raises(PipelineError, match="There is a contract already"):
        keep(found, "other")
    assert path.read_text("utf-8") == "mine"
