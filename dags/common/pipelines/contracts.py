"""The contracts of all collections: those in files, and those of pipelines."""

from __future__ import annotations

import logging

from common.pipelines.checked import checked
from common.pipelines.read import FILE, name_of, paths
from common.utils.contract import Contract
from common.utils.errors import ContractError, VitrineError, did_you_mean
from common.utils.odcs import contract_file, contract_names, load_contract, load_contracts
from common.utils.settings import Settings

log = logging.getLogger(__name__)


def contracts(settings: Settings) -> dict[str, Contract]:
    """The contracts of all collections, by ``domain/subject``.

    A pipeline that is wrong has none, and is told in the log: it is no concern of the others.

    Raises:
        ContractError: There is no folder of contracts, or a file in it is wrong.
    """
    found = load_contracts(settings.contracts)
    for path in paths(settings.pipelines):
        try:
            contract = checked(path, settings).contract
        except Exception as error:  # whatever it is: it is this file's, and no other's
            log.error("%s is left out: %s", path, error, exc_info=not isinstance(error, VitrineError))
        else:
            found.setdefault(contract.name, contract)
    return dict(sorted(found.items()))


def contract_of(settings: Settings, name: str) -> Contract:
    """The contract of one collection.

    Args:
        settings: Where contracts and pipelines stand.
        name: ``domain/subject``.

    Raises:
        ContractError: There is none, or it is wrong.
        PipelineError: The pipeline that it is derived from is wrong.
    """
    file = contract_file(settings.contracts, name)
    if file.is_file():
        return load_contract(file)
    for path in paths(settings.pipelines):
        if name_of(path) == name:
            return checked(path, settings).contract
    known = names(settings)
    raise ContractError(f"There is no collection '{name}': {did_you_mean(name, known)}", where=str(file))


def names(settings: Settings) -> list[str]:
    """The collections there are, by the names of the files alone: none of them is read."""
    found = set(contract_names(settings.contracts))
    for path in paths(settings.pipelines):
        if said := FILE.fullmatch(path.name):
            found.add(f"{path.parent.name}/{said['subject']}")
    return sorted(found)
