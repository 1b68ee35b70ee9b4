"""Pipelines as a command names them: by a file, wherever it stands, or by their collection."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from common.pipelines.read import DOMAIN, FILE, PipelineError, folder, subject_of
from common.utils.settings import Settings

if TYPE_CHECKING:
    from common.pipelines.checked import Checked

NAME = re.compile(r"[a-z][a-z0-9_]*/[a-z][a-z0-9_]*")


def collection_of(what: str) -> str:
    """The collection that is meant, ``domain/subject``.

    Args:
        what: That, or the path of a pipeline's file.

    Raises:
        PipelineError: There is no such file, or it is not named as a pipeline's is.
        typer.BadParameter: It is neither.
    """
    if not what.endswith((".yaml", ".yml")):
        if not NAME.fullmatch(what):
            raise typer.BadParameter(
                f"'{what}' is neither a pipeline's file nor a collection such as sales/product_revenue"
            )
        return what
    path = Path(what)
    found = _named(path)
    return f"{path.absolute().parent.name}/{found['subject']}"


def checked_of(path: Path) -> Checked:
    """The pipeline in a file, or of a collection, with nothing wrong in it.

    Args:
        path: The file, or ``domain/subject`` of one among the pipelines.

    Raises:
        PipelineError: There is no such file, or all that is wrong in it.
    """
    from common.pipelines.checked import checked  # noqa: PLC0415 (heavy)

    path = _file_of(path)
    _named(path)
    return checked(path.absolute(), Settings.from_environment())


def _file_of(path: Path) -> Path:
    """The file of a collection that is named instead of it."""
    if path.exists() or not NAME.fullmatch(str(path)):
        return path
    found = sorted(folder().glob(f"{path}_v*.yaml"))
    same = [one for one in found if subject_of(one) == path.name]
    return same[-1] if same else path


def _named(path: Path) -> re.Match[str]:
    """What the file's name says; its folder is that of the pipelines from now on, for this process."""
    there = path.absolute()
    if not there.is_file():
        raise PipelineError("There is no such file.", where=str(there))
    found = FILE.fullmatch(there.name)
    if not found or not DOMAIN.fullmatch(there.parent.name):
        raise PipelineError(
            "A pipeline's file is named <domain>/<subject>_v<major>.yaml, in small letters.",
            where=str(there),
            next_step="Name file and folder so: the domain and the subject are the collection's name.",
        )
    if there.parent.parent.resolve() != folder().resolve():
        os.environ["VITRINE_PIPELINES"] = str(there.parent.parent)
    return found
