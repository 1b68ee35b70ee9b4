"""A subject with several sources: each has its own silver, and one that is down stops no other."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from common.io import lake, reports
from common.utils.errors import SourceError, ValidationFailed
from common.verbs.subject import SAMPLES
from unit.common.verbs.town import NOW, SUBJECT, Town


def test_each_source_has_tables_and_variables_of_its_own(days: Town) -> None:
    north, _ = SUBJECT.intakes()
    assert (north.name, north.variables) == ("readings/north", "VITRINE_TOWN_READINGS_NORTH_")
    days.write("north", "2026-03-08,a,1")
    days.write("south", "2026-03-08,a,2", "2026-03-07,b,5")
    days.run("one")
    assert days.rows() == [(date(2026, 3, 7), "b", 5), (date(2026, 3, 8), "a", 3)]
    for layer in ("bronze", "silver"):
        for source in ("north", "south"):
            assert lake.version(f"{days.settings.lake_root}/{layer}/town/readings/{source}") >= 0
    record = reports.read(days.settings, "town/readings", "one")
    assert record
    assert record.ledger
    assert record.statistics
    assert (record.ledger.read, record.statistics.items) == (3, 2)
    assert {name: entry["data_as_of"][:10] for name, entry in days.sources.items()} == {
        "north": "2026-03-08",
        "south": "2026-03-08",
    }


def test_one_source_down_does_not_stop_the_others_and_is_named(days: Town) -> None:
    days.write("north", "2026-03-08,a,1")
    days.write("south", "2026-03-08,a,2")
    days.run("one")
    read = days.sources["south"]["read_at"]
    days.break_("south")
    days.write("north", "2026-03-09,a,7", name="b.csv")
    days.run("two")
    assert days.rows() == [(date(2026, 3, 8), "a", 3), (date(2026, 3, 9), "a", 7)], "south stands as it was"
    south = days.sources["south"]
    assert "south" in south["error"]
    assert south["data_as_of"][:10] == "2026-03-08"
    assert south["read_at"] == read
    assert days.sources["north"]["error"] == ""
    days.path("south").mkdir()
    days.write("south", "2026-03-09,a,30")
    days.run("three")
    assert days.rows()[-1] == (date(2026, 3, 9), "a", 37)
    assert days.sources["south"]["error"] == ""


def test_a_source_that_goes_down_is_told_even_where_nothing_else_is_new(days: Town) -> None:
    days.write("north", "2026-03-08,a,1")
    days.write("south", "2026-03-08,a,2")
    days.run("one")
    days.break_("south")
    published = days.run("two")
    assert published
    assert not published.new
    assert days.sources["south"]["error"]


def test_where_no_source_can_be_read_nothing_is_published(days: Town) -> None:
    days.write("north", "2026-03-08,a,1")
    days.write("south", "2026-03-08,a,2")
    days.run("one")
    days.break_("north")
    days.break_("south")
    with pytest.raises(SourceError, match=r"No source of town/readings could be read. north: .*; south: "):
        days.run("two")
    assert days.rows() == [(date(2026, 3, 8), "a", 3)]
    record = reports.read(days.settings, "town/readings", "two")
    assert record
    assert record.state == "failed"


def test_a_source_that_is_added_later_leaves_all_days_of_the_others(
    days: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    south = SUBJECT.intake("south")
    monkeypatch.delenv(f"{south.variables}PATH")
    assert not south.is_configured
    days.write("north", "2026-01-05,a,1", "2026-03-08,a,1")
    days.run("one")
    monkeypatch.setenv(f"{south.variables}PATH", str(days.path("south")))
    days.write("south", "2026-03-08,a,2")
    days.run("two")
    assert days.rows() == [(date(2026, 1, 5), "a", 1), (date(2026, 3, 8), "a", 3)]


def test_the_domains_variables_serve_a_source_that_has_none(
    days: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    north = SUBJECT.intake("north")
    monkeypatch.setenv("VITRINE_TOWN_NORTH_PATH", monkeypatch_path := str(days.path("south")))
    assert north.defaults() == {"KEY": "date,place", "PATH": monkeypatch_path}
    monkeypatch.delenv(f"{north.variables}PATH")
    assert north.is_configured
    days.write("south", "2026-03-08,a,2")
    days.run("one")
    assert days.rows() == [(date(2026, 3, 8), "a", 4)]


def test_a_sample_is_read_where_nothing_is_said_of_the_source(
    days: Town, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    index = tmp_path / "samples" / "town" / "readings.json"
    index.parent.mkdir(parents=True)
    index.write_text(json.dumps({"variables": {"north": {"PATH": "there"}, "south": {"PATH": "there"}}}))
    monkeypatch.setenv(SAMPLES, str(tmp_path / "samples"))
    monkeypatch.delenv(f"{SUBJECT.intake('south').variables}PATH")
    assert SUBJECT.intake("south").defaults()["PATH"] == "there"
    assert SUBJECT.intake("north").defaults() == {"KEY": "date,place"}


def test_a_snapshot_is_the_whole_truth_of_its_source(whole: Town) -> None:
    whole.write("north", "2020-01-01,a,1", "2026-03-08,b,2")
    whole.write("south", "2026-03-08,a,10")
    whole.run("one")
    assert whole.rows() == [("a", 11), ("b", 2)]
    whole.write("north", "2020-01-01,a,5")
    whole.run("two", NOW + timedelta(days=1))
    assert whole.rows() == [("a", 15)], "what the source no longer has is gone, and an old record can change"
    record = reports.read(whole.settings, "town/readings", "two")
    assert record
    assert record.ledger
    ledger = record.ledger
    assert (ledger.read, ledger.written, ledger.unchanged, ledger.deleted) == (2, 1, 1, 1)


def test_a_dry_run_of_a_whole_collection_computes_all_and_publishes_nothing(whole: Town) -> None:
    whole.write("north", "2020-01-01,a,1", "2026-03-08,b,2")
    whole.write("south", "2026-03-08,a,10")
    whole.run("one")
    whole.write("north", "2020-01-01,a,5", "2026-03-08,c,1")
    assert whole.run("dry", NOW + timedelta(days=1), dry_run=True) is None
    assert whole.rows() == [("a", 11), ("b", 2)]
    record = reports.read(whole.settings, "town/readings", "dry")
    assert record
    assert record.staged
    assert (record.staged.inserted, record.staged.updated, record.staged.removed) == (1, 1, 1)


def test_a_whole_run_with_a_source_down_keeps_what_it_had(whole: Town) -> None:
    whole.write("north", "2026-03-08,a,1")
    whole.write("south", "2026-03-08,a,10")
    whole.run("one")
    whole.break_("north")
    whole.write("south", "2026-03-08,a,20")
    whole.run("two", NOW + timedelta(days=1))
    assert whole.rows() == [("a", 21)]


def test_what_is_older_than_the_retention_leaves_silver_gold_and_collection(days: Town) -> None:
    days.contract = replace(days.contract, retention=timedelta(days=10))
    days.write("north", "2026-02-01,a,9", "2026-03-01,a,1", "2026-03-09,a,2")
    days.write("south", "2026-03-01,b,4")
    days.run("one")
    assert days.rows() == [(date(2026, 3, 1), "a", 1), (date(2026, 3, 1), "b", 4), (date(2026, 3, 9), "a", 2)]
    record = reports.read(days.settings, "town/readings", "one")
    assert record
    assert record.ledger
    assert record.ledger.filtered["past_retention"] == 1
    days.run("two", NOW + timedelta(days=5))
    assert days.rows() == [(date(2026, 3, 9), "a", 2)]
    for source in ("north", "south"):
        uri = f"{days.settings.lake_root}/silver/town/readings/{source}"
        kept = [row for batch in lake.all_batches(uri, lake.version(uri)) for row in batch.to_pylist()]
        assert all(row["date"] >= date(2026, 3, 5) for row in kept)


def test_a_broken_record_of_one_source_is_its_own_dead_letter(days: Town) -> None:
    days.write("north", "2026-03-08,a,x", "2026-03-08,b,1")
    days.write("south", "2026-03-08,a,2")
    days.run("one")
    assert days.rows() == [(date(2026, 3, 8), "a", 2), (date(2026, 3, 8), "b", 1)]
    assert lake.version(f"{days.settings.lake_root}/dead_letters/town/readings/north") >= 0
    days.contract = replace(days.contract, max_rejected=0.1)
    days.write("south", "2026-03-08,a,y")
    with pytest.raises(ValidationFailed, match="rejected_share"):
        days.run("two")
