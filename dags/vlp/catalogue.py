"""The catalogue: every DAG, its contract, and where its data come from and go to, as a page."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.pipelines.checked import checked
from common.pipelines.contracts import contract_of
from common.pipelines.read import path_of
from common.utils.odcs import SUFFIX, contract_file
from common.utils.settings import REPOSITORY, Settings, from_repository
from common.verbs.subject import Subject
from vlp.defaults import COLLECTION_TAG
from vlp.lineage import graph
from vlp.local import all_dags, awaited, collection_name

if TYPE_CHECKING:
    from airflow.sdk import DAG

    from common.utils.contract import Contract

PAGE = REPOSITORY / "docs"
"""The folder of the page, from which its links lead."""
HEAD = """# Catalogue

Every DAG, the contract of what it publishes, and where its data come from. Made by `make catalogue` from the
DAGs, the contracts and the pipelines themselves; CI compares. A source of a DAG in Python is of the kind
that stands here unless its settings say otherwise.
"""


@dataclass(frozen=True, slots=True)
class Origin:
    """One source.

    Attributes:
        collection: That it reads, where it is one of ours.
    """

    name: str
    kind: str
    collection: str


@dataclass(frozen=True, slots=True)
class Promise:
    """What the contract says.

    Attributes:
        file: Where it stands: a file of its own, or the pipeline that it is derived from.
        fields: Name to type.
    """

    file: str
    version: str
    key: tuple[str, ...]
    fields: dict[str, str]
    freshness: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One DAG.

    Attributes:
        file: That makes it, from the root of the repository.
        schedule: In words.
        after: The collections whose new versions start it.
        collection: That it publishes; empty where it publishes none.
        targets: Name to kind of the further stores that its file names.
    """

    dag_id: str
    description: str
    file: str
    schedule: str
    after: tuple[str, ...]
    owner: str
    collection: str = ""
    sources: tuple[Origin, ...] = ()
    contract: Promise | None = None
    targets: tuple[tuple[str, str], ...] = ()


def entries(folder: Path = REPOSITORY / "dags") -> list[Entry]:
    """All DAGs, by id.

    Raises:
        VitrineError: A DAG, a contract or a pipeline is wrong.
    """
    settings = Settings.from_environment()
    return [_entry(dag, settings) for dag in all_dags(folder)]


def page(found: Sequence[Entry]) -> str:
    """The catalogue in Markdown; the same for the same DAGs."""
    publishing = [one for one in found if one.collection]
    others = [one for one in found if not one.collection]
    lines = [HEAD, "## Lineage", "", *graph(publishing), "", "## Collections", ""]
    lines += ["| collection | schedule | owner | fresh within | contract |", "|---|---|---|---|---|"]
    for one in publishing:
        promise = one.contract
        assert promise  # noqa: S101 (for the types: a DAG that publishes has one)
        lines.append(
            f"| [{one.collection}](#{_anchor(one.collection)}) | {one.schedule} | {one.owner} | "
            f"{promise.freshness} | {promise.version} |"
        )
    lines += [line for one in publishing for line in _section(one)]
    lines += ["", "## Other DAGs", "", "| DAG | what | schedule | owner |", "|---|---|---|---|"]
    lines += [
        f"| [{one.dag_id}]({_link(one.file)}) | {_cell(one.description)} | {one.schedule} | {one.owner} |"
        for one in others
    ]
    return "\n".join(lines) + "\n"


def _entry(dag: DAG, settings: Settings) -> Entry:
    owner = ", ".join(sorted({task.owner for task in dag.tasks}))
    after = tuple(sorted(awaited(dag.timetable.asset_condition)))
    known = (dag.dag_id, dag.description or "")
    if COLLECTION_TAG not in dag.tags:
        return Entry(*known, from_repository(Path(dag.fileloc)), _schedule(dag, after), after, owner)
    contract = contract_of(settings, collection_name(dag))
    subject = Subject.of(contract)
    pipeline = path_of(subject.domain, subject.name, subject.major)
    in_yaml = pipeline.is_file()
    targets = checked(pipeline, settings).pipeline.spec.targets if in_yaml else {}
    return Entry(
        *known,
        from_repository(pipeline if in_yaml else Path(dag.fileloc)),
        _schedule(dag, after),
        after,
        owner,
        contract.name,
        tuple(_origin(name, records.default) for name, records in subject.module().SOURCES.items()),
        _promise(contract, settings, pipeline),
        tuple((name, place.partition("://")[0] if "://" in place else "") for name, place in targets.items()),
    )


def _schedule(dag: DAG, after: Sequence[str]) -> str:
    timetable = getattr(dag.timetable, "timetable", dag.timetable)  # of one that assets trigger as well
    cron = getattr(timetable, "expression", "")
    clock = [f"`{cron}` UTC"] if cron else []
    return " and ".join([*clock, *([f"after {', '.join(after)}"] if after else [])]) or "by hand"


def _origin(name: str, default: Any) -> Origin:
    kind = str(default.get("SOURCE", "files"))
    return Origin(name, kind, str(default.get("NAME", "")) if kind == "collection" else "")


def _promise(contract: Contract, settings: Settings, pipeline: Path) -> Promise:
    file = contract_file(settings.contracts, contract.name)
    return Promise(
        from_repository(file if file.is_file() else pipeline),
        contract.version,
        tuple(contract.key),
        {field.name: field.type_name for field in contract.fields},
        _hours(contract.freshness),
        tuple(contract.roles),
    )


def _hours(time: timedelta) -> str:
    hours = time.total_seconds() / 3600
    return f"{hours:g} h"


def _section(one: Entry) -> list[str]:
    """What there is to say of one collection."""
    promise = one.contract
    assert promise  # noqa: S101 (for the types)
    fields = ", ".join(f"`{name}` {kind}" for name, kind in promise.fields.items())
    sources = ", ".join(f"`{origin.name}` ({origin.collection or origin.kind})" for origin in one.sources)
    targets = ", ".join(f"`{name}` ({kind})" if kind else f"`{name}`" for name, kind in one.targets)
    derived = "" if promise.file.endswith(SUFFIX) else ", derived from the pipeline"
    return [
        "",
        f"### {one.collection}",
        "",
        f"{one.description}.",
        "",
        f"- DAG [`{one.dag_id}`]({_link(one.file)}), {one.schedule}, owner {one.owner}",
        f"- sources {sources}",
        *([f"- targets {targets}"] if targets else []),
        f"- contract [{promise.version}]({_link(promise.file)}){derived}: key {', '.join(promise.key)}; "
        f"fresh within {promise.freshness}; for {', '.join(promise.roles)}",
        f"- fields {fields}",
    ]


def _link(file: str) -> str:
    return os.path.relpath(REPOSITORY / file, PAGE)


def _anchor(heading: str) -> str:
    """How GitHub names a heading in a link."""
    return heading.lower().replace("/", "")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
