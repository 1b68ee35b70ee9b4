import os
from pathlib import Path
from typing import Any

import pytest
import typer

from common.pipelines.read import PipelineError
from vitrine.pipelines import checked_of, collection_of


@pytest.fixture(autouse=True)
def environment(home: Path) -> None:
    """The folder of the pipelines is put back after each test."""


def test_a_file_elsewhere_makes_its_folder_the_pipelines(
    pipeline: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(pipeline.parent)
    assert collection_of("orders_v1.yaml") == "shop/orders"
    assert os.environ["VITRINE_PIPELINES"] == str(pipeline.parents[1])


def test_a_file_of_the_repository_changes_nothing(repository: Path) -> None:
    file = next((repository / "include" / "pipelines").glob("*/*_v1.yaml"))
    assert collection_of(str(file)) == f"{file.parent.name}/{file.stem.removesuffix('_v1')}"
    assert "VITRINE_PIPELINES" not in os.environ


def test_a_collection_is_itself() -> None:
    assert collection_of("sales/product_revenue") == "sales/product_revenue"
    with pytest.raises(typer.BadParameter, match="neither a pipeline's file nor a collection"):
        collection_of("sales")


def test_a_pipeline_by_its_collection(pipeline: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_PIPELINES", str(pipeline.parents[1]))
    assert checked_of(Path("shop/orders")).pipeline.path == pipeline
    with pytest.raises(PipelineError, match="There is no such file"):
        checked_of(Path("shop/order"))


def test_a_file_that_is_not_there_or_not_right(pipeline: Path, changed: Any) -> None:
    with pytest.raises(PipelineError, match="There is no such file"):
        collection_of(str(pipeline.with_name("order_v1.yaml")))
    assert checked_of(pipeline).contract.name == "shop/orders"
    changed("quantity > 0", "quantiti > 0")
    with pytest.raises(PipelineError, match="did you mean 'quantity'"):
        checked_of(pipeline)
