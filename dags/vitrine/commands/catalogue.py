"""``vitrine catalogue``: the page of all DAGs, their contracts, and where their data come from."""

from __future__ import annotations

import difflib
import sys
from contextlib import redirect_stdout
from pathlib import Path

import typer

from common.utils.settings import REPOSITORY
from vitrine.options import AsJson, Check, Write
from vitrine.output import answer, note

PAGE = REPOSITORY / "docs" / "catalogue.md"


def catalogue(write: Write = False, check: Check = False, as_json: AsJson = False) -> None:
    """Shows every DAG with schedule, owner, sources, contract and targets, and the graph of the lineage.

    This one reads the DAGs by Airflow itself.

    Examples:
      vitrine catalogue --write
      vitrine catalogue --check
    """
    with redirect_stdout(sys.stderr):  # Airflow logs there
        from vlp import catalogue as made  # noqa: PLC0415 (imports Airflow)

        entries = made.entries()
        text = made.page(entries)
    if check:
        drift = list(_differences(PAGE, text))
        answer({"file": str(PAGE), "drifted": bool(drift)}, as_json, lambda: "\n".join(drift) or str(PAGE))
        if drift:
            note("The page is not what the DAGs say now. Next: make catalogue")
            raise typer.Exit(1)
    elif write:
        PAGE.write_text(text, "utf-8")
        answer({"file": str(PAGE)}, as_json, lambda: str(PAGE))
    else:
        answer(entries, as_json, text.rstrip)


def _differences(page: Path, text: str) -> list[str]:
    old = page.read_text("utf-8") if page.is_file() else ""
    lines = difflib.unified_diff(old.splitlines(), text.splitlines(), str(page), "the DAGs", lineterm="", n=0)
    return list(lines)
