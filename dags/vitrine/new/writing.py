"""Files that are written all or none, and never over others."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

from vitrine.new.names import demand_none


def write(files: Mapping[Path, str]) -> None:
    """Writes texts to files.

    Raises:
        NewError: One of them is there already; then nothing is written.
        OSError: As the file system raises it; what was written until then is taken away.
    """
    demand_none((path for path in files if os.path.lexists(path)), "A file is there already")
    with ExitStack() as undo, ExitStack() as tidy:
        for path, text in files.items():
            _make_folder(path.parent, undo)
            whole = path.with_name(f".{path.name}.{uuid4().hex}")
            tidy.callback(whole.unlink, missing_ok=True)
            whole.write_text(text, encoding="utf-8", newline="\n")
            _place(whole, path)
            undo.callback(path.unlink, missing_ok=True)
        undo.pop_all()  # all is there: nothing is taken away


def _make_folder(folder: Path, undo: ExitStack) -> None:
    missing = [one for one in (folder, *folder.parents) if not one.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for one in reversed(missing):
        undo.callback(_remove_empty, one)


def _remove_empty(folder: Path) -> None:
    if not any(folder.iterdir()):
        folder.rmdir()


def _place(whole: Path, path: Path) -> None:
    """Gives a file its name, unless another has it since."""
    try:
        os.link(whole, path)
    except FileExistsError:
        demand_none([path], "A file is there already")
