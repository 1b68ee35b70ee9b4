"""One pipeline of the documentation, run as the command line runs it, in a home of its own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from common.io import dead_letters, lake, reports
from common.io.collections.protocol import Query, Version
from common.io.reports import RunRecord
from common.pipelines.checked import checked
from common.pipelines.targets import with_targets
from common.utils.settings import MAIN, Settings
from common.utils.window import Window
from common.verbs.pipeline import live_version, run_all
from common.verbs.references import Run
from common.verbs.stores import opened
from common.verbs.subject import Subject

REPOSITORY = Path(__file__).resolve().parents[1]
EXAMPLES = REPOSITORY / "docs" / "examples" / "pipelines"
EVER = Window(datetime(1970, 1, 1, tzinfo=UTC), datetime(2027, 1, 1, tzinfo=UTC))


RUNS = count(1)
"""A run of the same id would be the same run again, in whichever example."""


class Example:
    """A pipeline's file, and the home that it is run in.

    Args:
        path: Of the file, ``<domain>/<subject>_v1.yaml`` below some folder.
        home: Of everything that is written locally.
        patch: Sets the variables of the environment.
        variables: That the file asks for.
    """

    def __init__(self, path: Path, home: Path, patch: pytest.MonkeyPatch, **variables: str) -> None:
        for name, value in {"VITRINE_PIPELINES": str(path.parents[1]), **variables}.items():
            patch.setenv(name, value)
        patch.setenv("VITRINE_HOME", str(home))
        self.home, self.contract = home, checked(path).contract
        self.subject = Subject.of(self.contract)
        self.targets = tuple(checked(path).pipeline.spec.targets)
        self.settings = with_targets(Settings.from_environment(), self.contract, *self.targets)
        self.run_id = ""

    def run(self, **options: Any) -> None:
        """Everything from extract to publish, to all stores."""
        self.run_id = f"run {next(RUNS)}"
        run_all(self.subject, self.contract, self.settings, Run(self.run_id, EVER, **options))

    def record(self, store: str = MAIN) -> RunRecord:
        """Of the last run."""
        found = reports.read(self.settings, self.contract.name, self.run_id, store)
        assert found
        return found

    def table(self, store: str = MAIN) -> pa.Table:
        """The live version, in the order of the key, as a store returns it."""
        with opened(self.contract, self.settings, store, read_only=True) as collection:
            live = collection.live()
            assert live
            pages, position = [], None
            while not pages or position is not None:
                page = collection.read(live.number, Query(limit=5000, after=position))
                pages.append(page.rows)
                position = page.position
        return pa.concat_tables(pages)

    def rows(self, store: str = MAIN) -> list[dict[str, Any]]:
        """The same without what the store adds to each row."""
        names = [field.name for field in self.contract.fields]
        found: list[dict[str, Any]] = self.table(store).select(names).to_pylist()
        return found

    def live(self, store: str = MAIN) -> Version | None:
        """What readers of a store see."""
        return live_version(self.contract, self.settings, store)

    def verdicts(self) -> dict[str, str]:
        """What became of each rule in the last run."""
        found = json.loads(Path(self.record().report).with_name("validation.json").read_text("utf-8"))
        return {rule["name"]: rule["status"] for rule in found["rules"]}

    def letters(self, source: str = "") -> list[tuple[str, str]]:
        """Rule and field of each dead letter, of the only source or of one of several."""
        name = f"{self.subject.name}/{source}" if source else self.subject.name
        uri = dead_letters.table_uri(self.settings, self.subject.domain, name, dry_run=False)
        with lake.connect(self.settings) as engine:
            found = dead_letters.read(engine, uri, self.run_id).to_pylist()
        return sorted((row["rule"], row["field"]) for row in found)


def csv(path: Path, header: str, lines: Sequence[str]) -> None:
    """Writes a file of lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([header, *lines, ""]), encoding="utf-8")
