"""The files of one subject: which there are, and the records of each."""

from __future__ import annotations

import codecs
import csv
import logging
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Literal

import pyarrow as pa
from pydantic import Field, field_validator

from common.io.sources import RESERVED, Item, Part, Scope
from common.io.sources.documents import Nested
from common.io.sources.files import csv_parts, json_parts, parquet_parts, shapes
from common.io.sources.files.contents import Contents, Member
from common.io.sources.files.parquet_parts import BrokenError
from common.io.sources.files.places import File, Place
from common.io.sources.files.shapes import Format, Said, Shape, UnknownError, shape_of
from common.io.sources.files.streams import UnpackError, ahead, begun, plain_name, utf8
from common.io.sources.settings import Names, SourceSettings, fingerprint, names_of
from common.utils.errors import SourceError

log = logging.getLogger(__name__)


class FileSettings(SourceSettings):
    """Where the files of one subject stand and how they are read; what is empty is told by each file.

    Attributes:
        path: A file, a folder (all files of known kinds below it) or a glob; a local path or a URL.
        format: ``csv`` (with any delimiter), ``json``, ``ndjson`` or ``parquet``.
        delimiter: Of CSV.
        encoding: Of texts.
        header: The columns of CSV files that have no header line, written ``id,name,price``.
        records: Where a JSON document has its records, such as ``data.items``.
        nested: How objects and arrays within JSON records are kept.
    """

    path: str
    format: Literal["", Format] = ""
    delimiter: str = Field(default="", max_length=1)
    encoding: str = ""
    header: Names = ()
    records: str = ""
    nested: Nested = "json"

    @field_validator("header", mode="before")
    @classmethod
    def _columns(cls, value: object) -> object:
        return names_of(value) if isinstance(value, str) else value


class FileSource:
    """The files that the environment configures for one subject.

    A ZIP archive is one item: its records are those of all its members of known kinds, in the order of their
    names. The first member's positions are its lines, the others' count on from the last one before.

    Args:
        settings: Where they stand and how they are read.
        prefix: Of the environment variables, for messages: ``VITRINE_SALES_PRODUCT_REVENUE_``.

    Raises:
        SourceError: The path, the encoding or the delimiter cannot be used.
    """

    def __init__(self, settings: FileSettings, prefix: str) -> None:
        self._settings, self._prefix = settings, prefix
        self._place = Place(settings.path, settings.connection, prefix)
        try:
            self._encoding = settings.encoding and codecs.lookup(settings.encoding).name
        except LookupError:
            raise SourceError(
                f'"{settings.encoding}" is no encoding that Python knows.',
                where=f"{prefix}ENCODING",
                next_step="Use one such as utf-8, latin-1, cp1252 or utf-16.",
            ) from None
        if settings.delimiter and (not settings.delimiter.isascii() or settings.delimiter in '"\r\n'):
            raise SourceError(
                f"{settings.delimiter!r} cannot part the fields of a CSV file.",
                where=f"{prefix}DELIMITER",
                next_step="Use one ASCII character, such as a comma, a semicolon or a tab.",
            )

    @property
    def name(self) -> str:
        """For people: the path as configured."""
        return f"Files at {self._place.shown}"

    @property
    def fingerprint(self) -> str:
        """Of path, columns, key, updated_at and types."""
        return fingerprint("files", self._place.shown, *self._settings.mapping)

    @property
    def dialect(self) -> str:
        """Of the mapping and of what is configured about the files' content."""
        ours = self._settings
        content = (ours.format, ours.delimiter, self._encoding, ours.header, ours.records, ours.nested)
        return fingerprint(*ours.mapping, *content)

    @property
    def incremental(self) -> bool:
        """Never: a file is known by its content."""
        return False

    def items(self) -> list[Item]:
        """The files there are now, in the order of their names.

        Raises:
            SourceError: There is nothing at the path, or a file cannot be read or is of no known kind.
        """
        found = self._place.files(
            lambda name: name.lower().endswith(".zip") or shapes.known(plain_name(name))
        )
        return [self._item(file) for file in found]

    def read(self, item: Item, scope: Scope) -> Iterator[Part]:
        """The file's records.

        Raises:
            SourceError: The file changed since :meth:`items` saw it, or it cannot be read as what it is.
        """
        file = self._place.file(item.name)
        try:
            with closing(Contents(self._place, file)) as contents:
                for member in contents.members():
                    for part in self._parts(member, item):
                        yield contents.placed(part, member)
                self._demand_unchanged(contents.digest(), item, file)
        except (OSError, ValueError, UnpackError, UnknownError, BrokenError, csv.Error) as error:
            raise self._unusable(error, file) from None

    def _item(self, file: File) -> Item:
        try:
            with closing(Contents(self._place, file)) as contents:
                members = contents.members()
                schema, rows = self._schema(next(members, None), file)
                if next(members, None):
                    schema, rows = None, 0
                return Item(file.name, contents.digest(), contents.size, rows, schema)
        except (OSError, ValueError, UnpackError, UnknownError, BrokenError, csv.Error) as error:
            raise self._unusable(error, file) from None

    def _schema(self, member: Member | None, file: File) -> tuple[pa.Schema | None, int]:
        """The columns that a file will have, where they are known ahead, and its rows, where it says."""
        if member is None or not member.head:
            return pa.schema([]), 0
        shape = self._shape(member)
        if shape.format == "parquet":
            schema, rows = parquet_parts.schema_of(member.file())
            self._demand_names(schema.names, file)
            return schema, rows
        if shape.format != "csv":
            return None, 0
        return pa.schema([(name, pa.string()) for name in self._header(member, shape, file)]), 0

    def _parts(self, member: Member, item: Item) -> Iterator[Part]:
        """The records of a file or of one member of an archive."""
        if not member.head or (item.schema is not None and not item.schema):
            log.warning("%s is empty: 0 records", member.title)
            return
        shape = self._shape(member)
        log.info("%s: %s", member.title, shape)
        for doubt, variable in shape.doubt:
            log.warning("%s: %s. Set %s%s if that is wrong.", member.title, doubt, self._prefix, variable)
        if shape.format == "parquet":
            yield from parquet_parts.parts(member.file(), item)
            return
        blocks = ahead(utf8(member.blocks, shape.encoding))
        if shape.format == "csv":
            columns = self._header(member, shape, File(item.name, item.name))
            variable = f"{self._prefix}ENCODING"
            told = (columns, shape.delimiter, shape.encoding, variable, not self._settings.header)
            layout = csv_parts.Layout(item, *told)
            yield from csv_parts.parts(blocks, layout) if columns else ()
        elif shape.format == "ndjson":
            yield from json_parts.lines(blocks, item, self._settings.nested)
        else:
            ours = self._settings
            yield from json_parts.document(blocks, item, ours.nested, ours.records, self._prefix)

    def _shape(self, member: Member) -> Shape:
        ours = self._settings
        return shape_of(member.name, member.head, Said(ours.format, self._encoding, ours.delimiter))

    def _header(self, member: Member, shape: Shape, file: File) -> tuple[str, ...]:
        if self._settings.header:
            return self._settings.header
        try:
            columns = csv_parts.header(begun(member.head, shape.encoding), shape.delimiter)
        except csv.Error as error:
            raise SourceError(
                f"{file.name} does not begin with a header in {shape.encoding}: {error}.",
                where=f"the header of {self._place.where(file)}",
                next_step=f"Set {self._prefix}ENCODING if it is text in another encoding, such as utf-16, "
                "or take the file away.",
            ) from None
        self._demand_names(columns, file)
        return columns

    def _demand_names(self, columns: Sequence[str], file: File) -> None:
        lower = [column.lower() for column in columns]
        wrong = [name for name in columns if lower.count(name.lower()) > 1 or name.lower() in RESERVED]
        if wrong:
            raise SourceError(
                f"The header of {file.name} names a column twice (upper and lower case are one) or like one "
                f"of Vitrine's own: {', '.join(f'{name!r}' for name in wrong)}.",
                where=f"the header of {self._place.where(file)}",
                next_step="Rename them in the file. If its first line is no header, name the columns by "
                f"{self._prefix}HEADER=<name>,<name>",
            )

    def _demand_unchanged(self, digest: str, item: Item, file: File) -> None:
        if digest != item.digest:
            raise SourceError(
                f"{item.name} changed while it was read.",
                where=self._place.where(file),
                next_step="Nothing of it was kept. Run the task again once the file is complete.",
            )

    def _unusable(self, error: Exception, file: File) -> SourceError:
        where = self._place.where(file)
        if isinstance(error, UnicodeError):
            step = f"Set {self._prefix}ENCODING to the encoding that the file is in."
            return SourceError(f"{file.name} cannot be decoded: {error}.", where=where, next_step=step)
        if isinstance(error, OSError):
            return self._place.unreachable(error, file)
        step = (
            "Bring a whole copy of the file."
            if isinstance(error, UnpackError | BrokenError)
            else f"Export it as CSV, JSON or Parquet, set {self._prefix}FORMAT, or take the file away."
        )
        return SourceError(f"{file.name} cannot be read: {error}.", where=where, next_step=step)


def _is_known(name: str) -> bool:
    """Whether a file of a folder is meant."""
    return name.lower().endswith(".zip") or shapes.known(plain_name(name))
