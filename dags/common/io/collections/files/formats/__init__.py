"""The formats of chunks: what a person or another program expects to find in such a file.

A format is one module of this folder, with a :class:`Format` named ``FORMAT`` in it; the module's name is the
scheme of the stores' URLs: ``parquet:///folder``.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol, cast

import pyarrow as pa

from common.io.collections.encoding import HASH, MAX_PRECISION, SYSTEM
from common.utils.contract import Contract, Field

if TYPE_CHECKING:
    import duckdb
    import pyarrow.dataset

FETCHED = 50_000  # rows in a batch

Scan = tuple[str, list[Any]]  # what stands in SQL after FROM, and its parameters


def file_fields(contract: Contract) -> tuple[Field, ...]:
    """The columns of a file but for the hash; decimals of the most digits, so that no type changes."""
    return tuple(
        replace(field, precision=MAX_PRECISION) if field.type == "decimal" else field
        for field in (*contract.fields, *SYSTEM)
    )


def file_schema(contract: Contract) -> pa.Schema:
    """The columns of a file."""
    fields = [field.arrow.with_nullable(True) for field in file_fields(contract)]
    return pa.schema([*fields, pa.field(HASH, pa.int64())])


class Writer(Protocol):
    """Writes tables to a file that is open."""

    def write_table(self, table: pa.Table, row_group_size: int) -> None:
        """Appends rows."""

    def close(self) -> None:
        """Writes the end; the file stays open."""


class Format(Protocol):
    """One format of files. Files of an older contract have fewer columns: they read as null."""

    suffix: str

    def writer(self, file: IO[bytes], schema: pa.Schema) -> Writer:
        """Writes a file."""

    def dataset(self, paths: Sequence[Path], schema: pa.Schema) -> pyarrow.dataset.Dataset:
        """Reads files, in the types of a schema."""

    def scan(
        self, cursor: duckdb.DuckDBPyConnection, paths: Sequence[Path], schema: pa.Schema, *, alike: bool
    ) -> Scan:
        """Reads files in DuckDB. Told that they are alike, it may fail where columns are missing in some."""


def schemes() -> list[str]:
    """All formats there are; none is imported."""
    return [module.name for module in pkgutil.iter_modules(__path__)]


def format_of(scheme: str) -> Format:
    """The format of a scheme, one of :func:`schemes`."""
    return cast("Format", importlib.import_module(f"{__name__}.{scheme}").FORMAT)


def batches(dataset: pyarrow.dataset.Dataset, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Some columns of all rows of files."""
    return dataset.to_batches(columns=list(columns), batch_size=FETCHED)
