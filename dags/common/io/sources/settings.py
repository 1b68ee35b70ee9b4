"""What every kind of source is configured by: variables that begin with ``VITRINE_<DOMAIN>_<SUBJECT>_``."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from common.utils.settings import settings_error

Names = Annotated[tuple[str, ...], NoDecode]
Pairs = Annotated[dict[str, str], NoDecode]


class SourceSettings(BaseSettings):
    """The part that all kinds share; each adapter adds its own fields.

    Attributes:
        connection: A URL with the credentials, or the id of an Airflow Connection; empty where none is
            needed.
        columns: Ours to theirs, written ``date=InvoiceDate,product_id=StockCode``; others keep their name.
        types: Their columns that must have a type, written ``quantity=integer,price=decimal(18,4)``.
        key: Their columns that identify a record, written ``order_line_id``.
        updated_at: Their column that tells the later of two records with one key; empty: the one read later.
        shape: A fingerprint of what is made of the records, of a pipeline; another one is another source.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    connection: str = Field(default="", repr=False)
    columns: Pairs = Field(default_factory=dict)
    types: Pairs = Field(default_factory=dict)
    key: Names = ()
    updated_at: str = ""
    shape: str = ""

    @field_validator("columns", "types", mode="before")
    @classmethod
    def _pairs(cls, value: object) -> object:
        return pairs_of(value) if isinstance(value, str) else value

    @field_validator("key", mode="before")
    @classmethod
    def _names(cls, value: object) -> object:
        return names_of(value) if isinstance(value, str) else value

    @property
    def mapping(self) -> tuple[object, ...]:
        """What decides which record a record is, for fingerprints."""
        shape = (self.shape,) if self.shape else ()
        return (*sorted(self.columns.items()), self.key, self.updated_at, *sorted(self.types.items()), *shape)

    @classmethod
    def of(cls, prefix: str, defaults: Mapping[str, Any] | None = None) -> Self:
        """The settings that the environment has under a prefix.

        Args:
            prefix: What the variables begin with.
            defaults: Values by variable, without the prefix, of those that are not set.

        Raises:
            SettingsError: Naming each variable that is missing or wrong.
        """
        try:
            fields: dict[str, Any] = {
                name.lower(): value
                for name, value in (defaults or {}).items()
                if name.lower() in cls.model_fields and not os.environ.get(f"{prefix}{name}")
            }
            return cls(_env_prefix=prefix, **fields)  # type: ignore[call-arg]
        except ValidationError as error:
            raise settings_error(error, prefix) from None  # its values may be secrets


class CursorSettings(SourceSettings):
    """Of sources that are read on from where the last publication ended.

    Attributes:
        cursor: Their column that grows with every change, such as ``updated_at`` or ``id``; empty: each run
            reads everything that its query gives.
        overlap: How far before the highest cursor value the next run begins, for records that came late: a
            number for a numeric cursor, else ``90s``, ``15m``, ``2h`` or ``3d``.
    """

    cursor: str = ""
    overlap: str = Field(default="0", pattern=r"^\d+[smhd]?$")


def names_of(text: str) -> tuple[str, ...]:
    """``a, b`` as names."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def pairs_of(text: str) -> dict[str, str]:
    """``a=b,c=decimal(18,4)`` as pairs; a comma within parentheses parts nothing."""
    pairs = [pair.partition("=") for pair in _parted(text) if pair.strip()]
    if any(not (name.strip() and value.strip()) for name, _, value in pairs):
        raise ValueError("write it as name=value,name=value")
    return {name.strip(): value.strip() for name, _, value in pairs}


def fingerprint(*used: Any) -> str:
    """A short digest of settings that belong together."""
    return hashlib.sha256(repr(used).encode()).hexdigest()[:16]


def _parted(text: str) -> list[str]:
    parts, depth = [""], 0
    for letter in text:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts
