"""A pipeline's file with everything checked that can be without reading a source."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from common.pipelines import contract as contracts
from common.pipelines.expressions.types import DATE
from common.pipelines.plan import Plan
from common.pipelines.planner import plan
from common.pipelines.read import PipelineFile, name_of, read
from common.pipelines.rules import check_rules
from common.pipelines.sources import check_sources
from common.pipelines.steps import DAY, Scope
from common.pipelines.surroundings import beside, check_schedule, check_surroundings, check_targets
from common.pipelines.values import is_open
from common.utils.contract import Contract
from common.utils.errors import ContractError, VitrineError, did_you_mean
from common.utils.marked_yaml import Place
from common.utils.odcs import contract_file, load_contract, parse_contract
from common.utils.settings import REPOSITORY, Settings

log = logging.getLogger(__name__)

SOME_TIME = datetime(2026, 1, 1, tzinfo=UTC)
"""What ``now()`` is while a file is checked: which time it is makes no difference to types."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A pipeline in which nothing is wrong."""

    pipeline: PipelineFile
    plan: Plan
    contract: Contract


def checked(path: Path, settings: Settings | None = None) -> Checked:
    """Reads and checks one file; once until it, or its contract's file, changes.

    Raises:
        PipelineError: Naming file, line, column and what is wrong, for all problems of the file.
    """
    of = contract_file((settings or Settings.from_environment()).contracts, name_of(path))
    return _checked(path.absolute(), of, (_changed(path), _changed(of)), beside(path))


def _changed(path: Path) -> int:
    return path.stat().st_mtime_ns if path.is_file() else 0


@lru_cache(maxsize=4096)
def _checked(path: Path, contract_file: Path, _changed: tuple[int, int], _beside: tuple[str, ...]) -> Checked:
    pipeline = read(path)
    check_sources(pipeline)
    check_schedule(pipeline)
    check_targets(pipeline)
    check_surroundings(pipeline)
    planned = plan(pipeline, SOME_TIME)
    pipeline.file.demand_right()
    assert planned is not None  # noqa: S101 (for the types: without a plan there is a problem)
    _check_collection(pipeline, planned)
    _check_totals(pipeline, planned)
    _check_masks(pipeline, planned)
    pipeline.file.demand_right()
    contract = _contract(pipeline, planned, contract_file)
    pipeline.file.demand_right()
    return Checked(pipeline, planned, contract)


def check(files: Iterable[Path], settings: Settings | None = None) -> dict[Path, list[str]]:
    """The problems of some files, each ``file:line:column: what is wrong``; of a right one none."""
    found: dict[Path, list[str]] = {}
    right: dict[Path, Checked] = {}
    for path in files:
        try:
            right[path] = checked(path, settings)
            found[path] = []
        except VitrineError as error:
            whole = str(path.absolute())
            lines = [line for line in str(error).splitlines() if line.startswith(whole)]
            place = error.where if error.where.startswith(f"{whole}:") else f"{whole}:1:1"
            told = lines or [f"{place}: {error.what} {error.next_step}".strip()]
            found[path] = [line.replace(whole, str(path), 1) for line in told]
        except Exception as error:  # whatever it is: it is this file's, and no other's
            log.exception("%s cannot be checked", path)
            found[path] = [f"{path}:1:1: it cannot be checked: {error!r:.200}"]
    for path, problem in _circles(right):
        found[path].append(problem)
    return found


def _circles(right: Mapping[Path, Checked]) -> Iterator[tuple[Path, str]]:
    """Pipelines that wait for each other's collections."""
    by_name = {one.pipeline.name: path for path, one in right.items()}
    waits = {
        one.pipeline.name: set(one.pipeline.spec.schedule.after) if one.pipeline.spec.schedule else set()
        for one in right.values()
    }
    try:
        list(TopologicalSorter(waits).static_order())
    except CycleError as error:
        names = [str(name) for name in reversed(error.args[1])]
        path = by_name[names[0]]
        file = right[path].pipeline.file
        file.report(("schedule", "after"), f"pipelines wait for each other: {' waits for '.join(names)}")
        yield path, file.problems[-1]


def _check_collection(pipeline: PipelineFile, planned: Plan) -> None:
    """Notes what is wrong with what the collection promises, if it is said here and not in a contract."""
    spec, file = pipeline.spec, pipeline.file
    if (spec.collection is None) == (spec.contract is None):
        file.report((), "a pipeline has either 'collection', of which a contract is made, or 'contract'")
    if spec.contract is not None and spec.validation:
        file.report(("validation",), "the rules of a pipeline with a contract stand in the contract")
    if spec.collection is None:
        return
    for place, column in _named(pipeline):
        if column not in planned.columns:
            file.report_unknown(place, "column", column, planned.columns)
    check_rules(pipeline, planned)
    if contracts.partition_by(spec.collection, planned) != "hash":
        _demand_days(pipeline, planned)
    if spec.collection.retention and not any(source.event_time for source in spec.sources.values()):
        problem = "only records with an event_time can grow old: give a source one"
        file.report(("collection", "retention"), problem)


def _named(pipeline: PipelineFile) -> Iterator[tuple[Place, str]]:
    """The columns that the collection and its rules name, each with its place."""
    spec, at = pipeline.spec, ("collection",)
    if spec.collection:
        yield from (((*at, "key", place), column) for place, column in enumerate(spec.collection.key))
        for name in ("indexes", "unique"):
            for place, columns in enumerate(getattr(spec.collection, name)):
                yield from (((*at, name, place, below), column) for below, column in enumerate(columns))
        yield from (((*at, "descriptions", column), column) for column in spec.collection.descriptions)
    for position, rule in enumerate(spec.validation):
        for below, column in contracts.columns_of(rule):
            yield ("validation", position, *below), column


def _demand_days(pipeline: PipelineFile, planned: Plan) -> None:
    """Notes why rows cannot be spread by days or months, if so."""
    place = ("collection", "partition_by")
    day = planned.columns.get(DAY)
    if len(pipeline.spec.sources) > 1:
        problem = "with several sources all rows are computed each time: leave it out, or say hash"
    elif not next(iter(pipeline.spec.sources.values())).event_time:
        problem = "without event_time a record has no day: give the source one, or say hash"
    elif planned.mixing:
        step = planned.mixing
        line = pipeline.file.line(step.place)
        problem = f"the step '{step.name}' in line {line} makes rows of several days into one: say hash"
    elif day is None or day.type != DATE:
        problem = "the collection has no column 'date', which tells the day: keep it, or say hash"
    elif pipeline.spec.collection and DAY not in pipeline.spec.collection.key:
        problem = "'date' is no column of the key: add it there, or say hash"
    else:
        return
    pipeline.file.report(place, problem)


def _check_totals(pipeline: PipelineFile, planned: Plan) -> None:
    first = next(iter(planned.sources.values()))
    for name, total in pipeline.spec.totals.items():
        for side, columns in (("source", first), ("collection", planned.columns)):
            scope = Scope(columns, {}, pipeline.file, ("totals", name), SOME_TIME)
            typed = scope.expression((side,), getattr(total, side), groups=())
            if typed and not typed.type.is_exact:
                scope.report((side,), f"a total is an exact number, and this is of type {typed.type}")


def _check_masks(pipeline: PipelineFile, planned: Plan) -> None:
    """Notes keys that stand in the file, where everybody can try values by them."""
    for step in (step for table in planned.tables for step in table.steps if step.name == "mask"):
        masks = pipeline.file.at((*step.place, "mask"))
        for column, how in masks.items() if isinstance(masks, dict) else ():
            if isinstance(how, dict) and not is_open(how):
                place = (*step.place, "mask", column)
                pipeline.file.report(place, "the key stands in the file: write it as ${NAME}, or encrypt it")


def _contract(pipeline: PipelineFile, planned: Plan, file: Path) -> Contract:
    """The contract, derived or given; what does not fit it is noted.

    Raises:
        PipelineError: It cannot be read.
    """
    given = pipeline.spec.contract
    try:
        if isinstance(given, str):
            if (REPOSITORY / given).absolute() != file.absolute() and Path(
                given
            ).absolute() != file.absolute():
                pipeline.file.report(("contract",), f"the contract of this pipeline stands in {file}")
                pipeline.file.demand_right()
            contract = load_contract(file)
        else:
            if file.exists():
                problem = f"there is a contract in {file}: say contract: with its path, or take the file away"
                pipeline.file.report(("contract",) if given else ("collection",), problem)
                pipeline.file.demand_right()
            document = contracts.document(pipeline, planned) if given is None else given
            contract = parse_contract(document, file)
    except ContractError as error:
        for line in str(error).splitlines()[1:] or [f"{file}: {error.what}"]:
            pipeline.file.report(("contract",) if given else ("collection",), line.partition(": ")[2] or line)
        pipeline.file.demand_right()
        raise
    if given is not None:
        _check_fits(pipeline, planned, contract)
    return contract


def _check_fits(pipeline: PipelineFile, planned: Plan, contract: Contract) -> None:
    """Notes where a contract that is given and the rows differ."""
    place, fields = ("contract",), {field.name: field for field in contract.fields}
    for name, column in planned.columns.items():
        if name not in fields:
            pipeline.file.report(place, f"the contract has no column '{name}': {did_you_mean(name, fields)}")
            continue
        field = fields[name]
        kind = field.type_name
        if kind != str(column.type):
            pipeline.file.report(
                place, f"'{name}' is {kind} in the contract, and {column.type} after the steps"
            )
    for name in (name for name in fields if name not in planned.columns):
        pipeline.file.report(place, f"the contract's column '{name}' does not come of the steps")
    if contract.major != pipeline.major:
        pipeline.file.report(
            place, f"the contract is of version {contract.version}, and the file of _v{pipeline.major}"
        )
    if contract.partition_by != "hash":
        _demand_days(pipeline, planned)
