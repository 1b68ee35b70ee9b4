"""What a DAG needs to know of a pipeline, kept beside what it was made of: a file is checked once.

A DAG file is parsed every half minute, and with it every pipeline. The card of one that has not changed costs
reading two small files; nothing of it is parsed or checked again.
"""

from __future__ import annotations

import hashlib
import logging
import os
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from common.pipelines.format import PipelineSpec, Retries
from common.pipelines.read import FILE, dag_id, name_of
from common.pipelines.surroundings import beside
from common.utils.errors import VitrineError
from common.utils.odcs import contract_file
from common.utils.settings import Settings, from_repository

log = logging.getLogger(__name__)

CODE = ("pipelines", "io/sources", "utils")
"""Below ``common``: what decides how a file is understood."""


class Card(BaseModel):
    """One pipeline, as its DAG needs it.

    Attributes:
        path: Of the file, from the repository where it stands in it.
        cron, after: When it runs; neither: by hand alone.
        sources: Their names, each with its kind.
        targets: Their names.
        problem: Why there is no such DAG; empty where there is.
    """

    model_config = ConfigDict(frozen=True)

    path: str
    domain: str
    subject: str
    major: int = 1
    description: str = ""
    owner: str = ""
    tags: tuple[str, ...] = ()
    cron: str = ""
    after: tuple[str, ...] = ()
    retries: Retries = Retries()
    sources: dict[str, str] = {}
    targets: tuple[str, ...] = ()
    problem: str = ""

    @property
    def dag_id(self) -> str:
        """``vitrine_<domain>_<subject>_v<major>``."""
        return dag_id(self.domain, self.subject, self.major)


def card(path: Path, settings: Settings) -> Card:
    """The card of a file, from where it is kept, else made by checking the file."""
    kept = settings.home / "pipelines" / f"{_digest(path, settings)}.json"
    try:
        return Card.model_validate_json(kept.read_bytes())
    except OSError as error:  # mostly that it is not there yet
        log.debug("%s is checked: %s", path, error)
    except ValueError as error:
        log.warning("%s is no card of %s: %s", kept, path, error)
    made = _made(path, settings)
    _keep(kept, made)
    return made


def _made(path: Path, settings: Settings) -> Card:
    from common.pipelines.checked import checked  # noqa: PLC0415 (the adapters' drivers, and the language)

    said = FILE.fullmatch(path.name)
    name = said["subject"] if said else path.stem
    known = {"path": from_repository(path), "domain": path.parent.name, "subject": name}
    try:
        spec = checked(path, settings).pipeline.spec
    except Exception as error:  # whatever it is: it is this file's, and no other's
        if not isinstance(error, VitrineError):
            log.exception("%s cannot be checked", path)
        return Card(**known, problem=str(error) or repr(error))  # type: ignore[arg-type]
    return Card(**known, major=int(said["major"]) if said else 1, **_of(spec))  # type: ignore[arg-type]


def _of(spec: PipelineSpec) -> dict[str, object]:
    return {
        "description": spec.description,
        "owner": spec.owner,
        "tags": tuple(spec.tags),
        "cron": spec.schedule.cron if spec.schedule else "",
        "after": tuple(spec.schedule.after) if spec.schedule else (),
        "retries": spec.retries,
        "sources": {name: source.kind for name, source in spec.sources.items()},
        "targets": tuple(spec.targets),
    }


def _keep(kept: Path, made: Card) -> None:
    """Writes it in one piece; where that cannot be, the file is checked again the next time."""
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        unfinished = kept.with_suffix(f".{os.getpid()}")
        unfinished.write_text(made.model_dump_json(), encoding="utf-8")
        unfinished.replace(kept)
    except OSError as error:
        log.warning("The card of %s cannot be kept: %s", made.path, error)


def _digest(path: Path, settings: Settings) -> str:
    """Of everything that decides whether the file is right."""
    contract = contract_file(settings.contracts, name_of(path))
    parts = [str(path), _content(path), _content(contract), *beside(path), _code()]
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _content(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:  # not there, or not to be read: the check says so
        return ""


@lru_cache(maxsize=1)
def _code() -> str:
    """Of our own files that read and check, as this process found them."""
    below = Path(__file__).resolve().parents[1]
    files = sorted(file for name in CODE for file in (below / name).rglob("*.py"))
    told = [(str(file), stat.st_mtime_ns, stat.st_size) for file in files for stat in [file.stat()]]
    return hashlib.sha256(repr(told).encode()).hexdigest()
