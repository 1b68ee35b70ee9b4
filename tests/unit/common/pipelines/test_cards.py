from pathlib import Path

import pytest

from common.pipelines import cards
from common.pipelines.cards import card
from unit.common.pipelines.pipeline_kit import house, written


def test_a_card_says_what_a_dag_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = house(tmp_path, monkeypatch)
    found = card(
        written(
            tmp_path,
            ('"@daily"', '{cron: "0 6 * * *", after: [sales/product_revenue]}'),
            ("owner:", "tags: [a]\nretries: {times: 2, delay: 1m}\ntargets: {out: 'csv:///x'}\nowner:"),
        ),
        settings,
    )
    assert (found.dag_id, found.owner, found.problem) == ("vitrine_shop_orders_v1", "shop-data", "")
    assert (found.cron, found.after, found.tags) == ("0 6 * * *", ("sales/product_revenue",), ("a",))
    assert (found.sources, found.targets, found.retries.times) == ({"orders": "files"}, ("out",), 2)


def test_a_file_is_checked_again_only_when_something_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = house(tmp_path, monkeypatch)
    path = written(tmp_path)
    first = card(path, settings)
    monkeypatch.setattr(cards, "_made", lambda *_: pytest.fail("it was checked again"))
    assert card(path, settings) == first
    monkeypatch.undo()
    house(tmp_path, monkeypatch)
    path.write_text(path.read_text("utf-8").replace("shop-data", "others"), encoding="utf-8")
    assert card(path, settings).owner == "others"
    beside = written(tmp_path, name="shop/orders_v2.yaml")
    assert "makes the same collection" in card(path, settings).problem
    beside.unlink()
    assert card(path, settings).problem == ""


def test_a_wrong_file_has_its_problem(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = house(tmp_path, monkeypatch)
    path = written(tmp_path, ("quantity > 0", "quantty > 0"))
    for _ in range(2):
        assert f"{path}:16:13: unknown column 'quantty'" in card(path, settings).problem


def test_where_a_card_cannot_be_kept_or_read_the_file_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    settings = house(tmp_path, monkeypatch)
    path = written(tmp_path)
    card(path, settings)
    (kept,) = (settings.home / "pipelines").glob("*.json")
    kept.write_text("{", encoding="utf-8")
    assert card(path, settings).owner == "shop-data"
    assert "is no card of" in caplog.text
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("VITRINE_HOME", str(tmp_path / "file"))
    assert card(path, type(settings).from_environment()).owner == "shop-data"
    assert "cannot be kept" in caplog.text
