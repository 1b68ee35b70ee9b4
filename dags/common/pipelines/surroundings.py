"""What a pipeline's file says of the world around it: schedule, other collections, stores, other files."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from common.io.collections import known_schemes
from common.pipelines.read import PipelineFile, subject_of
from common.pipelines.values import IN_CLEAR, has_password, is_open
from common.utils.settings import EXTRACT, MAIN, REPOSITORY

PRESETS = ("@hourly", "@daily", "@weekly", "@monthly", "@yearly")


def check_schedule(pipeline: PipelineFile) -> None:
    """Notes a cron line that is none."""
    schedule = pipeline.spec.schedule
    if schedule is None:
        return
    given = pipeline.file.data["schedule"]
    place = ("schedule",) if isinstance(given, str) else ("schedule", "cron")
    if not (schedule.cron or schedule.after):
        pipeline.file.report(
            ("schedule",), "a schedule has cron, after, or both; for runs by hand alone: null"
        )
    if schedule.cron and not is_cron(schedule.cron):
        pipeline.file.report(
            place,
            f"'{schedule.cron}' is no cron line: five fields, as '0 6 * * *', or one of {', '.join(PRESETS)}",
        )
    if pipeline.name in schedule.after:
        pipeline.file.report(("schedule", "after"), "a pipeline cannot wait for its own collection")


def is_cron(text: str) -> bool:
    """Whether a text is a cron line as Airflow's timetables take it."""
    from croniter import croniter  # type: ignore[import-untyped]  # noqa: PLC0415 (only where it is needed)

    return text in PRESETS or (len(text.split()) == 5 and bool(croniter.is_valid(text)))


def check_targets(pipeline: PipelineFile) -> None:
    """Notes targets whose names or places cannot be."""
    for name, place in pipeline.spec.targets.items():
        at = ("targets", name)
        if name == MAIN or name.startswith(EXTRACT):
            pipeline.file.report(
                at, f"'{name}' cannot name a target: not '{MAIN}', and not with '{EXTRACT}' before"
            )
        if is_open(place):
            continue
        if "://" not in place:
            if not re.fullmatch(r"[\w.-]+", place):
                pipeline.file.report(
                    at, "a target is a URL, such as parquet:///data/out, or a Connection's id"
                )
        elif has_password(place):
            pipeline.file.report(at, IN_CLEAR)
        elif (scheme := place.partition("://")[0].partition("+")[0]) not in known_schemes():
            pipeline.file.report_unknown(at, "kind of store", scheme, known_schemes())
        if list(pipeline.spec.targets.values()).count(place) > 1:
            pipeline.file.report(at, "this is the place of another target too: give each one of its own")


def beside(path: Path) -> tuple[str, ...]:
    """The files that may make a DAG of the same id as a pipeline's, or a collection of the same name."""
    folder = path.parent
    changed = folder.stat().st_mtime_ns if folder.is_dir() else 0
    named = _by_subject(folder, changed).get(subject_of(path), ())
    code = REPOSITORY / "dags" / folder.name / f"{path.stem}.py"
    return (*named, *([str(code.relative_to(REPOSITORY))] if code.exists() else []))


@lru_cache(maxsize=64)
def _by_subject(folder: Path, changed: int) -> Mapping[str, tuple[str, ...]]:
    """The names of a folder's files by subject; the folder is looked through once until it changes."""
    found: dict[str, tuple[str, ...]] = {}
    for name in sorted(os.listdir(folder)) if changed else []:  # noqa: PTH208 (a thousand of them, often)
        subject = subject_of(Path(name))
        found[subject] = (*found.get(subject, ()), name)
    return found


def check_surroundings(pipeline: PipelineFile) -> None:
    """Notes other files that make a DAG of the same id, or a collection of the same name."""
    for other in beside(pipeline.path):
        if other.endswith(".py"):
            pipeline.file.report((), f"the DAG {pipeline.dag_id} is there already: {other}")
        elif other != pipeline.path.name and re.search(r"_v\d+[.]ya?ml$", other):
            pipeline.file.report((), f"{other} makes the same collection {pipeline.name}: keep one of them")
