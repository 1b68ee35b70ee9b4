"""The five tasks: Airflow's side of the verbs. Each target has two more, beside the main store's.

Between tasks goes only the small JSON of :mod:`common.verbs.references`. The verbs and what they need are
imported where a task runs, so that parsing a DAG file stays cheap.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from airflow.sdk import Asset, TriggerRule, XComArg, get_current_context, task
from airflow.sdk.exceptions import AirflowSkipException

from common.utils.settings import MAIN, Settings
from common.verbs.references import Extracted, Loaded, Transformed, Validated, from_json, to_json
from common.verbs.subject import Subject
from vlp.connections import task_settings
from vlp.request import run_of

if TYPE_CHECKING:
    from airflow.sdk import Context

    from common.io.collections.protocol import Published
    from common.utils.contract import Contract

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Verbs:
    """The five tasks of one subject, each called with what the one before returned.

    Attributes:
        targets: Names of the stores beside the main one; without it those of the environment.
    """

    subject: Subject
    targets: tuple[str, ...] | None = None

    def extract(self, source: str) -> XComArg:
        """The records of one source that are of the run's window into bronze, as received.

        Args:
            source: Its name in the subject's module: ``order_lines`` makes the task ``extract_order_lines``.
        """

        @task(task_id=f"extract_{source}", on_failure_callback=extract_recorder(self.subject, source))
        def extract() -> Json:
            from common.verbs.pipeline import extract_live  # noqa: PLC0415 (heavy: only where the task runs)

            intake = self.subject.intake(source)
            if not intake.is_configured:
                raise AirflowSkipException(
                    f"The source {source} is not configured: {intake.variables}PATH, or SOURCE and what that "
                    "kind needs, would say where its records are (docs/sources.md)."
                )
            run = run_of(get_current_context())
            contract, settings = begin(self.subject, part=intake.part)
            return to_json(extract_live(intake, contract, settings, run))

        return extract()

    def transform(self, *extracted: XComArg) -> XComArg:
        """Bronze into silver and gold, with the ledger; what cannot be used into the dead letters.

        Of several sources those that failed or are not configured are done without: their silver stands as it
        was, and what is published says so.
        """
        rule = TriggerRule.ALL_SUCCESS if len(extracted) == 1 else TriggerRule.ALL_DONE

        @task(task_id=f"transform_{self.subject.name}", trigger_rule=rule)
        def transform(extracted: Any) -> Json:
            from common.verbs.pipeline import transform_live  # noqa: PLC0415

            contract, settings = begin(self.subject)
            found = [from_json(Extracted, one) for one in extracted if one is not None]
            run_id = get_current_context()["dag_run"].run_id
            return to_json(transform_live(self.subject, contract, settings, run_id, found))

        return transform(list(extracted))

    def validate(self, transformed: XComArg) -> XComArg:
        """The contract's verdict on gold, with a report; fails where a required rule is broken."""

        @task(task_id=f"validate_{self.subject.name}")
        def validate(transformed: Any) -> Json:
            from common.verbs.validate import validate  # noqa: PLC0415

            return to_json(validate(*begin(self.subject), from_json(Transformed, transformed)))

        return validate(transformed)

    def load(self, validated: XComArg) -> XComArg:
        """Gold into new chunks of the collection, which no reader sees yet; and the same for every target.

        A target's tasks, ``load_<subject>_to_<name>`` and ``publish_<subject>_to_<name>``, follow from its
        name in the environment. They are no part of the chain, so that no store waits for another.
        """
        loaded = self._load_to(MAIN, validated)
        targets = Settings.from_environment().targets if self.targets is None else self.targets
        for target in targets:
            self._publish_to(target, self._load_to(target, validated))
        return loaded

    def publish(self, loaded: XComArg) -> XComArg:
        """The next version live, in one write; an asset event says so where there is something new."""
        return self._publish_to(MAIN, loaded)

    def _load_to(self, store: str, validated: XComArg) -> XComArg:
        @task(**self._of_store("load", store))
        def load(validated: Any) -> Json:
            from common.verbs.load import load  # noqa: PLC0415

            return to_json(load(*begin(self.subject, store), from_json(Validated, validated), store))

        return load(validated)

    def _publish_to(self, store: str, loaded: XComArg) -> XComArg:
        asset = collection_asset(self.subject.collection)

        @task(**self._of_store("publish", store), outlets=[asset] if store == MAIN else [])
        def publish(loaded: Any) -> Json | None:
            from common.verbs.publish import publish  # noqa: PLC0415

            reference = from_json(Loaded, loaded)
            published = publish(*begin(self.subject, store), reference)
            if store == MAIN:
                announce(get_current_context(), asset, reference, published)
            return None if published is None else _plain(published)

        return publish(loaded)

    def _of_store(self, verb: str, store: str) -> Json:
        """A task's id, and who notes its failure."""
        suffix = "" if store == MAIN else f"_to_{store}"
        return {
            "task_id": f"{verb}_{self.subject.name}{suffix}",
            "on_failure_callback": failure_recorder(self.subject, store),
        }


def begin(subject: Subject, store: str = MAIN, part: str = "") -> tuple[Contract, Settings]:
    """What every task needs; notes that the run goes on, also after a failure that somebody cleared.

    Args:
        subject: Whose task.
        store: That the task writes to; a target is compared with the main store, so both are looked up.
        part: Which part of the run's record is the task's too, beside the store's: of one source of several.
    """
    from common.io import reports  # noqa: PLC0415
    from common.pipelines.contracts import contract_of  # noqa: PLC0415

    contract = contract_of(Settings.from_environment(), subject.collection)
    settings = task_settings(contract, MAIN, store)
    run_id = get_current_context()["dag_run"].run_id
    for own in dict.fromkeys((store, part or store)):
        reports.record(settings, contract.name, run_id, own, state="running", error="")
    return contract, settings


def collection_asset(collection: str) -> Asset:
    """The asset whose events say that a new version of the collection ``domain/subject`` is live."""
    return Asset(name=collection, uri=f"vitrine://{collection}")


def announce(context: Context, asset: Asset, loaded: Loaded, published: Published | None) -> None:
    """Gives the asset's event its content, or sees to it that none is sent where nothing new was published.

    Airflow sends an event for every outlet of a task that succeeds; taking the outlets off the running task
    keeps it from that. (So would an asset alias, but the asset is inactive until some DAG waits for it.)
    """
    if published is None or not published.new:
        context["task"].outlets = []
        return
    staged = loaded.staged
    counts = {name: getattr(staged, name) for name in ("inserted", "updated", "unchanged", "removed")}
    run_id = loaded.validated.transformed.run.id
    context["outlet_events"][asset].extra = {**_plain(published), **counts, "run_id": run_id}


def extract_recorder(subject: Subject, source: str) -> Callable[[Context], None]:
    """As :func:`failure_recorder`, for one source; which of the records is its own is looked up then."""

    def record_failure(context: Context) -> None:
        failure_recorder(subject, subject.intake(source).part)(context)

    return record_failure


def failure_recorder(subject: Subject, store: str = MAIN) -> Callable[[Context], None]:
    """Airflow's callback for a task that failed for good: the record of its store says which one and why."""

    def record_failure(context: Context) -> None:
        from common.io import reports  # noqa: PLC0415

        error = context.get("exception") or "the task's process ended without a word"
        reports.record(
            Settings.from_environment(),
            subject.collection,
            context["dag_run"].run_id,
            store,
            state="failed",
            error=f"{context['task'].task_id}: {error}",
        )

    return record_failure


def _plain(published: Published) -> Json:
    """As JSON holds it; of the changed partitions only how many."""
    moments = {"published_at": published.published_at, "watermark": published.watermark}
    return {
        **asdict(published),
        **{name: at and at.isoformat() for name, at in moments.items()},
        "changed": len(published.changed),
    }
