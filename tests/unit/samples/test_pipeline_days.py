"""The sample of run records: the same every time, and a mess of the known kinds."""

from __future__ import annotations

import json
from datetime import date

from samples import pipeline_days as sample

FIRST, LAST = date(2026, 1, 1), date(2026, 1, 20)


def made(seed: int = 1) -> dict[str, str]:
    return dict(sample.files(seed, FIRST, LAST))


def test_it_is_the_same_every_time_and_another_with_another_seed() -> None:
    assert made() == made()
    assert made() != made(2)


def test_a_day_does_not_depend_on_the_days_around_it() -> None:
    alone = dict(sample.files(1, LAST, LAST))
    assert len(alone) == 4
    assert alone.items() <= made().items()


def test_it_has_the_mess_that_it_promises() -> None:
    found = made()
    events = [
        json.loads(line)
        for name, text in found.items()
        if name.startswith("openlineage/")
        for line in text.splitlines()
    ]
    ended = [one["run"]["runId"] for one in events if one["eventType"] != "START"]
    assert len(ended) > len(set(ended))
    assert {one["run"]["runId"] for one in events} > set(ended)
    assert any("{{" in one["run"]["runId"] for one in events)
    assert "FAIL" in {one["eventType"] for one in events}
    jobs = [line for name, text in found.items() if name.startswith("cron/") for line in text.splitlines()]
    assert any(",started," in line for line in jobs)
    assert any(",error," in line for line in jobs)


def test_each_source_is_told_how_to_read_it() -> None:
    folders = {name.partition("/")[0] for name in made()}
    paths = {told["PATH"].rpartition("/")[2] for told in sample.VARIABLES.values() if "PATH" in told}
    assert paths == folders
