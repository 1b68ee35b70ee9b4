"""What sign-in is configured by."""

from __future__ import annotations

from functools import cache

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from common.utils.settings import settings_error


class AuthSettings(BaseSettings):
    """Each field is the environment variable of its alias.

    Attributes:
        access_minutes: How long an access token holds.
        refresh_days: When a session ends, however often it was renewed: the user signs in again.
        registration: Whether anybody may make an account, which has the viewer role.
    """

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    access_minutes: int = Field(default=15, ge=1, le=1440, alias="VITRINE_API_ACCESS_MINUTES")
    refresh_days: int = Field(default=7, ge=1, le=365, alias="VITRINE_API_REFRESH_DAYS")
    registration: bool = Field(default=False, alias="VITRINE_API_REGISTER")


@cache
def auth_settings() -> AuthSettings:
    """The settings of this process.

    Raises:
        SettingsError: Naming each variable that is wrong and why.
    """
    try:
        return AuthSettings()
    except ValidationError as error:
        raise settings_error(error) from error
