"""Configuration: one validated object from the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from common.utils.errors import SettingsError

REPOSITORY = Path(__file__).resolve().parents[3]


class Settings(BaseSettings):
    """What the whole house is configured by; each field is the environment variable of its alias.

    Attributes:
        home: Folder of everything that is written locally: Airflow's database, lake, collections, reports.
        lake: Root of the Delta tables, a path or an object store's URL.
        collections: URL of the store of the collections.
        lookback_days: Days of data time that each scheduled run reads again.
        batch_size: Rows per write to a store.
        keep_versions: Versions that vacuum retains.
        memory_limit: What the engine may use before it spills, as DuckDB writes it.
    """

    # The prefix is for the names that populate_by_name adds: without it, HOME would be read as ``home``.
    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", populate_by_name=True, env_prefix="VITRINE_"
    )

    home: Path = Field(default=REPOSITORY / ".vitrine", alias="VITRINE_HOME")
    lake: str = Field(default="", alias="VITRINE_LAKE")
    collections: str = Field(default="", alias="VITRINE_COLLECTIONS")
    contracts: Path = Field(default=REPOSITORY / "include" / "contracts", alias="VITRINE_CONTRACTS")
    lookback_days: int = Field(default=3, ge=0, le=3660, alias="LOOKBACK_DAYS")
    batch_size: int = Field(default=1000, ge=1, le=1_000_000, alias="BATCH_SIZE")
    keep_versions: int = Field(default=3, ge=1, alias="VITRINE_KEEP_VERSIONS")
    memory_limit: str = Field(default="1GB", pattern=r"^\d+(MB|GB)$", alias="VITRINE_MEMORY_LIMIT")

    @field_validator("home", "lake")
    @classmethod
    def _for_delta(cls, value: Path | str) -> Path | str:
        if "://" not in str(value) and set("%[]") & set(str(value)):
            raise ValueError("the library for Delta tables takes no folder with %, [ or ] in its name")
        return value

    @property
    def lake_root(self) -> str:
        """Where the Delta tables stand."""
        return self.lake or str(self.home / "lake")

    @property
    def collections_url(self) -> str:
        """Where the collections stand; SQLite in ``home`` unless configured."""
        return self.collections or f"sqlite:///{self.home / 'collections.db'}"

    @property
    def reports(self) -> Path:
        """Folder of the run records and validation reports."""
        return self.home / "reports"

    @classmethod
    def from_environment(cls) -> Settings:
        """The settings of this process.

        Raises:
            SettingsError: Naming each variable that is wrong and why.
        """
        try:
            return cls()
        except ValidationError as error:
            raise settings_error(error) from error


class FileSource(BaseSettings):
    """Where the files of one subject stand and how they are read.

    Read from variables that start with ``VITRINE_<DOMAIN>_<SUBJECT>_``; see :meth:`of`.

    Attributes:
        path: A file, a folder (all ``*.csv`` below it) or a glob.
        columns: Ours to theirs, written ``date=InvoiceDate,product_id=StockCode``; others keep their name.
        key: Their columns that identify a record, written ``order_line_id``; empty: file content and line do.
        updated_at: Their column that tells the later of two records with one key; empty: the later file's.
        delimiter, encoding: Of the files.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    path: str
    columns: Annotated[dict[str, str], NoDecode] = Field(default_factory=dict)
    key: Annotated[tuple[str, ...], NoDecode] = ()
    updated_at: str = ""
    delimiter: str = Field(default=",", min_length=1, max_length=1)
    encoding: str = "utf-8"

    @field_validator("columns", mode="before")
    @classmethod
    def _pairs(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        pairs = [pair.partition("=") for pair in value.split(",") if pair.strip()]
        if any(not (name.strip() and theirs.strip()) for name, _, theirs in pairs):
            raise ValueError("write it as ours=theirs,ours=theirs")
        return {name.strip(): theirs.strip() for name, _, theirs in pairs}

    @field_validator("key", mode="before")
    @classmethod
    def _names(cls, value: object) -> object:
        return tuple(n.strip() for n in value.split(",") if n.strip()) if isinstance(value, str) else value

    @classmethod
    def of(cls, domain: str, subject: str) -> FileSource:
        """The file source that the environment configures for a subject.

        Raises:
            SettingsError: Naming each variable that is missing or wrong.
        """
        prefix = f"VITRINE_{domain}_{subject}_".upper()
        try:
            return cls(_env_prefix=prefix)  # type: ignore[call-arg]
        except ValidationError as error:
            raise settings_error(error, prefix) from error


def settings_error(error: ValidationError, prefix: str = "") -> SettingsError:
    """A pydantic error in a user's words: each wrong variable and why; never its value, maybe a secret."""
    wrong = [
        f"{prefix}{'.'.join(map(str, e['loc']))}".upper() + f": {e['msg']}"
        for e in error.errors(include_input=False)
    ]
    return SettingsError(
        f"The environment is not right: {'; '.join(wrong)}.",
        next_step="env/.env.example lists every variable.",
    )
