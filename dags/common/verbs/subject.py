"""A subject: what its DAG file says of it. Cheap to import; what is heavy is imported where a task runs."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast

if TYPE_CHECKING:
    import narwhals.stable.v2 as nw
    import pyarrow as pa

    from common.utils.contract import Contract


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
        return f"vitrine_{self.domain}_{self.name}_v{self.major}"

    @property
    def variables(self) -> str:
        """How the environment variables of its source begin: ``VITRINE_SALES_PRODUCT_REVENUE_``."""
        return f"VITRINE_{self.domain}_{self.name}_".upper()

    def module(self) -> Transforms:
        """Its pure functions, the module of its name among the transforms, imported now."""
        return cast("Transforms", importlib.import_module(f"common.transforms.{self.name}"))


class Transforms(Protocol):
    """What a subject's module of pure functions has. Frames are lazy and never changed.

    Attributes:
        COLUMNS: Our names of the columns that a record must have.
        FIELDS: Columns of silver that ``clean`` types; ``date`` is among them and partitions silver.
        GOLD: Columns of gold; ``date`` is among them and partitions gold.
    """

    COLUMNS: tuple[str, ...]
    FIELDS: pa.Schema
    GOLD: pa.Schema

    def clean(self, received: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
        """Types the columns and marks what cannot be typed; see :mod:`common.transforms.operations`."""

    def aggregate(self, silver: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
        """Gold from whole days of silver."""

    def silver_totals(self, silver: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
        """One row of control totals."""

    def gold_totals(self, gold: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
        """The same totals from gold."""
