"""A subject and its sources: what its DAG file says of it. Cheap to import; the rest where a task runs."""

from __future__ import annotations

import importlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, cast

from common.pipelines.read import dag_id, path_of
from common.pipelines.values import resolved, resolved_url
from common.utils.errors import SettingsError, did_you_mean
from common.utils.settings import EXTRACT, MAIN

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw
    import pyarrow as pa

    from common.transforms.operations import Records
    from common.utils.contract import Contract

SAMPLES = "VITRINE_SAMPLES"
"""The variable that names the folder of generated samples, for sources of which nothing else is said."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One subject of one domain.

    Attributes:
        domain, name: ``sales``, ``product_revenue``.
        major: Of its contract.
    """

    domain: str
    name: str
    major: int

    @classmethod
    def of(cls, contract: Contract) -> Subject:
        """The subject of a contract."""
        return cls(contract.domain, contract.subject, contract.major)

    @property
    def collection(self) -> str:
        """``sales/product_revenue``, as messages and the API name it."""
        return f"{self.domain}/{self.name}"

    @property
    def dag_id(self) -> str:
        """``vitrine_sales_product_revenue_v1``."""
        return dag_id(self.domain, self.name, self.major)

    def module(self) -> Transforms:
        """Its pure functions: the pipeline of its name, else that module of transforms, imported now.

        Raises:
            PipelineError: The pipeline's file is wrong.
        """
        path = path_of(self.domain, self.name, self.major)
        if path.is_file():
            return cast("Transforms", importlib.import_module("common.pipelines.compiled").module(path))
        return cast("Transforms", importlib.import_module(f"common.transforms.{self.name}"))

    def intakes(self) -> tuple[Intake, ...]:
        """Its sources, in the order of its module."""
        return tuple(Intake(self, source) for source in self.module().SOURCES)

    def configured(self) -> tuple[Intake, ...]:
        """Those of its sources that are to be read."""
        return tuple(one for one in self.intakes() if one.is_configured)

    @property
    def alone(self) -> bool:
        """Whether it has one source."""
        return len(self.module().SOURCES) == 1

    def intake(self, source: str) -> Intake:
        """One of its sources.

        Raises:
            SettingsError: It has none of that name.
        """
        known = self.module().SOURCES
        if source not in known:
            raise SettingsError(
                f"{self.collection} has no source '{source}': {did_you_mean(source, known)}",
                where=f"SOURCES of common.transforms.{self.name}",
            )
        return Intake(self, source)


@dataclass(frozen=True, slots=True)
class Intake:
    """One source of a subject. Its bronze, silver and dead letters are its own.

    Attributes:
        source: Its name among the module's ``SOURCES``.
    """

    subject: Subject
    source: str

    @property
    def records(self) -> Records:
        """What the source holds."""
        return self.subject.module().SOURCES[self.source]

    @property
    def only(self) -> bool:
        """Whether the subject has no other source."""
        return self.subject.alone

    @property
    def domain(self) -> str:
        """Of the subject."""
        return self.subject.domain

    @property
    def name(self) -> str:
        """How its tables are named in the domain: ``product_revenue``; of one of several ``items/feeds``."""
        return self.subject.name if self.only else f"{self.subject.name}/{self.source}"

    @property
    def collection(self) -> str:
        """Of the subject, as messages name it."""
        return self.subject.collection

    @property
    def variables(self) -> str:
        """How its environment variables begin: ``VITRINE_SALES_PRODUCT_REVENUE_``.

        Of one of several sources ``VITRINE_CONTENT_ITEMS_FEEDS_``.
        """
        own = "" if self.only else f"{self.source}_"
        return f"VITRINE_{self.domain}_{self.subject.name}_{own}".upper()

    @property
    def part(self) -> str:
        """Where a run's record notes what became of it: the run's own, or one beside it of one of several."""
        return MAIN if self.only else f"{EXTRACT}{self.source}"

    @property
    def domain_variables(self) -> str:
        """How variables begin that serve all subjects of the domain: ``VITRINE_LEARNING_ACTIVITY_``."""
        return f"VITRINE_{self.domain}_{self.source}_".upper()

    def defaults(self) -> dict[str, Any]:
        """Variables that hold where its own are not set: the domain's or the sample's, then the module's.

        Raises:
            SettingsError: One of the module's is to be looked up, and cannot be.
        """
        said = _said(self.domain_variables) or self._sample()
        ours = {name: value for name, value in self.records.default.items() if name not in said}
        where = f"{self.collection}, source {self.source}"
        place = {"CONNECTION": resolved_url(ours.pop("CONNECTION"), where)} if "CONNECTION" in ours else {}
        return {**resolved(ours, where), **place, **said}

    @property
    def is_configured(self) -> bool:
        """Whether it is to be read: one of several is only where something is said of it."""
        return (
            self.only
            or self.records.complete
            or bool(_said(self.variables) or _said(self.domain_variables) or self._sample())
        )

    def _sample(self) -> Mapping[str, str]:
        """How its sample is read, where there is one and the environment says nothing of the source."""
        folder = os.environ.get(SAMPLES)
        index = Path(folder or "", self.domain, f"{self.subject.name}.json")
        if not folder or not index.exists() or _said(self.variables):
            return {}
        found: Mapping[str, str] = json.loads(index.read_text("utf-8"))["variables"].get(self.source, {})
        return found


def _said(prefix: str) -> dict[str, str]:
    """The variables that begin so, by the rest of their names; an empty one says nothing."""
    found = {name: value for name, value in os.environ.items() if name.startswith(prefix) and value}
    return {name.removeprefix(prefix): value for name, value in found.items()}


class Transforms(Protocol):
    """What a subject's module of pure functions has. Frames are lazy and never changed.

    Attributes:
        SOURCES: What each source holds, by name.
        GOLD: Columns of gold; by days, ``date`` is among them and partitions gold.
        WHOLE: Gold is computed from all of silver each time; else from whole days, those that changed.
    """

    SOURCES: Mapping[str, Records]
    GOLD: pa.Schema
    WHOLE: bool

    def aggregate(self, silver: Mapping[str, nw.LazyFrame[Any]], as_of: datetime) -> nw.LazyFrame[Any]:
        """Gold from silver.

        Args:
            silver: Of each source: whole days, or all of it.
            as_of: What "now" is: when the sources were read, or the end of the window where that is past.
        """

    def silver_totals(self, silver: Mapping[str, nw.LazyFrame[Any]]) -> nw.LazyFrame[Any] | None:
        """One row of control totals; ``None`` where there are none."""

    def gold_totals(self, gold: nw.LazyFrame[Any]) -> nw.LazyFrame[Any] | None:
        """The same totals from gold."""
