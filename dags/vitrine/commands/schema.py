"""``vitrine schema``: the JSON Schema of a pipeline's file."""

from __future__ import annotations

import typer

from vitrine.options import AsJson, Check, Write
from vitrine.output import answer, note


def schema(write: Write = False, check: Check = False, as_json: AsJson = False) -> None:
    """Shows the JSON Schema of the pipelines' format, which editors complete and check by.

    A file's first line names it: # yaml-language-server: $schema=../pipeline.schema.json

    Examples:
      vitrine schema --write
      vitrine schema --check
    """
    from common.pipelines import schema as schemas  # noqa: PLC0415 (heavy)

    if check:
        drifted = schemas.drifted()
        answer({"file": str(schemas.PATH), "drifted": drifted}, as_json, lambda: str(schemas.PATH))
        if drifted:
            note("It is not what the models say now. Next: make pipeline-schema")
            raise typer.Exit(1)
    elif write:
        schemas.PATH.write_text(schemas.text(), "utf-8")
        answer({"file": str(schemas.PATH)}, as_json, lambda: str(schemas.PATH))
    else:
        answer(schemas.document(), True, str)  # it is JSON in either case
