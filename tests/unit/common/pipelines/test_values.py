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


def test_a_value_stands_in_sql_as_a_text_and_never_as_sql(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A", "x' OR '1'='1")
    sql = "SELECT 'it''s ${A}' AS \"a\", '{b}', 'enc', f('${A}')"
    wanted = "SELECT 'it''s x'' OR ''1''=''1' AS \"a\", '{b}', 'enc', f('x'' OR ''1''=''1')"
    assert values.filled(sql, "here") == wanted


def test_what_is_no_url_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PLACE", "Hunter2")
    with pytest.raises(SettingsError, match="no URL") as error:
        values.resolved_url("${PLACE}", "targets of x")
    assert "Hunter2" not in str(error.value)
    assert values.resolved_url("warehouse", "here") == "warehouse"
    assert values.resolved_url("csv:///${PLACE}", "here") == "csv:///Hunter2"


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("postgresql://u:Hunter2/XYZ@h/d", True),
        ("postgresql://h/d?user=u&password=x", True),
        ("postgresql://u:${PASSWORD}@h/d", False),
        ("postgresql://u@h/d", False),
        ("https://host/a:b", False),
        (["x", {"y": "mysql://a:b@c/d"}], True),
    ],
)
def test_a_password_in_a_url_is_seen(url: object, found: bool) -> None:
    assert values.has_password(url) is found
