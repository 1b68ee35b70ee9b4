"""Run records of other systems, and of this repository, in one schema: OpenLineage, dbt, Singer, Airflow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Literal

from common.io.sources import Adapter, Item, Part, Scope
from common.io.sources.files import FileSettings, FileSource, json_parts
from common.io.sources.files.places import Place
from common.io.sources.files.shapes import Format
from common.io.sources.runs import dbt, openlineage, parts, singer
from common.io.sources.runs.journal import FOLDER, Journal
from common.io.sources.runs.records import SCHEMA, Origin, Reader
from common.io.sources.settings import Names, SourceSettings, fingerprint
from common.utils.errors import SourceError
from common.utils.settings import Settings

READERS: Mapping[str, tuple[Reader, Literal["", Format]]] = {
    "openlineage": (openlineage.read, ""),
    "dbt": (dbt.read, "json"),
    "singer": (singer.read, "ndjson"),
}
"""How each format is read, and what its files are where their names may mislead."""

AIRFLOW = "airflow"


class RunSettings(SourceSettings):
    """Where run records stand and of which system they are.

    Attributes:
        format: ``openlineage``: run events as JSON or JSON lines; ``dbt``: ``run_results.json``; ``singer``:
            a message stream a file; ``airflow``: what this repository's listener writes.
        path: A file, a folder or a glob; a local path or a URL. Of ``airflow``: a folder, by default the
            listener's.
        encoding: Of the files.
    """

    format: Literal["openlineage", "dbt", "singer", "airflow"]
    path: str = ""
    encoding: str = ""
    key: Names = ("id",)
    updated_at: str = "event_at"


class Documents:
    """Files of run records, which are known by their content.

    Args:
        settings: Where they stand.
        prefix: Of the environment variables, for messages: ``VITRINE_MONITORING_PIPELINE_DAYS_DBT_``.

    Raises:
        SourceError: No path is given, or it cannot be used.
    """

    incremental = False

    def __init__(self, settings: RunSettings, prefix: str) -> None:
        if not settings.path:
            raise SourceError(
                f"It is not said where the records of {settings.format} are.",
                where=f"{prefix}PATH",
                next_step="Set it to a file, a folder of them or a glob.",
            )
        self._settings, self._reader = settings, READERS[settings.format][0]
        shared = settings.model_dump(include=set(SourceSettings.model_fields) | {"path", "encoding"})
        files = FileSettings.model_construct(**shared, format=READERS[settings.format][1])
        self._files = FileSource(files, prefix)
        self._place = Place(settings.path, settings.connection, prefix)

    @property
    def name(self) -> str:
        """For people."""
        return f"{self._files.name} ({self._settings.format})"

    @property
    def fingerprint(self) -> str:
        """Of the format, the path and the mapping."""
        return fingerprint(self._settings.format, self._files.fingerprint)

    @property
    def dialect(self) -> str:
        """Of the format and of how its files are read."""
        return fingerprint(self._settings.format, self._files.dialect)

    def items(self) -> list[Item]:
        """The files there are now.

        Raises:
            SourceError: They cannot be listed or read.
        """
        return [replace(item, rows=0, schema=SCHEMA) for item in self._files.items()]

    def read(self, item: Item, scope: Scope) -> Iterator[Part]:
        """The run records of a file.

        Raises:
            SourceError: It changed since :meth:`items` saw it, or it cannot be read as what it is.
        """
        documents = parts.Documents(item, self._files.read(replace(item, schema=None), scope))
        found = self._reader(documents.rows(), Origin(item.name, self._written(item)))
        while batch := list(islice(found, json_parts.ROWS)):
            yield documents.part(batch)
        if documents.left:
            yield documents.part([])

    def _written(self, item: Item) -> str | None:
        if not self._place.local:
            return None
        seconds = Path(self._place.file(item.name).path).stat().st_mtime
        return datetime.fromtimestamp(seconds, UTC).isoformat()


class Listened:
    """What this repository's listener writes; see :mod:`common.io.sources.runs.journal`.

    Args:
        settings: The folder, where it is another than the listener's.
        prefix: Of the environment variables, for messages.
    """

    dialect = ""
    incremental = True

    def __init__(self, settings: RunSettings, prefix: str) -> None:
        self._settings = settings
        self._folder = Path(settings.path) if settings.path else Settings.from_environment().home / FOLDER
        self._journal = Journal(self._folder)

    @property
    def name(self) -> str:
        """For people."""
        return f"Airflow's runs at {self._folder}"

    @property
    def fingerprint(self) -> str:
        """Of the mapping: the folder may move with the house."""
        return fingerprint(AIRFLOW, self._settings.mapping)

    def items(self) -> list[Item]:
        """A file a day."""
        return self._journal.items()

    def read(self, item: Item, scope: Scope) -> Iterator[Part]:
        """What a day's file has after the bookmark.

        Raises:
            SourceError: The file is not what it was.
        """
        return self._journal.read(item, scope)


def _opened(settings: RunSettings, prefix: str) -> Documents | Listened:
    return Listened(settings, prefix) if settings.format == AIRFLOW else Documents(settings, prefix)


ADAPTER = Adapter(RunSettings, _opened)
"""Run records of any system."""
