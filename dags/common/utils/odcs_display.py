"""What a contract's file says to readers' tools: how the collection is drawn, and who may see it."""

from __future__ import annotations

from typing import Any, Literal, cast, get_args

from common.utils.contract import Chart, Role
from common.utils.marked_yaml import Place
from common.utils.odcs_schema import OBJECT, SchemaReader

KINDS = ("line", "bar")
PARTS = ("kind", "x", "y", "series")
NUMBERS = ("integer", "decimal", "number")


def chart(reader: SchemaReader) -> Chart | None:
    """The chart; what cannot be used is reported to the file. ``None`` where none is given."""
    if "chart" not in reader.layout:
        return None
    place, value = reader.layout["chart"]
    if not isinstance(value, dict) or not {"kind", "x", "y"} <= value.keys():
        reader.file.report(
            place, "a chart has kind, x, y and perhaps series, such as {kind: line, x: date, y: revenue}"
        )
        return None
    for key in value.keys() - set(PARTS):
        reader.file.report_unknown((*place, key), "key of a chart", key, PARTS)
    if value["kind"] not in KINDS:
        reader.file.report_unknown((*place, "kind"), "kind of chart", value["kind"], KINDS)
    _check_fields(reader, place, value)
    kind = cast(Literal["line", "bar"], value["kind"])
    return Chart(kind, str(value["x"]), str(value["y"]), str(value.get("series", "")))


def _check_fields(reader: SchemaReader, place: Place, value: dict[str, Any]) -> None:
    for part in PARTS[1:]:
        if part in value and value[part] not in reader.names:
            reader.file.report_unknown((*place, part), "field of a chart", value[part], reader.names)
    types = {field.name: field.type for field in reader.fields}
    if types.get(value["y"], "number") not in NUMBERS:
        reader.file.report((*place, "y"), f"{value['y']} is no number, and y is what a chart measures")


def roles(reader: SchemaReader) -> tuple[Role, ...]:
    """The roles that may read; viewers, and with them everybody, where nothing is said."""
    place, value = reader.layout.get("roles", (OBJECT, ["viewer"]))
    if not isinstance(value, list) or not value:
        reader.file.report(place, "roles is a list of roles, such as [op]")
        return ("viewer",)
    for position, role in enumerate(value):
        if role not in get_args(Role):
            reader.file.report_unknown((*place, position), "role", role, get_args(Role))
    return tuple(cast(Role, role) for role in value)
