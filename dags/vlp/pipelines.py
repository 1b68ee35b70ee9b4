"""DAGs from the pipelines in YAML: one of five verbs for each file, as a file of Python would make it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.sdk import (
    DAG,
    AssetOrTimeSchedule,
    CronDataIntervalTimetable,
    dag,
    get_parsing_context,
)
from airflow.sdk.definitions.param import ParamsDict

from common.pipelines.cards import Card, card
from common.pipelines.format_values import seconds
from common.pipelines.read import PipelineError, paths
from common.utils.settings import Settings
from common.verbs.subject import Subject
from vlp.defaults import collection_dag, trigger_form
from vlp.tasks import Verbs, collection_asset

START = datetime(2000, 1, 1, tzinfo=UTC)
PRESETS = {
    "@hourly": "0 * * * *",
    "@daily": "0 0 * * *",
    "@weekly": "0 0 * * 0",
    "@monthly": "0 0 1 * *",
    "@yearly": "0 0 1 1 *",
}


def pipeline_dags() -> Iterator[DAG]:
    """A DAG for each file; of one that is wrong, what shows its problem as an import error of that file.

    Where a task runs, only its own is made.
    """
    settings, wanted = Settings.from_environment(), get_parsing_context().dag_id
    for path in paths(settings.pipelines):
        if wanted and not wanted.endswith(path.stem):
            continue
        found = card(path, settings)
        yield Wrong(found) if found.problem else made(found, tuple(settings.targets))


def wrong(settings: Settings) -> list[Card]:
    """The files that have a problem."""
    return [found for path in paths(settings.pipelines) if (found := card(path, settings)).problem]


def made(of: Card, targets: tuple[str, ...] = ()) -> DAG:
    """The DAG of a right file.

    Args:
        of: Its card.
        targets: Names of the environment's stores beside the main one.
    """
    subject = Subject(of.domain, of.subject, of.major)

    @dag(
        of.dag_id,
        description=of.description,
        schedule=schedule(of),
        start_date=START,
        doc_md=text(of),
        **arguments(of, subject),
    )
    def pipeline() -> None:
        verbs = Verbs(subject, (*targets, *of.targets))
        extracted = [verbs.extract(source) for source in of.sources]
        transformed = verbs.transform(*extracted)
        validated = verbs.validate(transformed)
        loaded = verbs.load(validated)
        verbs.publish(loaded)

    made_dag = pipeline()
    # Given before, each task would copy the form four times, and Airflow would check it for each DAG anew.
    vars(made_dag)["params"] = ParamsDict(trigger_form())
    return made_dag


def arguments(of: Card, subject: Subject) -> dict[str, Any]:
    """As every DAG of a collection has them, with the file's tags and retries."""
    found = collection_dag(subject, owner=of.owner)
    found.pop("params")
    found["tags"] = list(dict.fromkeys([*found["tags"], *of.tags]))
    found["default_args"] |= {
        "retries": of.retries.times,
        "retry_delay": timedelta(seconds=seconds(of.retries.delay)),
        "retry_exponential_backoff": of.retries.backoff,
        "max_retry_delay": timedelta(seconds=seconds(of.retries.longest)),
    }
    return found


def schedule(of: Card) -> Any:
    """When the DAG runs: by the clock, after other collections, by both, or not by itself."""
    timetable = CronDataIntervalTimetable(PRESETS.get(of.cron, of.cron), timezone="UTC") if of.cron else None
    if not of.after:
        return timetable
    first, *others = (collection_asset(name) for name in of.after)
    assets: Any = first
    for one in others:
        assets = assets | one
    return AssetOrTimeSchedule(timetable=timetable, assets=assets) if timetable else assets


def text(of: Card) -> str:
    """What the UI shows of the DAG."""
    clock = [f"`{of.cron}` in UTC"] if of.cron else []
    when = [*clock, f"after {', '.join(of.after)}"] if of.after else clock
    sources = ", ".join(f"`{name}` ({kind})" for name, kind in of.sources.items())
    targets = f" It goes to {', '.join(of.targets)} as well." if of.targets else ""
    return "\n\n".join(
        [
            of.description,
            f"**What:** the pipeline in `{of.path}`.",
            f"**When:** {', and '.join(when) or 'by hand'}.",
            f"**From where:** {sources}.",
            f"**To where:** the collection `{of.domain}/{of.subject}`.{targets}",
            "**How to run it again:** clear the failed task; every task can be repeated. For past days, "
            "trigger it with a window; after a change of the file, with *full refresh*.",
            f"**Who owns it:** the team `{of.owner}`.",
        ]
    )


class Wrong(DAG):
    """Stands for a file that is wrong: Airflow shows its problem, and no DAG.

    Airflow keeps import errors by file, and knows of files of Python alone; the error of one of those would
    take all other DAGs of it away. What cannot be serialized is told under the file that the DAG names.
    """

    _card: Card

    def __init__(self, of: Card) -> None:
        object.__setattr__(self, "_card", of)
        super().__init__(of.dag_id, schedule=None)

    @property
    def problem(self) -> str:
        """What is wrong with the file."""
        return str(self._card.problem)

    @property
    def relative_fileloc(self) -> str:
        """The file's path."""
        return str(self._card.path)

    @relative_fileloc.setter
    def relative_fileloc(self, _value: str | None) -> None:
        """Whoever imports the DAG would say that of the file in Python."""

    @property
    def edge_info(self) -> Any:
        """Asked for when the DAG is serialized.

        Raises:
            PipelineError: Always.
        """
        raise PipelineError(self.problem)

    @edge_info.setter
    def edge_info(self, _value: Any) -> None:
        """Set by every DAG."""
