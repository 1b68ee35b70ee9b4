"""A subject with several sources under attack: what one source does must not harm what the others hold."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import narwhals.stable.v2 as nw
import pytest

from common.io import lake, reports
from common.io.collections.protocol import Query
from common.utils.errors import SourceError, ValidationFailed
from common.utils.window import Window
from common.verbs import gold, pipeline, transform
from common.verbs.load import load
from common.verbs.operations import choose, roll_back
from common.verbs.publish import publish
from common.verbs.references import Run
from common.verbs.replay import extract_all_letters, mark_replayed
from common.verbs.stores import opened
from common.verbs.validate import validate
from unit.common.verbs.town import NOW, SUBJECT, Town, module
from unit.common.verbs.town import clean as town_clean

DAY = timedelta(days=1)


def keyed_by_place(monkeypatch: pytest.MonkeyPatch) -> None:
    """A place has one reading, whose day can change."""
    for intake in SUBJECT.intakes():
        monkeypatch.setenv(f"{intake.variables}KEY", "place")


def asked(town: Town, run_id: str, first: datetime, end: datetime, **more: Any) -> Any:
    """A run over a window that a person chose."""
    run = Run(run_id, Window(first, end), scheduled=False, **more)
    return pipeline.run_all(SUBJECT, town.contract, town.settings, run)


def test_a_source_added_by_a_run_over_an_early_window_leaves_the_later_days(
    days: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    south = SUBJECT.intake("south")
    monkeypatch.delenv(f"{south.variables}PATH")
    days.write("north", "2026-03-01,a,1", "2026-03-09,a,2")
    days.run("one")
    monkeypatch.setenv(f"{south.variables}PATH", str(days.path("south")))
    days.write("south", "2026-03-01,a,10")
    asked(days, "two", NOW - 10 * DAY, NOW - 5 * DAY)
    assert days.rows() == [(date(2026, 3, 1), "a", 11), (date(2026, 3, 9), "a", 2)]


def test_a_snapshot_over_an_early_window_leaves_what_is_later(days: Town) -> None:
    for name, records in module.SOURCES.items():
        module.SOURCES[name] = replace(records, snapshot=True)
    days.write("north", "2026-03-01,a,1", "2026-03-09,a,2")
    days.write("south", "2026-03-01,b,1", "2026-03-09,b,2")
    days.run("one")
    was = days.rows()
    assert len(was) == 4
    asked(days, "two", NOW - 10 * DAY, NOW - 5 * DAY)
    assert days.rows() == was
    days.run("back", NOW - 4 * DAY)
    assert days.rows() == was, "a clock that jumped back"


def test_a_record_of_a_snapshot_that_is_of_a_day_to_come_is_not_gone(
    whole: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyed_by_place(monkeypatch)
    whole.write("north", "2026-03-09,a,1")
    whole.write("south", "2026-03-09,b,1")
    whole.run("one")
    whole.write("north", "2026-03-10,a,2")
    whole.run("two")
    assert whole.rows() == [("a", 2), ("b", 1)]


def test_what_a_failed_run_left_of_a_source_is_not_published_while_that_is_down(whole: Town) -> None:
    whole.contract = replace(whole.contract, max_rejected=0.1)
    whole.write("north", "2026-03-08,a,1", "2026-03-08,c,1")
    whole.write("south", "2026-03-08,b,1")
    whole.run("one")
    whole.write("north", "2026-03-08,a,500")
    whole.write("south", "2026-03-08,b,x")
    with pytest.raises(ValidationFailed):
        whole.run("two", NOW + DAY)
    whole.break_("north")
    whole.write("south", "2026-03-08,b,2")
    whole.run("three", NOW + 2 * DAY)
    assert whole.rows() == [("a", 1), ("b", 2), ("c", 1)], "north stands as it was when it was published"


def test_a_record_that_a_failed_run_moved_is_not_there_twice_while_its_source_is_down(
    days: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyed_by_place(monkeypatch)
    days.contract = replace(days.contract, max_rejected=0.1)
    days.write("north", "2026-02-01,a,1")
    days.write("south", "2026-03-08,b,1")
    days.run("one")
    days.write("north", "2026-03-10,a,1")
    days.write("south", "2026-03-10,b,x")
    with pytest.raises(ValidationFailed):
        days.run("two", NOW + DAY)
    days.break_("north")
    days.write("south", "2026-03-10,b,2")
    days.run("three", NOW + DAY)
    assert days.rows() == [(date(2026, 2, 1), "a", 1), (date(2026, 3, 10), "b", 2)]


def test_a_source_that_was_never_published_adds_nothing_while_it_is_down(
    days: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    days.contract = replace(days.contract, max_rejected=0.1)
    days.write("north", "2026-01-08,a,1", "2026-03-09,a,1")
    days.write("south", "2026-03-09,b,x")
    with pytest.raises(ValidationFailed):
        days.run("one")
    days.break_("north")
    days.write("south", "2026-03-09,b,2")
    days.run("two")
    assert days.rows() == [(date(2026, 3, 9), "b", 2)]
    days.path("north").mkdir()
    days.write("north", "2026-01-08,a,1", "2026-03-09,a,1")
    days.run("three")
    assert len(days.rows()) == 3


def test_silver_that_is_lost_is_told_where_its_source_is_down(days: Town) -> None:
    days.write("north", "2026-03-09,a,1")
    days.write("south", "2026-03-09,b,1")
    days.run("one")
    days.break_("north")
    shutil.rmtree(f"{days.settings.lake_root}/silver/town/readings/north")
    with pytest.raises(SourceError, match=r"Silver of town/readings, source north, is lost"):
        days.run("two")
    assert len(days.rows()) == 2


def test_a_source_without_variables_is_told_and_leaves_with_a_full_refresh(
    days: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    days.write("north", "2026-03-09,a,1")
    days.write("south", "2026-03-09,a,10")
    days.run("one")
    monkeypatch.delenv(f"{SUBJECT.intake('north').variables}PATH")
    days.run("two", NOW + DAY)
    assert days.rows() == [(date(2026, 3, 9), "a", 11)]
    assert "configured" in days.sources["north"]["error"]
    days.run("three", NOW + 2 * DAY, full_refresh=True)
    assert days.rows() == [(date(2026, 3, 9), "a", 10)]
    assert "north" not in days.sources
    days.run("four", NOW + 3 * DAY)
    assert days.rows() == [(date(2026, 3, 9), "a", 10)]


def test_how_far_a_source_reached_goes_back_with_a_full_refresh(days: Town) -> None:
    days.write("north", "2026-03-01,a,1", "2026-03-09,a,1")
    days.write("south", "2026-03-09,a,10")
    days.run("one")
    days.write("north", "2026-03-01,a,1")
    days.run("two", full_refresh=True)
    assert days.sources["north"]["data_as_of"][:10] == "2026-03-01"


def test_a_source_whose_extraction_was_killed_is_told(days: Town) -> None:
    days.write("north", "2026-03-09,a,1")
    days.write("south", "2026-03-09,a,10")
    days.run("one")
    run = Run("two", Window(NOW - DAY, NOW))
    reports.record(days.settings, "town/readings", "two", "extract_north", state="running")
    extracted = pipeline.extract_live(SUBJECT.intake("south"), days.contract, days.settings, run)
    transformed = pipeline.transform_live(SUBJECT, days.contract, days.settings, "two", [extracted])
    assert transformed.bookmark["sources"]["north"]["error"]
    assert not transformed.bookmark["sources"]["south"]["error"]


def test_a_source_that_changed_is_told_and_the_others_go_on(
    days: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    days.write("north", "2026-03-09,a,1")
    days.write("south", "2026-03-09,a,10")
    days.run("one")
    monkeypatch.setenv(f"{SUBJECT.intake('north').variables}KEY", "place")
    days.write("south", "2026-03-09,a,20")
    days.run("two", NOW + DAY)
    assert days.rows() == [(date(2026, 3, 9), "a", 21)]
    assert "another source" in days.sources["north"]["error"]
    days.run("three", NOW + DAY, full_refresh=True)
    assert days.rows() == [(date(2026, 3, 9), "a", 21)]
    assert days.sources["north"]["error"] == ""


def test_a_full_refresh_with_a_source_down_keeps_that(days: Town) -> None:
    days.write("north", "2026-01-09,a,1")
    days.write("south", "2026-03-09,a,10")
    days.run("one")
    days.break_("north")
    days.run("two", NOW + DAY, full_refresh=True)
    assert days.rows() == [(date(2026, 1, 9), "a", 1), (date(2026, 3, 9), "a", 10)]
    assert days.sources["north"]["error"]


def test_retention_counts_from_now_where_the_window_ends_later(days: Town) -> None:
    days.contract = replace(days.contract, retention=timedelta(days=10))
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    kept = (today - 3 * DAY).date()
    days.write("north", f"{kept},a,1")
    days.write("south", f"{kept},b,1")
    days.run("one", today)
    asked(days, "two", today - DAY, today + 400 * DAY)
    assert len(days.rows()) == 2


def test_a_run_that_another_overtook_does_not_undo_it(days: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    days.write("north", "2026-03-09,a,1")
    days.write("south", "2026-03-09,a,10")
    days.run("zero")
    compute, overtaken = gold.compute, []

    def overtake(*arguments: Any, **named: Any) -> Any:
        if not overtaken:
            overtaken.append(True)
            days.write("north", "2026-03-09,a,5")
            asked(days, "other", NOW - DAY, NOW)
        return compute(*arguments, **named)

    monkeypatch.setattr(gold, "compute", overtake)
    with pytest.raises(lake.ConflictError):
        days.run("one")
    assert days.rows() == [(date(2026, 3, 9), "a", 15)]


def test_a_source_that_is_added_lets_no_other_vanish(whole: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    whole.contract = replace(whole.contract, max_row_drop=0.1)
    south = SUBJECT.intake("south")
    monkeypatch.delenv(f"{south.variables}PATH")
    whole.write("north", *(f"2026-03-09,{place},1" for place in "abcdefgh"))
    whole.run("one")
    monkeypatch.setenv(f"{south.variables}PATH", str(whole.path("south")))
    whole.write("south", "2026-03-09,z,1")
    whole.write("north")
    with pytest.raises(ValidationFailed, match="row"):
        whole.run("two")
    assert len(whole.rows()) == 8
    whole.break_("north")
    whole.run("three", NOW + DAY)
    assert len(whole.rows()) == 9, "what was refused of north does not come back by another way"


def replay(town: Town, run_id: str, *names: str) -> int:
    run = Run(run_id, Window(None, NOW + 5 * DAY), scheduled=False, replay=True)
    version = pipeline.live_version(town.contract, town.settings)
    found = extract_all_letters(SUBJECT, town.contract, town.settings, run, version=version)
    transformed = pipeline.transform_live(SUBJECT, town.contract, town.settings, run_id, found)
    loaded = load(town.contract, town.settings, validate(town.contract, town.settings, transformed))
    publish(town.contract, town.settings, loaded)
    return mark_replayed(SUBJECT, town.settings, loaded)


def mend(monkeypatch: pytest.MonkeyPatch) -> None:
    """The transform takes what it rejected before."""

    def clean(received: Any) -> Any:
        broken = nw.col("value") == "x"
        return town_clean(
            received.with_columns(value=nw.when(broken).then(nw.lit("77")).otherwise(nw.col("value")))
        )

    for name, records in module.SOURCES.items():
        module.SOURCES[name] = replace(records, clean=clean)


def test_replay_leaves_what_is_known_of_sources(days: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    days.write("north", "2026-03-08,a,1", "2026-03-09,a,x")
    days.write("south", "2026-03-08,a,2")
    days.run("one")
    days.break_("south")
    days.run("two", NOW + DAY)
    was = days.sources
    assert was["south"]["error"]
    mend(monkeypatch)
    assert replay(days, "again") == 1
    assert days.rows() == [(date(2026, 3, 8), "a", 3), (date(2026, 3, 9), "a", 77)]
    now = days.sources
    assert now["south"]["error"] == was["south"]["error"]
    assert now["north"]["read_at"] == was["north"]["read_at"]
    record = reports.read(days.settings, "town/readings", "again")
    assert record
    assert record.ledger
    assert record.ledger.read == 1


def test_a_replay_of_what_was_never_published_leaves_nothing_out(
    days: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    days.contract = replace(days.contract, max_rejected=0.1)
    days.write("north", "2026-01-08,a,1", "2026-03-09,a,x")
    days.write("south", "2026-01-08,b,2")
    with pytest.raises(ValidationFailed):
        days.run("one")
    mend(monkeypatch)
    with pytest.raises(SourceError, match=r"Nothing of town/readings, source north, is published yet"):
        replay(days, "again")
    days.run("two", NOW + DAY)
    assert days.rows() == [
        (date(2026, 1, 8), "a", 1),
        (date(2026, 1, 8), "b", 2),
        (date(2026, 3, 9), "a", 77),
    ]


def test_replay_of_one_source_whose_other_has_changed(days: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    days.write("north", "2026-03-08,a,1", "2026-03-09,a,x")
    days.write("south", "2026-03-08,a,2")
    days.run("one")
    mend(monkeypatch)
    monkeypatch.setenv(f"{SUBJECT.intake('south').variables}KEY", "place")
    assert replay(days, "again") == 1
    assert days.rows()[-1] == (date(2026, 3, 9), "a", 77)


def test_retention_and_a_run_that_failed(days: Town) -> None:
    days.contract = replace(days.contract, retention=timedelta(days=10), max_rejected=0.1)
    days.write("north", "2026-02-28,a,1", "2026-03-09,a,1")
    days.write("south", "2026-02-28,b,1", "2026-03-09,b,2")
    days.run("one")
    assert len(days.rows()) == 4
    days.write("south", "2026-03-09,b,x")
    with pytest.raises(ValidationFailed):
        days.run("two", NOW + DAY)
    days.write("south", "2026-03-09,b,2")
    days.run("three", NOW + 2 * DAY)
    assert days.rows() == [(date(2026, 3, 9), "a", 1), (date(2026, 3, 9), "b", 2)]


def test_retention_with_a_source_down(days: Town) -> None:
    days.contract = replace(days.contract, retention=timedelta(days=10))
    days.write("north", "2026-02-28,a,1", "2026-03-09,a,1")
    days.write("south", "2026-02-28,b,1", "2026-03-09,b,2")
    days.run("one")
    days.break_("north")
    days.run("two", NOW + DAY)
    assert days.rows() == [(date(2026, 3, 9), "a", 1), (date(2026, 3, 9), "b", 2)]


def test_retention_whole_with_a_source_down(whole: Town) -> None:
    for name, records in module.SOURCES.items():
        module.SOURCES[name] = replace(records, snapshot=False)
    whole.contract = replace(whole.contract, retention=timedelta(days=10))
    whole.write("north", "2026-02-28,a,1", "2026-03-09,a,1")
    whole.write("south", "2026-02-28,b,1", "2026-03-09,b,2")
    whole.run("one")
    assert whole.rows() == [("a", 2), ("b", 3)]
    whole.break_("north")
    whole.run("two", NOW + DAY)
    assert whole.rows() == [("a", 1), ("b", 2)]


@pytest.mark.parametrize("hashed", [False, True])
def test_a_target_follows_as_sources_come_and_go(
    days: Town, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, hashed: bool
) -> None:
    if hashed:
        days.contract = replace(days.contract, partition_by="hash", partition_field="", buckets=4)
    url = f"sqlite:///{tmp_path}/target.sqlite"
    days.settings = days.settings.model_copy(update={"targets": {"bi": url}})

    def target() -> tuple[list[Any], dict[str, Any]]:
        with opened(days.contract, days.settings, "bi") as collection:
            live = collection.live()
            assert live
            rows = collection.read(live.number, Query(limit=1000)).rows.to_pylist()
        return [(row["date"], row["place"], row["value"]) for row in rows], live.bookmark["sources"]

    south = SUBJECT.intake("south")
    monkeypatch.delenv(f"{south.variables}PATH")
    days.write("north", "2026-02-01,a,1", "2026-03-09,a,2")
    days.run("one")
    assert target()[0] == days.rows()
    monkeypatch.setenv(f"{south.variables}PATH", str(days.path("south")))
    days.write("south", "2026-02-01,b,1", "2026-03-09,b,2")
    days.run("two")
    assert len(days.rows()) == 4
    assert target()[0] == days.rows()
    days.break_("north")
    days.run("three", NOW + DAY)
    assert target()[0] == days.rows()
    assert target()[1]["north"]["error"]
    monkeypatch.delenv(f"{SUBJECT.intake('north').variables}PATH")
    days.run("four", NOW + DAY, full_refresh=True)
    assert [row[1] for row in days.rows()] == ["b", "b"]
    assert target()[0] == days.rows()


@pytest.mark.parametrize("kind", ["days", "whole"])
@pytest.mark.parametrize("step", ["second source", "gold", "validate", "load", "publish"])
def test_a_run_that_is_killed_and_run_again_comes_to_the_same(
    step: str, kind: str, request: pytest.FixtureRequest
) -> None:
    town: Town = request.getfixturevalue(kind)
    town.write("north", "2026-03-08,a,1", "2026-03-09,a,2")
    town.write("south", "2026-03-08,a,10", "2026-03-09,c,20")
    town.run("one")
    town.write("north", "2026-03-08,a,3", "2026-03-10,b,4")
    town.write("south", "2026-03-08,a,30", "2026-03-10,c,40")
    lay, laid = transform.lay, []

    def die(*arguments: Any) -> Any:
        if step == "second source" and not laid:
            laid.append(True)
            return lay(*arguments)
        raise KeyboardInterrupt

    with pytest.MonkeyPatch.context() as patch:
        where = {"second source": (transform, "lay"), "gold": (transform.gold, "_replace")}
        patch.setattr(*where.get(step, (pipeline, step)), lambda *arguments, **_: die(*arguments))
        with pytest.raises(KeyboardInterrupt):
            town.run("two", NOW + DAY)
    town.run("two", NOW + DAY)
    stays = [] if kind == "whole" else [(date(2026, 3, 9), "a", 2), (date(2026, 3, 9), "c", 20)]
    expected = [
        (date(2026, 3, 8), "a", 33),
        *stays,
        (date(2026, 3, 10), "b", 4),
        (date(2026, 3, 10), "c", 40),
    ]
    assert town.rows() == ([row[1:] for row in expected] if kind == "whole" else expected)


def test_a_roll_back_before_a_source_was_added_is_without_it(
    days: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    south = SUBJECT.intake("south")
    monkeypatch.delenv(f"{south.variables}PATH")
    days.write("north", "2026-02-01,a,1", "2026-03-09,a,2")
    days.run("one")
    monkeypatch.setenv(f"{south.variables}PATH", str(days.path("south")))
    days.write("south", "2026-02-01,b,1", "2026-03-09,b,2")
    days.run("two")
    roll_back(days.contract, days.settings, choose(days.contract, days.settings), by="me", reason="r")
    assert len(days.rows()) == 2
    assert "south" not in days.sources
    days.break_("south")
    days.run("three", NOW + DAY)
    assert len(days.rows()) == 2, "south is not live"
    days.path("south").mkdir()
    days.write("south", "2026-02-01,b,1", "2026-03-09,b,2")
    days.run("four", NOW + DAY)
    assert len(days.rows()) == 4
