"""``make run``: every DAG of a collection once, through Airflow in this process, and what came of each."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from common.utils.errors import SettingsError, VitrineError, did_you_mean
from common.utils.settings import MAIN, Settings
from common.verbs.subject import Subject
from vlp.connections import command_settings
from vlp.pipelines import wrong
from vlp.source import configure, only
from vlp.summary import Outcome, next_steps, table

if TYPE_CHECKING:
    from airflow.sdk import DAG, Context

    from common.utils.contract import Contract

RETRIES, RETRY_DELAY = 1, timedelta(seconds=1)  # somebody waits: a source that is away is soon said to be
BEGINNING = "1970-01-01"


def main(arguments: Sequence[str]) -> int:
    """Prepares source and metadata database, runs all DAGs of collections, prints what came of it.

    Args:
        arguments: ``DATA=folder`` and its mapping, see :func:`vlp.source.configure`.

    Returns:
        Exit code: 1 where a collection was not published or found unchanged, in the main store or a target,
        or where a pipeline's file is wrong.
    """
    settings = Settings.from_environment()
    now = datetime.now(UTC)
    log = settings.home / "logs" / f"run-{now:%Y%m%dT%H%M%S}.log"
    with output_into(log) as terminal:
        say = Progress(terminal)
        say.line(f"Log: {log}")
        say.line(f"Source: {configure(arguments, os.environ, settings, now.date())}")
        outcomes = run_collections(settings, now, say, only(arguments))
        failed = [one for one in outcomes if not one.succeeded]
        left_out = wrong(settings)
        say.line("\n" + table(outcomes, datetime.now(UTC)))
        for one in failed:
            say.line(f"\n{one.name} was not published.\n{one.error}\nThe whole story: {log}")
        for pipeline in left_out:
            say.line(f"\n{pipeline.path} was left out.\n{pipeline.problem}")
        others = [one for one in arguments if not one.startswith("ONLY=")]
        say.line("\n" + next_steps(outcomes, others))
    return 1 if failed or left_out else 0


def run_collections(
    settings: Settings, now: datetime, say: Progress, chosen: Sequence[str] = ()
) -> list[Outcome]:
    """Runs each DAG of a collection, or of some, over all of its data.

    Raises:
        VitrineError: The DAGs or the contracts cannot be read, or there is no such collection.
    """
    say.line("Preparing Airflow …")
    from common.pipelines.contracts import contracts  # noqa: PLC0415 (heavy: a wrong argument is said before)
    from vlp.local import collection_dags, collection_name, in_order, migrate  # noqa: PLC0415

    migrate()
    every = contracts(settings)
    folder = Path(__file__).resolve().parents[1]
    dags = {collection_name(dag): dag for dag in in_order(collection_dags(folder))}
    for name in (one for one in chosen if one not in dags):
        raise SettingsError(f"There is no collection '{name}': {did_you_mean(name, dags)}", where="ONLY")
    return [
        outcome
        for name, dag in dags.items()
        if not chosen or name in chosen
        for outcome in run(dag, every[name], command_settings(every[name], MAIN), now, say)
    ]


def run(dag: DAG, contract: Contract, settings: Settings, now: datetime, say: Progress) -> list[Outcome]:
    """One DAG from the beginning of time to the end of today, as Airflow runs it: tasks, retries, events.

    Returns:
        What came of it in the main store, and then in each target.
    """
    from common.verbs.pipeline import why_rebuild  # noqa: PLC0415 (heavy)

    say.line(f"\n{contract.name} ({dag.dag_id})")
    reason = why_rebuild(Subject.of(contract), contract, settings)
    if reason:
        say.line(f"  full refresh: {reason}")
    for task in dag.tasks:
        say.follow(task)
        task.retries, task.retry_delay = RETRIES, RETRY_DELAY
    started = time.monotonic()
    window = {"window_start": BEGINNING, "window_end": (now.date() + timedelta(days=1)).isoformat()}
    done = dag.test(run_conf={**window, "full_refresh": bool(reason)})
    seconds = time.monotonic() - started
    return [outcome_in(store, contract, settings, done.run_id, seconds) for store in settings.stores]


def outcome_in(store: str, contract: Contract, settings: Settings, run_id: str, seconds: float) -> Outcome:
    """What came of a run in one store; a target that the run failed in is not asked, for it may be away."""
    from common.io import reports  # noqa: PLC0415 (heavy)
    from common.verbs.pipeline import live_version  # noqa: PLC0415

    record = reports.read(settings, contract.name, run_id, store)
    outcome = Outcome(contract, record, None, seconds, store)
    if store == MAIN or outcome.succeeded:
        outcome = replace(outcome, live=live_version(contract, command_settings(contract, store), store))
    return outcome


class Progress:
    """What somebody at the terminal sees while it works."""

    def __init__(self, terminal: TextIO) -> None:
        self._terminal = terminal
        self._since = 0.0

    def line(self, text: str) -> None:
        """One line, at once."""
        print(text, file=self._terminal, flush=True)

    def follow(self, task: Any) -> None:
        """Says when a task starts and what becomes of it, after what the DAG itself does then."""
        task.on_execute_callback = [*task.on_execute_callback, self._started]
        task.on_success_callback = [*task.on_success_callback, self._succeeded]
        task.on_skipped_callback = [*task.on_skipped_callback, self._skipped]
        task.on_retry_callback = [*task.on_retry_callback, self._again]
        task.on_failure_callback = [*task.on_failure_callback, self._failed]

    def _started(self, context: Context) -> None:
        self._since = time.monotonic()
        print(f"  {context['task'].task_id} … ", end="", file=self._terminal, flush=True)

    def _succeeded(self, _context: Context) -> None:
        self.line(f"{time.monotonic() - self._since:.1f} s")

    def _skipped(self, _context: Context) -> None:
        self.line("not configured")

    def _again(self, context: Context) -> None:
        self.line(f"failed, trying again: {context.get('exception')}")

    def _failed(self, _context: Context) -> None:
        self.line("failed")


@contextmanager
def output_into(log: Path) -> Iterator[TextIO]:
    """Sends what this process writes into a log file; yields the terminal, for what a person is to see."""
    log.parent.mkdir(parents=True, exist_ok=True)
    sys.stdout.flush()
    sys.stderr.flush()
    kept = [os.dup(number) for number in (1, 2)]
    with log.open("ab") as file, os.fdopen(os.dup(1), "w", encoding="utf-8") as terminal:
        for number in (1, 2):
            os.dup2(file.fileno(), number)
        try:
            yield terminal
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            for number, descriptor in zip((1, 2), kept, strict=True):
                os.dup2(descriptor, number)
                os.close(descriptor)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except VitrineError as error:
        sys.exit(f"\n{error}")
    except KeyboardInterrupt:
        sys.exit("\nInterrupted. Nothing half-loaded is live; run it again at any time.")
