"""Configuration of the read API: one validated object from the environment."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from common.utils.errors import SettingsError
from common.utils.settings import settings_error

PREFIX = "VITRINE_API_"


class ApiSettings(BaseSettings):
    """What the read API is configured by; each field is the variable of its name with the prefix.

    Attributes:
        rate_user: Requests that one user may send, as ``<number>/<second|minute|hour>``; empty: any number.
        rate_address: The same for one address, which counts too where no user is known.
        trusted_proxies: How many proxies stand before the API: the address is the one that the first of
            them wrote to X-Forwarded-For. With 0 that header means nothing.
        cors_origins: Origins whose pages may read the API from a browser; none by default.
        access_log: Whether each request is logged as one line of JSON, by the logger ``vitrine.access``.
        audit: Whether each access to data is recorded below ``VITRINE_HOME/audit``.
        audit_queue: Records that may wait to be written; what comes when it is full is counted and logged.
        cache_mb: What kept answers may take of memory, in megabytes; 0 keeps none.
        compress_from: Bytes from which an answer is packed for readers who accept it.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix=PREFIX)

    rate_user: str = Field(default="6000/minute", pattern=r"^(\d{1,9}/(second|minute|hour))?$")
    rate_address: str = Field(default="12000/minute", pattern=r"^(\d{1,9}/(second|minute|hour))?$")
    trusted_proxies: int = Field(default=0, ge=0, le=10)
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    access_log: bool = False
    audit: bool = True
    audit_queue: int = Field(default=10_000, ge=1, le=1_000_000)
    cache_mb: int = Field(default=64, ge=0, le=65_536)
    compress_from: int = Field(default=1024, ge=0)

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        origins = tuple(one.strip() for one in value.split(",") if one.strip())
        for origin in origins:
            scheme, _, host = origin.partition("://")
            if scheme not in ("http", "https") or not host or set(host) & set("/*?#@ "):
                raise ValueError("an origin is written like https://dash.example.org, with commas between")
        return origins

    @classmethod
    def from_environment(cls) -> ApiSettings:
        """The settings of this process.

        Raises:
            SettingsError: Naming each variable that is wrong and why.
        """
        try:
            return cls()
        except ValidationError as error:
            raise _told(error) from error


def _told(error: ValidationError) -> SettingsError:
    return settings_error(error, PREFIX)
