"""What several commands take."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from common.utils.settings import MAIN

AsJson = Annotated[bool, typer.Option("--json", help="Write the result as JSON to standard output.")]
Collection = Annotated[
    str, typer.Argument(metavar="COLLECTION", help="Such as sales/product_revenue.", show_default=False)
]
Store = Annotated[
    str, typer.Option(metavar="NAME", help=f"'{MAIN}', which the API serves, or the name of a target.")
]


def _said(reason: str) -> str:
    if not reason.strip():
        raise typer.BadParameter("say why; whoever looks at the history later will ask")
    return reason


Reason = Annotated[
    str,
    typer.Option(
        metavar="TEXT", help="Why; kept with your name in the history.", show_default=False, callback=_said
    ),
]
File = Annotated[
    Path,
    typer.Argument(
        metavar="FILE|DOMAIN/SUBJECT",
        help="A pipeline's file <domain>/<subject>_v<major>.yaml, or its collection.",
        show_default=False,
    ),
]
Write = Annotated[bool, typer.Option("--write", help="Write the file.")]
Check = Annotated[bool, typer.Option("--check", help="Compare with the file; exit code 1 where it differs.")]
