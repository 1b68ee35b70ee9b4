"""``vitrine contract``: the contract that is derived from a pipeline, for review."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from common.pipelines.read import PipelineError
from common.utils.settings import REPOSITORY, Settings
from vitrine.options import AsJson, File
from vitrine.output import answer, note
from vitrine.pipelines import checked_of

if TYPE_CHECKING:
    from common.pipelines.checked import Checked

Write = Annotated[bool, typer.Option("--write", help="Put it into the folder of the contracts.")]


def contract(file: File, write: Write = False, as_json: AsJson = False) -> None:
    """Shows the contract that is made of a pipeline's file, in the Open Data Contract Standard.

    With --write it becomes a file of its own, which you then maintain; no file is ever written over.

    Examples:
      vitrine contract include/pipelines/sales/orders_v1.yaml
      vitrine contract include/pipelines/sales/orders_v1.yaml --write
    """
    import yaml  # noqa: PLC0415 (only where it is used)

    from common.pipelines.contract import document  # noqa: PLC0415 (heavy)

    found = checked_of(file)
    if found.pipeline.spec.collection is None:
        raise PipelineError("This pipeline has a contract already.", where=f"{file}, under 'contract'")
    plain = document(found.pipeline, found.plan)
    text = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=110)
    written = keep(found, text) if write else None
    answer({"contract": plain, "written": written}, as_json, text.rstrip)
    if written:
        note(f"Written to {written}")
        note(f"Next: in {file}, say  contract: {written}  in place of collection: and validation:")


def keep(found: Checked, text: str) -> str:
    """Writes the contract of a pipeline into its file; its path, from the repository's root if it is in it.

    Raises:
        PipelineError: There is such a file, maybe only since the pipeline was checked.
    """
    pipeline = found.pipeline
    folder = Settings.from_environment().contracts / pipeline.domain
    path = folder / f"{pipeline.subject}.odcs.yaml"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as error:
        raise PipelineError("There is a contract already.", where=str(path)) from error
    return str(path.relative_to(REPOSITORY) if path.is_relative_to(REPOSITORY) else path)
