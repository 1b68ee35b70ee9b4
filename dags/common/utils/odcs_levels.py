"""The service levels of a contract's file: how old the data may be, and how long they are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from open_data_contract_standard.model import ServiceLevelAgreementProperty

from common.utils.marked_yaml import MarkedYaml, Place

DAYS = {"d": 24, "day": 24, "days": 24}
HOURS = {"h": 1, "hour": 1, "hours": 1, **DAYS}
UNITS: Mapping[str, Mapping[str, int]] = {
    "freshness": HOURS,
    "latency": HOURS,
    "retention": DAYS,
}
"""The levels that are kept, each with the hours of its units; a retention is of whole days."""


@dataclass(frozen=True, slots=True)
class Levels:
    """See :class:`common.utils.contract.Contract`."""

    freshness: timedelta
    latency: timedelta | None
    retention: timedelta | None


def levels(file: MarkedYaml, written: list[ServiceLevelAgreementProperty] | None) -> Levels:
    """The levels; what cannot be used is reported to the file. Freshness must be given."""
    found: dict[str, timedelta] = {}
    given = set()
    for position, level in enumerate(written or []):
        place, name = ("slaProperties", position), level.property or ""
        if name in given:
            file.report(("slaProperties",), f"{name} is given twice")
        given.add(name)
        if name not in UNITS:
            file.report_unknown((*place, "property"), "service level", name, UNITS)
        elif level.unit not in UNITS[name]:
            file.report_unknown((*place, "unit"), "unit", level.unit, UNITS[name])
        elif (span := _span(file, place, level)) is not None:
            found[name] = span
    if "freshness" not in given:
        file.report(
            ("slaProperties",), "freshness is missing: how old the data may be before readers see it as stale"
        )
    return Levels(found.get("freshness", timedelta()), found.get("latency"), found.get("retention"))


def _span(file: MarkedYaml, place: Place, level: ServiceLevelAgreementProperty) -> timedelta | None:
    name, value = level.property or "", number(level.value)
    whole = name != "retention" or value == int(value or 0)
    if value is None or value <= 0 or not whole:
        kind = "whole number of days" if name == "retention" else "number above 0"
        file.report((*place, "value"), f"{name} is a {kind}, not {level.value!r}")
        return None
    return timedelta(hours=value * UNITS[name][level.unit or ""])


def number(value: object) -> float | None:
    """A number as such; not a text that looks like one, nor yes or no."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
