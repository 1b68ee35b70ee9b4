"""What sign-in is configured by."""

import pytest

from common.utils.errors import SettingsError
from dashboards.auth.settings import auth_settings


@pytest.fixture(autouse=True)
def _fresh() -> None:
    auth_settings.cache_clear()


def test_nobody_may_register_unless_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not auth_settings().registration
    assert (auth_settings().access_minutes, auth_settings().refresh_days) == (15, 7)
    auth_settings.cache_clear()
    monkeypatch.setenv("VITRINE_API_REGISTER", "true")
    assert auth_settings().registration
    auth_settings.cache_clear()


@pytest.mark.parametrize("name", ["VITRINE_API_ACCESS_MINUTES", "VITRINE_API_REFRESH_DAYS"])
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "0")
    with pytest.raises(SettingsError, match=name):
        auth_settings()
