"""The name of a new pipeline: what it may be, and that nothing has it yet."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable
from pathlib import Path

from common.utils.errors import VitrineError
from common.utils.settings import REPOSITORY

NAME = re.compile(r"([a-z][a-z0-9_]*)/([a-z][a-z0-9_]*)")
LONGEST = 50
"""Characters of domain and subject together: tables are named after them."""
OURS = ("common", "vlp", "vitrine")
"""Folders beside the domains."""
MEANT = ("annotations", "dag", "datetime", "date", "engine", "nw", "pa", "pytest")
"""What other names in the written files stand for."""


class NewError(VitrineError):
    """A pipeline cannot be written as it was asked for."""


def parted(name: str) -> tuple[str, str]:
    """Domain and subject of ``domain/subject``.

    Raises:
        NewError: It is no such name, or no name that a folder, a module and a table can have.
    """
    found = NAME.fullmatch(name)
    if not found:
        raise NewError(
            f"'{name}' does not name a pipeline.",
            next_step="Write it as domain/subject in small letters, digits and _: sales/orders.",
        )
    domain, subject = found.groups()
    for word in found.groups():
        if keyword.iskeyword(word) or keyword.issoftkeyword(word):
            raise NewError(f"'{word}' is a word of Python.", where=name, next_step="Choose another name.")
    if domain in OURS or subject in MEANT:
        wrong = domain if domain in OURS else subject
        raise NewError(f"'{wrong}' means something else here.", where=name, next_step="Choose another name.")
    if len(domain) + len(subject) > LONGEST:
        raise NewError(
            f"The name has {len(domain) + len(subject)} letters, and may have {LONGEST}.",
            where=name,
            next_step="Choose a shorter one: tables are named after it.",
        )
    return domain, subject


def demand_free(root: Path, domain: str, subject: str) -> None:
    """Raises NewError where a pipeline, a DAG, a contract or a module of transforms has the name.

    Args:
        root: Of a repository: its names count, and those of this one's modules.
        domain: Of the pipeline.
        subject: The same.
    """
    places = {
        root / "include" / "pipelines" / domain: (f"{subject}_v*.yaml", f"{subject}_v*.yml"),
        root / "dags" / domain: (f"{subject}_v*.py",),
        root / "include" / "contracts" / domain: (f"{subject}.odcs.yaml",),
        root / "dags" / "common" / "transforms": (f"{subject}.py",),
        REPOSITORY / "dags" / "common" / "transforms": (f"{subject}.py",),
    }
    named = re.compile(rf"{subject}(_v\d+)?[.](py|ya?ml|odcs[.]yaml)")
    found = [
        path
        for folder, patterns in places.items()
        for pattern in patterns
        for path in sorted(folder.glob(pattern))
        if named.fullmatch(path.name)
    ]
    demand_none(found, f"'{subject}' is there already")


def demand_none(there: Iterable[Path], what: str) -> None:
    """Raises NewError naming files, if there are any."""
    if files := list(dict.fromkeys(map(str, there))):
        raise NewError(
            f"{what}, and nothing is overwritten.",
            where=", ".join(files),
            next_step="Choose another name, or take these files away.",
        )
