"""Configuration: one validated object from the environment."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from common.utils.errors import SettingsError, did_you_mean

REPOSITORY = Path(__file__).resolve().parents[3]
MAIN = "main"
"""The store that the API serves, where a target could be named."""
EXTRACT = "extract_"
"""What a run's record of one source of several is named by; a target's is by its name, so none begins so."""


def _no_connection(connection_id: str) -> str:
    raise SettingsError(
        f"The Connection '{connection_id}' cannot be looked up here, without Airflow.",
        next_step="Set the variable to a URL, or run the DAG in Airflow.",
    )


class Settings(BaseSettings):
    """What the whole house is configured by; each field is the environment variable of its alias.

    Attributes:
        home: Folder of everything that is written locally: Airflow's database, lake, collections, reports.
        lake: Root of the Delta tables, a path or an object store's URL.
        collections: URL of the main store of the collections, or the id of an Airflow Connection.
        targets: The same of further stores, by name. The variable lists the names, and the variable
            ``VITRINE_TARGET_<NAME>`` says where each is.
        collection_prefix: What the names of tables and views in the stores begin with, so that several
            deployments can share a database.
        lookback_days: Days of data time that each scheduled run reads again.
        batch_size: Rows per write to a store.
        keep_versions: Versions that vacuum retains.
        memory_limit: What the engine may use before it spills, as DuckDB writes it.
        url_of: The URL of an Airflow Connection by its id; no variable's, but from :meth:`resolved`.
    """

    # The prefix is for the names that populate_by_name adds: without it, HOME would be read as ``home``.
    model_config = SettingsConfigDict(
        frozen=True, extra="ignore", populate_by_name=True, env_prefix="VITRINE_"
    )

    home: Path = Field(default=REPOSITORY / ".vitrine", alias="VITRINE_HOME")
    lake: str = Field(default="", alias="VITRINE_LAKE")
    collections: str = Field(default="", alias="VITRINE_COLLECTIONS", repr=False)
    targets: Annotated[Mapping[str, str], NoDecode] = Field(
        default_factory=dict, alias="VITRINE_TARGETS", repr=False
    )
    collection_prefix: str = Field(
        default="", pattern="^([a-z][a-z0-9_]*)?$", alias="VITRINE_COLLECTION_PREFIX"
    )
    contracts: Path = Field(default=REPOSITORY / "include" / "contracts", alias="VITRINE_CONTRACTS")
    pipelines: Path = Field(default=REPOSITORY / "include" / "pipelines", alias="VITRINE_PIPELINES")
    lookback_days: int = Field(default=3, ge=0, le=3660, alias="LOOKBACK_DAYS")
    batch_size: int = Field(default=1000, ge=1, le=1_000_000, alias="BATCH_SIZE")
    keep_versions: int = Field(default=3, ge=1, alias="VITRINE_KEEP_VERSIONS")
    memory_limit: str = Field(default="1GB", pattern=r"^\d+(MB|GB)$", alias="VITRINE_MEMORY_LIMIT")
    url_of: Callable[[str], str] = Field(default=_no_connection, exclude=True, repr=False)

    @field_validator("home", "lake")
    @classmethod
    def _for_delta(cls, value: Path | str) -> Path | str:
        if "://" not in str(value) and set("%[]") & set(str(value)):
            raise ValueError("the library for Delta tables takes no folder with %, [ or ] in its name")
        return value

    @field_validator("contracts", "pipelines", mode="before")
    @classmethod
    def _of_the_repository(cls, value: object, field: ValidationInfo) -> object:
        return value or cls.model_fields[field.field_name or ""].default

    @field_validator("targets", mode="before")
    @classmethod
    def _of_their_variables(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        names = [name.strip() for name in value.split(",") if name.strip()]
        for name, times in Counter(names).items():
            ours = name == MAIN or name.startswith(EXTRACT)
            if ours or times > 1 or not re.fullmatch("[a-z0-9_]+", name):
                raise ValueError(
                    f"'{name}' cannot name a target: small letters, digits and _, once each, not '{MAIN}', "
                    f"and not with '{EXTRACT}' before"
                )
        places = {name: os.environ.get(variable_of(name), "") for name in names}
        for name in (name for name, place in places.items() if not place):
            raise ValueError(f"it names '{name}', and {variable_of(name)} does not say where that is")
        return places

    @property
    def lake_root(self) -> str:
        """Where the Delta tables stand."""
        return self.lake or str(self.home / "lake")

    @property
    def stores(self) -> tuple[str, ...]:
        """The names of all stores, the main one first."""
        return (MAIN, *self.targets)

    @property
    def collections_url(self) -> str:
        """Where the main store is; SQLite in ``home`` unless configured."""
        return self.store_url(MAIN)

    def store_url(self, store: str) -> str:
        """Where a store is.

        Raises:
            SettingsError: There is no such store, its place is no URL, or it is another store's too.
        """
        if store not in self.stores:
            raise SettingsError(
                f"There is no store '{store}': {did_you_mean(store, self.stores)}", where="VITRINE_TARGETS"
            )
        places = {MAIN: self.collections or f"sqlite:///{self.home / 'collections.db'}", **self.targets}
        place = places.pop(store)
        if "://" not in place:
            raise SettingsError(
                f"{variable_of(store)} is neither a URL nor the id of a Connection that is known here.",
                next_step="Write it as sqlite:////folder/collections.db; Connections are known to Airflow.",
            )
        for other in (name for name, url in places.items() if url == place and store != MAIN):
            raise SettingsError(
                f"{variable_of(store)} and {variable_of(other)} are the same store.",
                next_step="Give each target a place of its own.",
            )
        return place

    def resolved(self, url_of: Callable[[str], str], *stores: str) -> Settings:
        """With URLs for the ids of Airflow's Connections that some stores are given by.

        Args:
            url_of: A Connection's URL by its id.
            stores: Which are needed; a Connection that is wrong is no concern of the others.
        """

        def url(store: str, place: str) -> str:
            return url_of(place) if place and "://" not in place and store in stores else place

        targets = {name: url(name, place) for name, place in self.targets.items()}
        changes = {"collections": url(MAIN, self.collections), "targets": targets, "url_of": url_of}
        return self.model_copy(update=changes)

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


def from_repository(path: Path) -> str:
    """A path as seen from the root of the repository, where it is in there."""
    whole = path.resolve()
    return whole.relative_to(REPOSITORY).as_posix() if whole.is_relative_to(REPOSITORY) else str(path)


def variable_of(store: str) -> str:
    """The environment variable that says where a store is."""
    return "VITRINE_COLLECTIONS" if store == MAIN else f"VITRINE_TARGET_{store.upper()}"


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
