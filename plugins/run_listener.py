"""Every DAG run and every run of a task becomes a line of JSON, which ``monitoring/pipeline_days`` reads.

The lines stand in ``VITRINE_HOME/monitoring/airflow/<day>.ndjson``, a file a day in UTC. An event costs one
write to the end of a file, without network and database, in the process in which it happens: the scheduler
for DAG runs, the task's own for tasks. Whatever goes wrong is logged and counted; nothing is ever raised.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from airflow.sdk.plugins_manager import AirflowPlugin
from pluggy import HookimplMarker

log = logging.getLogger(__name__)
hookimpl = HookimplMarker("airflow")

KEEP = timedelta(days=30)
"""Older files are removed when a day's file is begun."""
LARGEST = 256 * 2**20
"""Bytes of a day's file, after which the day's further events are counted and not written."""
LONGEST_ERROR = 500  # characters
LOGGED = 1000  # of so many events that could not be written in one process, one is logged
COLLECTION = re.compile(r"vitrine_([a-z0-9]+)_(\w+)_v\d+")

Line = dict[str, str | int | float | None]


class RunListener:
    """Writes what Airflow tells of runs.

    Attributes:
        written, lost: Events of this process that were, and that could not be, written.
    """

    def __init__(self) -> None:
        self.written = self.lost = 0

    @hookimpl
    def on_dag_run_running(self, dag_run: Any, msg: str) -> None:
        """A DAG run has begun."""
        self._note(_of_dag_run, dag_run, "running", None)

    @hookimpl
    def on_dag_run_success(self, dag_run: Any, msg: str) -> None:
        """A DAG run has succeeded."""
        self._note(_of_dag_run, dag_run, "success", None)

    @hookimpl
    def on_dag_run_failed(self, dag_run: Any, msg: str) -> None:
        """A DAG run has failed."""
        self._note(_of_dag_run, dag_run, "failed", msg)

    @hookimpl
    def on_task_instance_running(self, previous_state: Any, task_instance: Any) -> None:
        """A try of a task has begun."""
        self._note(_of_task, task_instance, "running", None)

    @hookimpl
    def on_task_instance_success(self, previous_state: Any, task_instance: Any) -> None:
        """A try of a task has succeeded."""
        self._note(_of_task, task_instance, "success", None)

    @hookimpl
    def on_task_instance_failed(self, previous_state: Any, task_instance: Any, error: Any) -> None:
        """A try of a task has failed, be it tried again or not."""
        self._note(_of_task, task_instance, "failed", error)

    @hookimpl
    def on_task_instance_skipped(self, previous_state: Any, task_instance: Any) -> None:
        """A task has skipped itself."""
        self._note(_of_task, task_instance, "skipped", None)

    def _note(self, line_of: Any, subject: Any, state: str, error: Any) -> None:
        try:
            now = datetime.now(UTC)
            # What is loaded, as plain values: an attribute that is not would be asked of the database.
            line = line_of(vars(subject), state, now)
            line["error"] = _error(error)
            append({name: value for name, value in line.items() if value is not None}, now)
            self.written += 1
        except Exception as failure:  # noqa: BLE001 (a run must never suffer from being watched)
            self.lost += 1
            if self.lost % LOGGED == 1:
                log.warning("%d events of runs were not written: %r", self.lost, failure)


def append(line: Mapping[str, Any], now: datetime) -> None:
    """Writes a line to the end of the day's file, in one write.

    Raises:
        OSError: It cannot be written, or the file is full.
    """
    raw = json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace") + b"\n"
    path = folder() / f"{now.date().isoformat()}.ndjson"
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK
    try:
        file = os.open(path, flags, 0o664)
    except FileNotFoundError:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, flags, 0o664)
    try:
        size = os.fstat(file).st_size
        if size >= LARGEST:
            raise OSError(f"{path} has {size:,} bytes, and takes no more")
        if os.write(file, raw) < len(raw):
            raise OSError(f"{path} took a part of the line: the disk is full")
    finally:
        os.close(file)
    if not size:
        _prune(path.parent, now)


def folder() -> Path:
    """Where the files stand."""
    from common.utils.settings import REPOSITORY  # noqa: PLC0415 (commands load plugins and see no event)

    return Path(os.environ.get("VITRINE_HOME") or REPOSITORY / ".vitrine") / "monitoring" / "airflow"


def _of_dag_run(run: Mapping[str, Any], state: str, now: datetime) -> Line:
    ended = state != "running"
    return {
        "id": f"{run['dag_id']}/{run['run_id']}",
        "system": "airflow",
        "pipeline": run["dag_id"],
        "run_id": run["run_id"],
        "owner": _owner(run.get("dag")),
        "state": state,
        "started_at": _iso(run.get("start_date") or (None if ended else now)),
        "ended_at": _iso(run.get("end_date") or now) if ended else None,
        "expected_every": _interval(run),
        "event_at": _iso(now),
    }


def _of_task(task: Mapping[str, Any], state: str, now: datetime) -> Line:
    ended = state != "running"
    place = f"{task['dag_id']}/{task['run_id']}/{task['task_id']}"
    return {
        "id": f"{place}/{task.get('map_index', -1)}/{task.get('try_number', 0)}",
        "system": "airflow",
        "pipeline": task["dag_id"],
        "task": task["task_id"],
        "run_id": task["run_id"],
        "owner": _owner(task.get("task")),
        "state": state,
        "started_at": _iso(task.get("start_date") or (None if ended else now)),
        "ended_at": _iso(task.get("end_date") or now) if ended else None,
        "rows": _rows(task) if state == "success" else None,
        "event_at": _iso(now),
    }


def _owner(owned: Any) -> str | None:
    owner = getattr(owned, "owner", None)
    return str(owner)[:LONGEST_ERROR] if owner else None


def _interval(run: Mapping[str, Any]) -> int | None:
    """Seconds from one scheduled run to the next, where the run answers for an interval of time."""
    start, end = run.get("data_interval_start"), run.get("data_interval_end")
    if str(run.get("run_type")) not in ("scheduled", "DagRunType.SCHEDULED") or not start or not end:
        return None
    return int((end - start).total_seconds()) or None


def _rows(task: Mapping[str, Any]) -> int | None:
    """Records that the run wrote to silver, as its ledger says; known where the publishing task runs."""
    collection = COLLECTION.fullmatch(task["dag_id"])
    reports = sys.modules.get("common.io.reports")  # loaded there, and too heavy to load elsewhere
    if not collection or reports is None or task["task_id"] != f"publish_{collection[2]}":
        return None
    from common.utils.settings import Settings  # noqa: PLC0415 (see above)

    record = reports.read(Settings.from_environment(), "/".join(collection.groups()), task["run_id"])
    return None if record is None or record.ledger is None else int(record.ledger.written)


def _error(error: Any) -> str | None:
    if error is None:
        return None
    from common.utils.secrets import masked  # noqa: PLC0415 (see above)

    text = f"{type(error).__name__}: {error}" if isinstance(error, BaseException) else str(error)
    return masked(text, LONGEST_ERROR)


def _iso(moment: datetime | None) -> str | None:
    return moment.astimezone(UTC).isoformat() if moment else None


def _prune(days: Path, now: datetime) -> None:
    """Removes files that are older than ``KEEP``; once a day."""
    oldest = f"{(now - KEEP).date().isoformat()}.ndjson"
    for path in days.glob("????-??-??.ndjson"):
        if path.name < oldest:
            path.unlink(missing_ok=True)


class RunListenerPlugin(AirflowPlugin):
    """Makes Airflow tell the listener, in every process."""

    name = "vitrine_runs"
    listeners = [RunListener()]  # noqa: RUF012 (as Airflow declares it)
