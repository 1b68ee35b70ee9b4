"""The tasks of the replay of dead letters: the five verbs over the collection that the form names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.sdk import Param, get_current_context, task

from common.utils.settings import MAIN, Settings
from common.utils.window import Window
from common.verbs.references import Extracted, Loaded, Run, Transformed, Validated, from_json, to_json
from common.verbs.subject import Subject
from vlp.operations import collection
from vlp.request import window_of
from vlp.tasks import announce, begin, collection_asset

if TYPE_CHECKING:
    from airflow.sdk import Context

    from common.utils.contract import Contract

Json = dict[str, Any]


@task
def extract_dead_letters() -> Json:
    """The dead letters that are meant become bronze of this run."""
    from common.verbs.pipeline import live_version  # noqa: PLC0415 (heavy: only where the task runs)
    from common.verbs.replay import extract_all_letters  # noqa: PLC0415

    context = get_current_context()
    subject, contract, settings = _begin(context)
    version, run, rule = live_version(contract, settings), _run(context), context["params"]["rule"] or ""
    found = extract_all_letters(subject, contract, settings, run, version=version, rule=rule)
    return {one.intake: to_json(one) for one in found}


@task
def transform_dead_letters(extracted: Any) -> Json:
    """Their records into silver and gold; those that cannot be used still stay dead letters."""
    from common.verbs.pipeline import transform_live  # noqa: PLC0415

    context = get_current_context()
    subject, contract, settings = _begin(context)
    found = [from_json(Extracted, one) for one in extracted.values()]
    return to_json(transform_live(subject, contract, settings, context["dag_run"].run_id, found))


@task
def validate_collection(transformed: Any) -> Json:
    """The contract's verdict on the days that changed; how many are rejected again does not count."""
    from common.verbs.validate import validate  # noqa: PLC0415

    _, contract, settings = _begin(get_current_context())
    return to_json(validate(contract, settings, from_json(Transformed, transformed)))


@task
def load_collection(validated: Any) -> Json:
    """The days that changed into the main store; targets follow with the collection's next run."""
    from common.verbs.load import load  # noqa: PLC0415

    _, contract, settings = _begin(get_current_context())
    return to_json(load(contract, settings, from_json(Validated, validated)))


def publish_collection(loaded: Any) -> Any:
    """The next version live, and the accepted records marked as replayed; says how many."""
    from common.pipelines.contracts import names  # noqa: PLC0415 (heavy)

    @task(outlets=[collection_asset(name) for name in names(Settings.from_environment())])
    def publish_collection(loaded: Any) -> Json:
        from common.verbs.publish import publish  # noqa: PLC0415
        from common.verbs.replay import mark_replayed  # noqa: PLC0415

        context = get_current_context()
        subject, contract, settings = _begin(context)
        reference = from_json(Loaded, loaded)
        published = publish(contract, settings, reference)
        context["task"].outlets = [one for one in context["task"].outlets if one.name == subject.collection]
        announce(context, collection_asset(subject.collection), reference, published)
        return {
            "version": published and published.version,
            "replayed": mark_replayed(subject, settings, reference),
        }

    return publish_collection(loaded)


def replay_form() -> dict[str, Param]:
    """What a replay asks for."""
    moment: Json = {"type": ["null", "string"], "format": "date-time"}
    return {
        "collection": collection(),
        "rule": Param(
            None,
            type=["null", "string"],
            title="Rule",
            description="Only what this rule rejected, as `make dead-letters` names it. Empty: all.",
        ),
        "window_start": Param(
            None,
            title="Window start (UTC)",
            description="Of the records' own time. Empty: all times.",
            **moment,
        ),
        "window_end": Param(
            None,
            title="Window end (UTC)",
            description="Itself not part of it. Give both bounds or neither.",
            **moment,
        ),
    }


def _begin(context: Context) -> tuple[Subject, Contract, Settings]:
    from common.pipelines.contracts import contract_of  # noqa: PLC0415

    subject = Subject.of(contract_of(Settings.from_environment(), context["params"]["collection"]))
    return (subject, *begin(subject, MAIN))


def _run(context: Context) -> Run:
    params, dag_run = context["params"], context["dag_run"]
    given = params["window_start"] or params["window_end"]
    window = window_of(params, None, None, dag_run.run_after) if given else Window(None, dag_run.run_after)
    return Run(dag_run.run_id, window, scheduled=False, replay=True)
