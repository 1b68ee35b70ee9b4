import pytest

from common.pipelines import values
from common.utils.errors import SettingsError


def test_what_stands_in_the_environment_is_looked_up_however_nested(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USER_NAME", "ann")
    monkeypatch.setenv("EMPTY", "")
    given = {"url": "https://${USER_NAME}@host/${EMPTY}", "list": ["${USER_NAME}", 3, None], "more": ("a",)}
    assert values.resolved(given, "here") == {
        "url": "https://ann@host/",
        "list": ["ann", 3, None],
        "more": ["a"],
    }


def test_a_variable_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ABSENT", raising=False)
    with pytest.raises(SettingsError, match="The variable ABSENT is not set"):
        values.resolved("${ABSENT}", "sources of x")


def test_a_value_comes_back_by_its_key_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(values.KEY, values.new_key())
    hidden = values.encrypted("p@ss ${NOT_A_VARIABLE}")
    assert "p@ss" not in hidden
    assert values.resolved(hidden, "here") == "p@ss ${NOT_A_VARIABLE}"
    monkeypatch.setenv("HIDDEN", hidden)
    assert values.resolved("${HIDDEN}", "here") == "p@ss ${NOT_A_VARIABLE}"
    monkeypatch.setenv(values.KEY, values.new_key())
    with pytest.raises(SettingsError, match="cannot be decrypted") as error:
        values.resolved(hidden, "here")
    assert hidden.removeprefix("enc:") not in str(error.value)


@pytest.mark.parametrize(("key", "what"), [("", "is not set"), ("short", "is no key of Fernet")])
def test_without_a_key_it_is_said_how_to_get_one(
    monkeypatch: pytest.MonkeyPatch, key: str, what: str
) -> None:
    monkeypatch.setenv(values.KEY, key)
    with pytest.raises(SettingsError, match=what) as error:
        values.encrypted("x")
    assert "vitrine encrypt --new-key" in str(error.value)


@pytest.mark.parametrize(
    ("value", "found"),
    [("${A}", True), ("enc:x", True), ({"a": ["x${A}"]}, True), ("$A {A}", False), (3, False)],
)
def test_what_is_still_to_be_looked_up(value: object, found: bool) -> None:
    assert values.is_open(value) is found
