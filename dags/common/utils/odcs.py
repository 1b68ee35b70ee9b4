"""Contracts from their files: Open Data Contract Standard 3.1 in YAML, read strictly.

The standard's own models say which keys there are. A misspelt name is an error, and so is a key that looks
like a promise which nothing here keeps. All errors of a file are reported together, by line.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, cast, get_args

import yaml
from open_data_contract_standard.model import OpenDataContractStandard, SchemaObject, Team
from pydantic import ValidationError

from common.utils.contract import Contract, DriftPolicy, OnFailure
from common.utils.errors import ContractError
from common.utils.marked_yaml import MarkedYaml, Place
from common.utils.odcs_display import chart, roles
from common.utils.odcs_levels import levels, number
from common.utils.odcs_partitions import partitions
from common.utils.odcs_schema import SchemaReader, custom_properties, demand_name

SUFFIX = ".odcs.yaml"
API_VERSION = "v3.1.0"
CUSTOM = ("maxRowDrop", "maxRejected", "drift", "deletions", "onLate")
DELETIONS = ("ignore", "compare")


def load_contracts(folder: Path) -> dict[str, Contract]:
    """The contracts of all YAML files below a folder, by ``domain/subject``.

    Raises:
        ContractError: There is no such folder, or a file in it is wrong.
    """
    if not folder.is_dir():
        raise ContractError(
            "There is no folder of contracts.", where=str(folder), next_step="Set VITRINE_CONTRACTS."
        )
    contracts = [load_contract(path) for path in sorted([*folder.rglob("*.yaml"), *folder.rglob("*.yml")])]
    return {contract.name: contract for contract in contracts}


def contract_file(folder: Path, name: str) -> Path:
    """Where the contract of the collection ``domain/subject`` stands, if it has a file."""
    return folder / f"{name}{SUFFIX}"


def contract_names(folder: Path) -> list[str]:
    """The collections that there are contracts of, by the names of the files alone: none of them is read."""
    files = folder.glob(f"*/*{SUFFIX}")
    return sorted(f"{path.parent.name}/{path.name.removesuffix(SUFFIX)}" for path in files)


def load_contract(path: Path) -> Contract:
    """The contract in ``<domain>/<subject>.odcs.yaml``; parsed once until the file changes.

    Raises:
        ContractError: Naming file, line, what is wrong and the nearest right name, for all errors of it.
    """
    return _load(path.absolute(), path.stat().st_mtime_ns if path.is_file() else 0)


def parse_contract(document: Mapping[str, Any], path: Path) -> Contract:
    """The contract that a document describes, as if it stood in a file of that path.

    Raises:
        ContractError: As :func:`load_contract`; lines are those of the document written as YAML.
    """
    return _parsed(MarkedYaml(path, text=yaml.safe_dump(dict(document), sort_keys=False, allow_unicode=True)))


@lru_cache(maxsize=256)
def _load(path: Path, _changed: int) -> Contract:
    return _parsed(MarkedYaml(path))


def _parsed(file: MarkedYaml) -> Contract:
    file.report_unknown_keys(OpenDataContractStandard)
    known = {field.alias or name for name, field in OpenDataContractStandard.model_fields.items()}
    try:
        model = OpenDataContractStandard.model_validate(
            {key: file.data[key] for key in file.data if key in known}
        )
    except ValidationError as error:
        for wrong in error.errors(include_input=False):
            file.report(wrong["loc"], f"{'.'.join(map(str, wrong['loc']))}: {wrong['msg']}")
        file.demand_right()
        raise  # never reached: an invalid file has a problem to tell
    contract = _contract(file, model)
    file.demand_right()
    return contract


def _contract(file: MarkedYaml, model: OpenDataContractStandard) -> Contract:
    """The contract; it means something only where the file has no problem."""
    objects = model.schema_ or []
    if len(objects) != 1:
        file.report(("schema",), f"a contract describes one collection, and here are {len(objects)}")
    subject = objects[0] if objects else SchemaObject()
    _check_identity(file, model, subject.name)
    reader = SchemaReader(file, subject)
    parts, service = partitions(reader), levels(file, model.slaProperties)
    custom = custom_properties(file, (), model.customProperties, CUSTOM)
    return Contract(
        domain=model.domain or "",
        subject=subject.name or "",
        version=model.version or "",
        description=(model.description.purpose if model.description else None) or "",
        owner=(model.team.name if isinstance(model.team, Team) else None) or "",
        fields=reader.fields,
        key=reader.key(),
        partition_field=parts.field,
        partition_by=parts.by,
        indexes=reader.indexes(),
        rules=reader.rules(),
        freshness=service.freshness,
        max_row_drop=_share(file, custom, "maxRowDrop"),
        max_rejected=_share(file, custom, "maxRejected"),
        drift=cast("DriftPolicy", _choice(file, custom, "drift", get_args(DriftPolicy))),
        deletions=_choice(file, custom, "deletions", DELETIONS) == "compare",
        unique=reader.unique(),
        buckets=parts.buckets,
        retention=service.retention,
        latency=service.latency,
        on_late=cast("OnFailure", _choice(file, custom, "onLate", get_args(OnFailure))),
        chart=chart(reader),
        roles=roles(reader),
    )


def _check_identity(file: MarkedYaml, model: OpenDataContractStandard, subject: str | None) -> None:
    """What the file says of itself agrees with where it stands."""
    stem = file.path.name.removesuffix(SUFFIX)
    if stem == file.path.name:
        file.report((), f"a contract's file name ends in {SUFFIX}")
    for place, said, right in (
        (("kind",), model.kind, "DataContract"),
        (("apiVersion",), model.apiVersion, API_VERSION),
        (("domain",), model.domain, file.path.parent.name),
        (("schema", 0, "name"), subject, stem),
    ):
        if said != right:
            file.report(place, f"{place[-1]} is {said!r}, and in this file it must be {right!r}")
    demand_name(file, ("domain",), model.domain)
    demand_name(file, ("schema", 0, "name"), subject)
    if not re.fullmatch(r"\d+\.\d+\.\d+", model.version or ""):
        file.report(("version",), f"version is {model.version!r}, and must be written like 1.0.0")
    if not (isinstance(model.team, Team) and model.team.name):
        file.report(("team",), "team has a name: who answers for the collection")


def _choice(
    file: MarkedYaml, custom: dict[str, tuple[Place, Any]], name: str, choices: tuple[str, ...]
) -> str:
    """One of some words; the first where none is given."""
    place, value = custom.get(name, ((), choices[0]))
    if value not in choices:
        file.report_unknown(place, f"value of {name}", str(value), choices)
    return str(value)


def _share(file: MarkedYaml, custom: dict[str, tuple[Place, Any]], name: str) -> float:
    """A bound between 0 and 1, which must be given."""
    place, value = custom.get(name, (("customProperties",), "missing"))
    share = number(value)
    if share is None or not 0 <= share <= 1:
        file.report(place, f"the custom property {name} is {value}; give a share from 0 to 1")
    return share or 0.0
