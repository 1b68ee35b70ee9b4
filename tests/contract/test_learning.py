"""The sample school from files and from MongoDB: the two collections are the same."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pymongo
import pytest
from bson import Decimal128

import servers
from common.io.collections.protocol import Query, Version
from common.utils.odcs import load_contract
from common.utils.settings import Settings
from common.utils.window import Window
from common.verbs import pipeline
from common.verbs.references import Run
from common.verbs.stores import opened
from common.verbs.subject import Subject
from samples.school import VARIABLES, files

DAY = date(2026, 11, 20)
NOW = datetime(2026, 11, 21, tzinfo=UTC)
MOMENTS = ("updated_at", "starts", "ends", "registered", "withdrawn", "due", "submitted", "visited")


@pytest.fixture(scope="module")
def school() -> Mapping[str, str]:
    """The files of two terms; of activity some weeks alone."""
    every = dict(files(7, DAY, DAY)).items()
    return {
        name: content
        for name, content in every
        if not name.startswith("activity/") or re.search(r"2026-09/(2026|week-0[67])", name)
    }


def documents(school: Mapping[str, str], source: str) -> Iterator[dict[str, Any]]:
    """The records of a source as a platform's database has them: with types, and without what is blank."""
    for name, content in school.items():
        if name.startswith(f"{source}/"):
            lines = content.splitlines()
            rows = _json(lines) if name.endswith("json") else csv.DictReader(lines)
            for row in rows:
                yield {key: _typed(key, value) for key, value in row.items() if value not in ("", None)}


def _json(lines: list[str]) -> Iterator[dict[str, Any]]:
    return (json.loads(line) for line in lines if line.endswith("}"))


def _typed(name: str, value: Any) -> Any:
    if name in MOMENTS:
        return datetime.fromisoformat(value).replace(tzinfo=UTC)
    if name in ("score", "weight") and str(value).replace(".", "").isdigit():
        return Decimal128(Decimal(value))
    return value


def publish(settings: Settings, subject: str) -> tuple[list[dict[str, Any]], Version]:
    """All five verbs, and what readers see then."""
    contract = load_contract(settings.contracts / "learning" / f"{subject}.odcs.yaml")
    run = Run("all", Window(None, NOW), scheduled=False)
    assert pipeline.run_all(Subject("learning", subject, 1), contract, settings, run)
    with opened(contract, settings, read_only=True) as collection:
        live = collection.live()
        assert live is not None
        return collection.read(live.number, Query(limit=10_000)).rows.to_pylist(), live


@pytest.mark.parametrize("subject", ["student_progress", "course_analytics"])
def test_a_collection_is_the_same_from_files_and_from_mongodb(
    subject: str, school: Mapping[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _into_files(school, tmp_path / "school", monkeypatch)
    rows, live = publish(Settings(home=tmp_path / "files"), subject)
    _into_mongodb(school, monkeypatch)
    same, other = publish(Settings(home=tmp_path / "mongodb"), subject)
    assert rows
    assert rows == same
    assert live.watermark == other.watermark
    assert live.ledger["gold"] == other.ledger["gold"]
    assert {"student_id_missing", "clicks_not_exact"} <= live.ledger["rejected"].keys()
    assert {"student_id_missing", "clicks_not_exact"} <= other.ledger["rejected"].keys()


def _into_files(school: Mapping[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Writes the exports, and has the domain read them as the sample's variables say."""
    for name, content in school.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
    for source, variables in VARIABLES.items():
        for name, value in variables.items():
            monkeypatch.setenv(f"VITRINE_LEARNING_{source}_{name}".upper(), value.format(folder=folder))


def _into_mongodb(school: Mapping[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Fills a database, and has the domain read it instead of the files."""
    url = servers.server("mongodb").empty_database()
    with pymongo.MongoClient(url) as client:
        for source in VARIABLES:
            client.get_default_database()[source].insert_many(documents(school, source))
    for source in VARIABLES:
        prefix = f"VITRINE_LEARNING_{source}_".upper()
        monkeypatch.delenv(f"{prefix}PATH")
        for name, value in {"SOURCE": "mongo", "CONNECTION": url, "COLLECTION": source}.items():
            monkeypatch.setenv(f"{prefix}{name}", value)
