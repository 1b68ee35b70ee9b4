"""From a pipeline's file to its plan: steps are typed and checked one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from common.pipelines.expressions.types import Columns
from common.pipelines.plan import (
    MAX_PRECISION,
    MOST_DECIMALS,
    RESULT,
    Plan,
    PlannedStep,
    PlannedTable,
    columns_of,
)
from common.pipelines.read import PipelineFile
from common.pipelines.steps import Scope, steps
from common.utils.errors import did_you_mean
from common.utils.marked_yaml import Place


def plan(pipeline: PipelineFile, now: datetime) -> Plan | None:
    """Plans a pipeline; what is wrong is noted in its file.

    Args:
        pipeline: The file.
        now: What ``now()`` is in expressions.

    Returns:
        ``None`` where it is so wrong that there is no plan.
    """
    return _Planner(pipeline, now).plan()


class _CircleError(Exception):
    """A table needs itself."""


class _Planner:
    def __init__(self, pipeline: PipelineFile, now: datetime) -> None:
        self._spec, self._file, self._now = pipeline.spec, pipeline.file, now
        self._sources = {name: columns_of(source) for name, source in pipeline.spec.sources.items()}
        self._planned: dict[str, PlannedTable] = {}
        self._open: list[str] = []

    def plan(self) -> Plan | None:
        for name in self._spec.tables:
            if name in self._sources:
                self._file.report(("tables", name), f"'{name}' is a source already")
        for section in ("sources", "tables"):
            if RESULT in getattr(self._spec, section):
                self._file.report((section, RESULT), f"the name '{RESULT}' is that of the result")
        begins = self._spec.source or next(iter(self._sources))
        try:
            for name in (name for name in self._spec.tables if name not in self._planned):
                self._table(name, self._spec.tables[name].source, ("tables", name))
            self._table(RESULT, begins, ())
        except _CircleError:
            return None
        self._demand_storable(self._planned[RESULT])
        return Plan(self._sources, tuple(self._planned.values()))

    def _demand_storable(self, result: PlannedTable) -> None:
        """Notes columns whose values no store could hold."""
        for name, column in result.columns.items():
            if column.type.name == "decimal" and column.type.scale > MOST_DECIMALS:
                self._file.report(
                    result.steps[-1].place if result.steps else ("sources",),
                    f"'{name}' is {column.type}, and a collection holds {MAX_PRECISION} digits: round it and "
                    f"cast it to fewer after the point: cast: {{{name}: decimal({MAX_PRECISION},4)}}",
                )

    def columns(self, name: str, place: Place) -> Columns:
        """Of a source or table, which is planned now if it is not yet."""
        if name in self._sources:
            return self._sources[name]
        if name not in self._planned and name in self._spec.tables:
            self._table(name, self._spec.tables[name].source, ("tables", name))
        return self._planned[name].columns if name in self._planned else {}

    def _table(self, name: str, source: str, place: Place) -> None:
        if name in self._open:
            circle = " needs ".join([*self._open[self._open.index(name) :], name])
            self._file.report(place, f"tables go round in a circle: {circle}")
            raise _CircleError
        known = [*self._sources, *self._spec.tables]
        if source not in known:
            problem = f"unknown source or table '{source}': {did_you_mean(source, known)}"
            self._file.report((*place, "from"), problem)
            return self._planned.update({name: PlannedTable(name, source, {}, ())})
        self._open.append(name)
        try:
            given = columns = self.columns(source, place)
            done: list[PlannedStep] = []
            data = self._file.at(place)
            for at, step in enumerate(data.get("steps") or []):
                found = self._step((*place, "steps", at), step, columns)
                if found:
                    done.append(found)
                    columns = found.planned.columns
        finally:
            self._open.pop()
        self._planned[name] = PlannedTable(name, source, given, tuple(done))
        return None

    def _step(self, place: Place, written: Mapping[str, Any], columns: Columns) -> PlannedStep | None:
        if len(written) != 1:
            self._file.report(
                place, f"a step is one of {', '.join(sorted(steps()))}, and here are {len(written)}"
            )
            return None
        ((name, value),) = written.items()
        at = (*place, name)
        if name not in steps():
            self._file.report_unknown(at, "step", name, steps())
            return None
        try:
            step: Any = steps()[name].model_validate(value)
        except ValidationError as error:
            for wrong in error.errors():
                self._wrong(at, name, wrong)
            return None
        scope = Scope(columns, _Tables(self, place), self._file, at, self._now)
        return PlannedStep(name, place, step.plan(scope))

    def _wrong(self, at: Place, name: str, wrong: Any) -> None:
        if wrong["type"] == "extra_forbidden":
            fields = getattr(steps()[name], "model_fields", {})
            known = [field.alias or key for key, field in fields.items()]
            return self._file.report_unknown((*at, *wrong["loc"]), f"key of {name}", wrong["loc"][-1], known)
        if wrong["type"] == "missing":
            return self._file.report(at, f"{name}: '{wrong['loc'][-1]}' is missing")
        text = wrong["msg"].removeprefix("Value error, ").removeprefix("Input ")
        return self._file.report((*at, *wrong["loc"]), f"{name}: {text[:1].lower()}{text[1:]}")


class _Tables(Mapping[str, Columns]):
    """The sources and tables that a step may name, planned when they are asked for."""

    def __init__(self, planner: _Planner, place: Place) -> None:
        self._planner, self._place = planner, place
        self._own = [*planner._sources, *planner._spec.tables]

    def __getitem__(self, name: str) -> Columns:
        if name not in self._own:
            raise KeyError(name)
        return self._planner.columns(name, self._place)

    def __iter__(self) -> Iterator[str]:
        return iter(self._own)

    def __len__(self) -> int:
        return len(self._own)

    def __contains__(self, name: object) -> bool:
        return name in self._own
