"""All pipelines of the documentation and of the repository are right, and each is a DAG of the five verbs."""

from itertools import pairwise
from pathlib import Path

import pytest

from common.pipelines.cards import card
from common.pipelines.checked import check
from common.pipelines.read import paths
from common.utils.settings import Settings
from pipeline_example import EXAMPLES, REPOSITORY

HOUSE = REPOSITORY / "include" / "pipelines"
FILES = [*paths(EXAMPLES), *paths(HOUSE)]
VERBS = ("transform", "validate", "load", "publish")


def test_nothing_is_wrong_with_any_of_them() -> None:
    assert len(paths(EXAMPLES)) >= 5
    assert [problem for problems in check(FILES).values() for problem in problems] == []


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_each_is_a_dag_of_five_verbs(path: Path, tmp_path: Path) -> None:
    from vlp.pipelines import made

    of = card(path, Settings(home=tmp_path))
    assert of.problem == ""
    dag = made(of)
    assert dag.dag_id == f"vitrine_{path.parent.name}_{path.stem}"
    assert dag.owner == of.owner
    chain = [f"{verb}_{of.subject}" for verb in VERBS]
    assert {f"extract_{source}" for source in of.sources} == dag.task_dict[chain[0]].upstream_task_ids
    for before, after in pairwise(chain):
        assert after in dag.task_dict[before].downstream_task_ids
    for target in of.targets:
        assert f"publish_{of.subject}_to_{target}" in dag.task_dict


@pytest.mark.parametrize("path", paths(EXAMPLES), ids=lambda path: path.stem)
def test_each_example_names_its_schema_and_teaches(path: Path) -> None:
    lines = path.read_text("utf-8").splitlines()
    named = lines[0].removeprefix("# yaml-language-server: $schema=")
    assert (path.parent / named).resolve() == HOUSE / "pipeline.schema.json"
    assert lines[1].startswith("# ")
    assert all(len(line) <= 120 for line in lines)
