"""The ledger: every record read is accounted for, or the run does not publish."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any

from common.utils.errors import LedgerError


@dataclass(frozen=True, slots=True)
class Ledger:
    """Where the records of one run went, and the totals that must survive aggregation.

    Attributes:
        read: Records taken from the source.
        written: Records that are new in silver or changed there.
        unchanged: Records that silver already held, the same in every field.
        filtered: Records left out on purpose, by the name of the rule.
        deduplicated: Records that lost to another record of the same identity.
        rejected: Records in the dead letters, by reason.
        deleted: Rows of silver whose records the source no longer has; none of those read.
        silver: Control totals of the run's silver slice, by name; exact.
        gold: The same totals computed from the run's gold slice.
    """

    read: int = 0
    written: int = 0
    unchanged: int = 0
    filtered: Mapping[str, int] = field(default_factory=dict)
    deduplicated: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)
    deleted: int = 0
    silver: Mapping[str, Decimal] = field(default_factory=dict)
    gold: Mapping[str, Decimal] = field(default_factory=dict)

    @property
    def accounted(self) -> int:
        """Records whose whereabouts are known."""
        kept = self.written + self.unchanged + self.deduplicated
        return kept + sum(self.filtered.values()) + sum(self.rejected.values())

    @property
    def rejected_share(self) -> float:
        """Rejected records as a share of those read, 0 to 1."""
        return sum(self.rejected.values()) / self.read if self.read else 0.0

    def imbalances(self) -> list[str]:
        """What does not add up, in words; empty when the ledger balances."""
        found = []
        if self.accounted != self.read:
            found.append(f"{self.read} records read, {self.accounted} accounted for ({self})")
        if self.deduplicated < 0:
            found.append(f"{self.deduplicated} records de-duplicated: silver has an identity more than once")
        for name in sorted(self.silver.keys() | self.gold.keys()):
            before, after = self.silver.get(name), self.gold.get(name)
            if before != after:
                found.append(f"total {name}: silver has {before}, gold has {after}")
        return found

    def demand_balance(self, where: str) -> None:
        """Raises LedgerError unless everything adds up.

        Args:
            where: The collection and run, for the error.
        """
        if found := self.imbalances():
            raise LedgerError(
                f"The ledger does not balance: {'; '.join(found)}.",
                where=where,
                next_step="Nothing was published. Compare the transform's counts with the run's bronze.",
            )

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it; exact totals as strings."""
        plain = asdict(self)
        for side in ("silver", "gold"):
            plain[side] = {name: str(total) for name, total in plain[side].items()}
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Ledger:
        """The inverse of :meth:`to_dict`."""
        exact = {
            side: {name: Decimal(total) for name, total in plain[side].items()} for side in ("silver", "gold")
        }
        return cls(**{**plain, **exact})

    def __str__(self) -> str:
        """One line for logs and the table of ``make run``."""
        filtered = "".join(f" + {count} filtered ({rule})" for rule, count in self.filtered.items() if count)
        rejected = sum(self.rejected.values())
        return (
            f"{self.read} read = {self.written} written + {self.unchanged} unchanged{filtered}"
            f" + {self.deduplicated} de-duplicated + {rejected} rejected"
            + (f"; {self.deleted} deleted" if self.deleted else "")
        )
