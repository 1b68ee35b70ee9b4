"""``vitrine check``: every problem of every pipeline's file, at its line and column."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from common.utils.errors import SettingsError
from common.utils.settings import Settings
from vitrine.options import AsJson
from vitrine.output import answer

if TYPE_CHECKING:
    from common.utils.marked_yaml import Place

PROBLEM = re.compile(r"(?P<file>.*?):(?P<line>\d+):(?P<column>\d+): (?P<problem>.*)", re.DOTALL)

Files = Annotated[
    list[Path] | None,
    typer.Argument(metavar="[FILE]...", help="Else all of VITRINE_PIPELINES.", show_default=False),
]
Resolve = Annotated[
    bool, typer.Option("--resolve", help="Also look up ${NAME} and decrypt enc:…, as a run would.")
]


def check(files: Files = None, resolve: Resolve = False, as_json: AsJson = False) -> None:
    """Checks pipelines in YAML without running them: all files, and all problems of each.

    Examples:
      vitrine check
      vitrine check include/pipelines/sales/orders_v1.yaml --resolve --json
    """
    from common.pipelines.checked import check as problems_of  # noqa: PLC0415 (heavy)
    from common.pipelines.read import paths  # noqa: PLC0415

    settings = Settings.from_environment()
    found = problems_of([path.absolute() for path in files] if files else paths(settings.pipelines), settings)
    if resolve:
        found = {path: problems or unresolved(path) for path, problems in found.items()}
    total = sum(map(len, found.values()))
    plain = {
        "files": [{"file": str(path), "problems": list(map(_plain, found[path]))} for path in found],
        "problems": total,
    }
    lines = [problem for problems in found.values() for problem in problems]
    answer(plain, as_json, lambda: "\n".join([*lines, f"pipelines: {len(found)}, problems: {total}"]))
    if total:
        raise typer.Exit(1)


def unresolved(path: Path) -> list[str]:
    """What cannot be looked up in a file in which nothing else is wrong; no value is shown."""
    from common.pipelines.read import read  # noqa: PLC0415 (heavy)
    from common.pipelines.values import resolved  # noqa: PLC0415

    pipeline = read(path)
    for section in ("sources", "tables", "steps", "targets"):
        for place, text in _texts((section,), pipeline.file.data.get(section)):
            try:
                resolved(text, "")
            except SettingsError as error:
                pipeline.file.report(place, " ".join(filter(None, (error.what, error.next_step))))
    return pipeline.file.problems


def _texts(place: Place, value: Any) -> Iterator[tuple[Place, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for name, one in value.items():
            yield from _texts((*place, name), one)
    elif isinstance(value, list):
        for at, one in enumerate(value):
            yield from _texts((*place, at), one)


def _plain(problem: str) -> dict[str, Any]:
    parts = PROBLEM.fullmatch(problem)
    if parts is None:
        return {"line": None, "column": None, "problem": problem}
    return {"line": int(parts["line"]), "column": int(parts["column"]), "problem": parts["problem"]}
