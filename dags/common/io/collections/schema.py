"""What a contract says of the rows that are stored, and whether stored rows fit another contract.

A newer contract may add optional fields, make a required field optional and give a decimal more digits before
the point. All else would make stored rows untrue: it needs a new major version, which has rows of its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from common.utils.contract import Contract, Field
from common.utils.errors import ContractError


def described(contract: Contract) -> dict[str, str]:
    """What decides whether stored rows fit."""
    return {
        "collection": contract.name,
        **{_entry(field): _described(field) for field in contract.fields},
        "key": ", ".join(contract.key),
        "partition": f"{contract.buckets} buckets"
        if contract.partition_by == "hash"
        else f"{contract.partition_by} of {contract.partition_field}",
    }


def absent(stored: Mapping[str, str], contract: Contract) -> frozenset[str]:
    """The contract's fields that no stored row has, for no run has applied its addition yet."""
    return frozenset(field.name for field in contract.fields if _entry(field) not in stored)


def demand_prepared(stored: Mapping[str, str], contract: Contract) -> None:
    """Raises ContractError where rows of a contract may not be written beside those stored for another.

    A process that has an older contract in its memory would leave out what the newer one added.
    """
    if stored != described(contract):
        raise ContractError(
            "The collection has been prepared for another version of the contract.",
            where=f"{contract.name}, contract {contract.version}",
            next_step="Run it again from load, with the contract as it is now.",
        )


def demand_fit(stored: Mapping[str, str], contract: Contract) -> None:
    """Raises ContractError, with each difference, where rows stored for one contract do not fit another."""
    wanted = described(contract)
    differences = [
        f"{what}: stored {stored.get(what, 'nothing')}, contract {wanted.get(what, 'nothing')}"
        for what in {**stored, **wanted}
        if what != "collection" and not _fits(what, stored.get(what), wanted.get(what))
    ]
    owner = stored.get("collection", contract.name)
    if owner != contract.name:
        raise ContractError(
            f"The store has {owner} under the name that {contract.name} would have.",
            where=f"{contract.name}, contract {contract.version}",
            next_step="Rename the domain or the subject: both are joined by an underscore.",
        )
    if differences:
        raise ContractError(
            f"The stored rows do not fit the contract: {'; '.join(differences)}.",
            where=f"{contract.name}, contract {contract.version}",
            next_step=f"Give the contract the major version {contract.major + 1}: its rows stand apart from "
            "these. What a newer contract may change: new fields that are not required, no longer required "
            "fields, decimals of more digits and the same scale.",
        )


def _entry(field: Field) -> str:
    return f"field {field.name}"


def _described(field: Field) -> str:
    size = f"({field.precision},{field.scale})" if field.type == "decimal" else ""
    return f"{field.type}{size}{' required' if field.required else ''}"


def _fits(what: str, stored: str | None, wanted: str | None) -> bool:
    if stored == wanted:
        return True
    if wanted is None or not what.startswith("field "):
        return False
    if stored is None:
        return not wanted.endswith(" required")
    return wanted == stored.removesuffix(" required") or _widened(stored, wanted)


def _widened(stored: str, wanted: str) -> bool:
    before, after = (re.fullmatch(r"decimal\((\d+),(\d+)\)( required)?", one) for one in (stored, wanted))
    return (
        before is not None
        and after is not None
        and before[2] == after[2]
        and int(before[1]) <= int(after[1])
        and (after[3] is None or before[3] is not None)
    )
