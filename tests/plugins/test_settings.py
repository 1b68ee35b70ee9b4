"""The settings of the API, from the environment."""

import re
from pathlib import Path

import pytest

from common.utils.errors import SettingsError
from dashboards.settings import PREFIX, ApiSettings


def test_origins_are_listed_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}CORS_ORIGINS", "https://a.example.org, http://localhost:3000,")
    assert ApiSettings.from_environment().cors_origins == ("https://a.example.org", "http://localhost:3000")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RATE_USER", "many"),
        ("RATE_ADDRESS", "5/day"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "https://*.example.org"),
        ("CORS_ORIGINS", "dash.example.org"),
        ("CORS_ORIGINS", "https://a.example.org/path"),
        ("CACHE_MB", "-1"),
        ("AUDIT_QUEUE", "0"),
        ("TRUSTED_PROXIES", "x"),
    ],
)
def test_a_wrong_one_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"{PREFIX}{name}", value)
    with pytest.raises(SettingsError, match=f"{PREFIX}{name}"):
        ApiSettings.from_environment()


@pytest.mark.parametrize("file", ["env/.env.example", "docs/api.md"])
def test_each_is_told_of(repository: Path, file: str) -> None:
    told = set(re.findall(rf"{PREFIX}[A-Z_]+", (repository / file).read_text("utf-8")))
    assert told >= {f"{PREFIX}{name.upper()}" for name in ApiSettings.model_fields}
