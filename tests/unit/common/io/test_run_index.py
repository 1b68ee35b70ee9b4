"""The runs in order, and what listing them again costs."""

import time
from pathlib import Path

import pytest

from common.io import reports, run_index
from common.io.run_index import RunIndex
from common.utils.settings import Settings

NAME = "shop/orders"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def test_runs_are_in_order_with_their_state_as_it_is_now(settings: Settings) -> None:
    index = RunIndex(settings.reports)
    assert index.newest(NAME) == []
    assert index.latest(NAME) is None
    for run_id in ("b", "a", "c/odd"):
        reports.record(settings, NAME, run_id)
    assert [(one.run_id, one.state) for one in index.newest(NAME)] == [
        ("c/odd", "running"),
        ("a", "running"),
        ("b", "running"),
    ]
    reports.record(settings, NAME, "a", state="published", version=3)
    assert [one.state for one in index.newest(NAME)] == ["running", "published", "running"]
    found = index.find(NAME, "a")
    assert found
    assert found.record()["version"] == 3
    assert index.find(NAME, "d") is None
    assert index.newest("shop/others") == []


def test_only_what_changed_is_read_again(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    index, read = RunIndex(settings.reports), []
    for number in range(20):
        reports.record(settings, NAME, f"r{number}")
    index.newest(NAME)
    whole = run_index._read
    monkeypatch.setattr(run_index, "_read", lambda path: read.append(path) or whole(path))
    index.newest(NAME)
    assert read == []
    reports.record(settings, NAME, "r7", state="failed")
    index.newest(NAME)
    assert [path.parent.name for path in read] == ["r7"]


def test_what_is_no_run_is_passed_over(settings: Settings) -> None:
    reports.record(settings, NAME, "a")
    (settings.reports / NAME / "empty").mkdir()
    (settings.reports / NAME / "note.txt").write_text("x")
    assert [one.run_id for one in RunIndex(settings.reports).newest(NAME)] == ["a"]


def test_thousands_of_runs_are_listed_quickly(settings: Settings) -> None:
    reports.record(settings, NAME, "r")
    one = (settings.reports / NAME / "r" / "run.json").read_bytes()
    for number in range(2000):
        folder = settings.reports / NAME / f"r{number}"
        folder.mkdir()
        (folder / "run.json").write_bytes(one)
    index = RunIndex(settings.reports)
    index.newest(NAME)
    began = time.process_time()
    assert len(index.newest(NAME)) == 2001
    assert time.process_time() - began < 0.5


def test_each_step_has_the_time_of_its_end(settings: Settings) -> None:
    reports.record(settings, NAME, "a", source_name="files")
    assert reports.read(settings, NAME, "a").steps == {}  # type: ignore[union-attr]
    after = reports.record(settings, NAME, "a", version=1, state="published")
    assert list(after.steps) == ["publish"]
    assert after.steps["publish"] == after.ended


def test_sources_are_told_apart_from_stores_and_a_broken_record_hides_no_other(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    reports.record(settings, NAME, "good")
    reports.record(settings, NAME, "good", "archive", state="failed")
    reports.record(settings, NAME, "good", "extract_feeds", state="extracted")
    reports.record(settings, NAME, "broken")
    (settings.reports / NAME / "broken" / "run.json").write_text("{")
    (entry,) = RunIndex(settings.reports).newest(NAME)
    assert (list(entry.stores()), list(entry.sources())) == (["archive"], ["feeds"])
    assert "broken/run.json is no run's record" in caplog.text
