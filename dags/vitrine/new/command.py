"""``vitrine new``: writes a pipeline, in YAML or in Python, that can be run at once."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from common.pipelines.read import folder
from common.utils.settings import REPOSITORY
from vitrine.options import AsJson
from vitrine.output import answer

if TYPE_CHECKING:
    from vitrine.new.drafts import Draft


Name = Annotated[
    str, typer.Argument(metavar="DOMAIN/SUBJECT", help="Such as sales/orders.", show_default=False)
]
Yaml = Annotated[
    bool, typer.Option("--yaml/--code", help="One file in YAML, or DAG, transforms, contract and test.")
]
From = Annotated[
    str,
    typer.Option(
        "--from",
        metavar="PATH",
        help="A file of CSV, JSON, NDJSON or Parquet, a folder or a glob: it tells the columns. "
        "Without it, a sample of an invented shop is written.",
        show_default=False,
    ),
]
Into = Annotated[
    Path | None,
    typer.Option(metavar="DIR", help="The repository to write into; this one.", show_default=False),
]


@dataclass(frozen=True, slots=True)
class Written:
    """What the command answers.

    Attributes:
        files: That were written.
        next: Commands, in their order.
    """

    collection: str
    files: tuple[str, ...]
    next: tuple[str, ...]


def new(name: Name, yaml: Yaml = True, from_: From = "", into: Into = None, as_json: AsJson = False) -> None:
    """Writes a new pipeline that can be run at once. Nothing that exists is touched.

    From a file the columns are told with their types, the time of a record and what identifies one. It is
    read where it stands; no row of it is copied.

    Examples:
      vitrine new sales/orders --from ~/orders.csv
      vitrine new sales/orders --code
    """
    from vitrine.new.names import demand_free, parted  # noqa: PLC0415 (the engine, for this command alone)
    from vitrine.new.writing import write  # noqa: PLC0415

    domain, subject = parted(name)
    root = (into or REPOSITORY).absolute()
    demand_free(root, domain, subject)
    draft = _draft(domain, subject, from_, root)
    files = _in_yaml(draft, root, bool(into), bool(from_)) if yaml else _in_code(draft, root)
    write(files)
    shown = tuple(map(_shown, files))
    run = _run_yaml(shown[0]) if yaml else _run_code(name, bool(from_))
    listed = ("make catalogue",) if (root / "docs" / "catalogue.md").exists() else ()
    written = Written(name, shown, (*listed, *run, "make api"))
    answer(written, as_json, lambda: _words(written))


def _draft(domain: str, subject: str, given: str, root: Path) -> Draft:
    from vitrine.new import sample  # noqa: PLC0415 (as above)

    if not given:
        return sample.draft(domain, subject)
    from vitrine.new.columns import drafted  # noqa: PLC0415
    from vitrine.new.inference import Sample  # noqa: PLC0415

    place = given if "://" in given else str(Path(given).expanduser().absolute())
    records = Sample(place)
    try:
        return drafted(domain, subject, portable(place, root), records)
    finally:
        records.close()


def portable(place: str, root: Path) -> str:
    """A path as it is to be written: below the repository or the home folder, else as it stands."""
    if "://" in place:
        return place
    path = Path(place)
    if path.is_relative_to(root) and (root / "dags" / "common").is_dir():
        return path.relative_to(root).as_posix()
    home = Path.home()
    return f"~/{path.relative_to(home).as_posix()}" if path.is_relative_to(home) else place


def _in_yaml(draft: Draft, root: Path, elsewhere: bool, from_files: bool) -> Mapping[Path, str]:
    from dataclasses import replace  # noqa: PLC0415

    from vitrine.new import rendering, sample  # noqa: PLC0415

    below = root / "include" / "pipelines" if elsewhere else folder()
    path = below / draft.domain / f"{draft.subject}_v1.yaml"
    if from_files:
        return {path: rendering.pipeline(draft)}
    lines = root / "include" / "samples" / draft.domain / f"{draft.subject}.csv"
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    draft = replace(draft, path=portable(str(lines), root))
    return {path: rendering.pipeline(draft), lines: sample.text(yesterday)}


def _in_code(draft: Draft, root: Path) -> Mapping[Path, str]:
    from vitrine.new import rendering, sample  # noqa: PLC0415

    domain, subject = draft.domain, draft.subject
    files = {
        root / "dags" / domain / f"{subject}_v1.py": rendering.dag(draft),
        root / "dags" / "common" / "transforms" / f"{subject}.py": rendering.transform(draft),
        root / "include" / "contracts" / domain / f"{subject}.odcs.yaml": rendering.contract_of(draft),
        root / "tests" / "unit" / "common" / "transforms" / f"test_{subject}.py": rendering.test(draft),
        root / "docs" / f"{subject}.md": rendering.page(draft),
    }
    if not draft.path:
        files[root / "include" / "samples" / f"{subject}.py"] = sample.module(subject)
    return files


def _run_yaml(path: str) -> tuple[str, ...]:
    return f"vitrine check {shlex.quote(path)}", f"vitrine run {shlex.quote(path)}"


def _run_code(name: str, from_files: bool) -> tuple[str, ...]:
    run = f"vitrine run {name}" if from_files else f"make run ONLY={name}"  # which generates samples
    return "make lint types test", run


def _shown(path: Path) -> str:
    """A path as one would type it from here."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)


def _words(written: Written) -> str:
    lines = ["Written:", *(f"  {path}" for path in written.files)]
    return "\n".join([*lines, "Next:", *(f"  {command}" for command in written.next)])
