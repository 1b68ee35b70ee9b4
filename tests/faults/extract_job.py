"""An extraction in a process of its own, to be killed; and what bronze holds after it."""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pyarrow as pa

from common.io import lake
from common.io.sources import Source
from common.io.sources.configured import Configured, adapter
from common.io.sources.settings import SourceSettings
from common.transforms.operations import Records
from common.utils.odcs import load_contract
from common.utils.settings import REPOSITORY, Settings
from common.utils.window import Window
from common.verbs.continuity import Live
from common.verbs.extract import extract
from common.verbs.references import Run
from common.verbs.subject import Subject

SUBJECT = Subject("sales", "product_revenue", 1)
INTAKE = SUBJECT.intake("order_lines")
RUN = Run("run", Window(None, datetime(2030, 1, 1, tzinfo=UTC)))


@dataclass(frozen=True)
class Job:
    """What is extracted, and where to.

    Attributes:
        kind: Of source.
        settings: Of it.
        home: Of the lake.
        id: The column that tells the records apart.
        variables: Of the environment, which a process that was forked earlier does not have.
    """

    kind: str
    settings: SourceSettings
    home: Path
    id: str
    variables: dict[str, str]


def job_of(source: Source, home: Path, id_: str) -> Job:
    """The job of extracting a source."""
    (settings,) = [value for value in vars(source).values() if isinstance(value, SourceSettings)]
    keyed = settings.model_copy(update={"key": settings.key or (id_,)})
    variables = {name: value for name, value in os.environ.items() if name.startswith("VITRINE_")}
    return Job(type(source).__module__.split(".")[3], keyed, home, id_, variables)


def run(job: Job, begun: Any = None) -> None:
    """Extracts; the subject needs no column but the one that tells the records apart."""
    source = adapter(job.kind).open(job.settings, "VITRINE_A_B_")  # which connects to nothing yet
    found = Configured(source, job.settings, "VITRINE_A_B_")
    contract = load_contract(REPOSITORY / "include" / "contracts" / "sales" / "product_revenue.odcs.yaml")
    records = Records((job.id,), pa.schema({}), lambda received: received)
    module = SimpleNamespace(SOURCES={INTAKE.source: records})
    with (
        mock.patch.dict(os.environ, job.variables),
        mock.patch("common.verbs.extract.configured", return_value=found),
        mock.patch.object(Subject, "module", return_value=module),
    ):
        if begun:
            begun.set()
        extract(INTAKE, contract, Settings(home=job.home), RUN, Live())


def extracted(job: Job) -> Counter[int]:
    """How often each record is in bronze."""
    uri = lake.table_uri(Settings(home=job.home), "bronze", SUBJECT.domain, SUBJECT.name)
    with lake.connect(Settings(home=job.home)) as duck:
        rows = lake.scan(duck, uri, lake.version(uri), keep=[[("_run", "=", RUN.id)]])
        return Counter(int(one) for (one,) in rows.project(f'"{job.id}"').fetchall())
