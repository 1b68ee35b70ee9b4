"""The tasks of the DAGs under ``operations``, and the forms of their trigger buttons.

The collections are known at parse time by the names of their contracts' files, the targets by the
environment: a contract that cannot be read takes no other collection's roll-back away.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.sdk import Param, get_current_context, task

from common.utils.settings import MAIN, Settings
from common.verbs.references import RollBack, from_json, to_json
from vlp.connections import task_settings

if TYPE_CHECKING:
    from airflow.sdk import Context

    from common.utils.contract import Contract

Json = dict[str, Any]
ALL = "all"


@task
def choose_version() -> Json:
    """Which version the roll-back goes back to; settled here, so that the next task can be repeated."""
    from common.verbs import operations  # noqa: PLC0415 (heavy: only where the task runs)

    params = get_current_context()["params"]
    return to_json(operations.choose(*_begin(params), params["to"], params["store"]))


@task
def roll_back(chosen: Any) -> Json:
    """Readers see the version's content at once; says what changed, and the windows to run again."""
    from common.verbs import operations  # noqa: PLC0415

    context = get_current_context()
    asked = {"by": who(context), **_given(context, "reason", "hold", "store")}
    done = operations.roll_back(*_begin(context["params"]), from_json(RollBack, chosen), **asked)
    return {
        **_given(context, "collection"),
        **asked,
        "from": done.was,
        "to": done.to,
        "version": done.version,
        "run_again": [{"window_start": str(first), "window_end": str(end)} for first, end in done.run_again],
    }


@task
def release() -> Json:
    """Scheduled runs publish again; says whose hold that was."""
    from common.verbs import operations  # noqa: PLC0415

    context = get_current_context()
    asked = {"by": who(context), **_given(context, "reason", "store")}
    held = operations.release(*_begin(context["params"]), **asked)
    was = held and {"by": held.by, "reason": held.reason, "at": held.at.isoformat()}
    return {**_given(context, "collection"), **asked, "held": was}


@task
def choose_collections() -> list[Json]:
    """Every collection in every store that is meant."""
    from common.pipelines.contracts import contract_of, names  # noqa: PLC0415
    from common.pipelines.targets import with_targets  # noqa: PLC0415

    params, settings = get_current_context()["params"], Settings.from_environment()
    meant = names(settings) if params["collection"] == ALL else [params["collection"]]
    there = {name: with_targets(settings, contract_of(settings, name)).stores for name in meant}
    return [
        {"collection": name, "store": store}
        for name, stores in there.items()
        for store in (stores if params["store"] == ALL else [params["store"]])
    ]


@task(map_index_template="{{ place }}")
def vacuum(place: Any) -> str:
    """One collection in one store; the others do not wait for it."""
    from common.verbs import operations  # noqa: PLC0415

    context = get_current_context()
    context["place"] = f"{place['collection']} in {place['store']}"  # type: ignore[typeddict-unknown-key]
    params = context["params"]
    tidied = operations.vacuum(
        *_begin(place),
        keep=params["keep"],
        abandon_after=timedelta(hours=params["abandon_after"]),
        store=place["store"],
    )
    return str(tidied)


def rollback_form() -> dict[str, Param]:
    """What a roll-back asks for."""
    return {
        "collection": collection(),
        "to": Param(
            None,
            type=["null", "integer"],
            minimum=1,
            title="Version to go back to",
            description="A retained version's number. Empty: the latest one with other content than the live "
            "version's; after a roll-back, from before what that went back to.",
        ),
        "reason": _reason(),
        "hold": Param(
            False,
            type="boolean",
            title="Hold",
            description="Also stop scheduled runs, until vitrine_operations_release_v1 is run.",
        ),
        "store": _store(),
    }


def release_form() -> dict[str, Param]:
    """What a release asks for."""
    return {"collection": collection(), "reason": _reason(), "store": _store()}


def vacuum_form() -> dict[str, Param]:
    """What a vacuum asks for; a scheduled one sees to everything."""
    return {
        "collection": collection(ALL),
        "keep": Param(
            None,
            type=["null", "integer"],
            minimum=1,
            title="Versions to keep",
            description="Empty: as VITRINE_KEEP_VERSIONS says. The live version is always among them.",
        ),
        "abandon_after": Param(
            24,
            type="number",
            minimum=0,
            title="Abandon attempts after (hours)",
            description="Open attempts that are older are taken for dead; one that lives is staged again.",
        ),
        "store": _store(ALL),
    }


def who(context: Context) -> str:
    """The user who triggered the run."""
    return context["dag_run"].triggering_user_name or "unknown"


def _given(context: Context, *names: str) -> Json:
    return {name: context["params"][name] for name in names}


def _begin(params: Any) -> tuple[Contract, Settings]:
    from common.pipelines.contracts import contract_of  # noqa: PLC0415

    contract = contract_of(Settings.from_environment(), params["collection"])
    return contract, task_settings(contract, params["store"])


def collection(*more: str) -> Param:
    """Which collection is meant; the first of ``more`` is the default."""
    from common.pipelines.contracts import names  # noqa: PLC0415

    default: Json = {"default": more[0]} if more else {}
    every = [*more, *names(Settings.from_environment())]
    return Param(**default, type="string", enum=every, title="Collection")


def _store(*more: str) -> Param:
    stores = [*more, *Settings.from_environment().stores]
    return Param(
        stores[0],
        type="string",
        enum=stores,
        title="Store",
        description=f"'{MAIN}' is the store that the API serves; the others are targets.",
    )


def _reason() -> Param:
    return Param(
        type="string",
        minLength=1,
        title="Reason",
        description="Kept with your name in the collection's history.",
    )
