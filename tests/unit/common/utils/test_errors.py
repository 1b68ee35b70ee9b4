import pytest

from common.utils.errors import ContractError, VitrineError, did_you_mean, first_line


def test_an_error_says_what_where_and_what_next() -> None:
    error = ContractError("The key is wrong.", where="a.yaml:3", next_step="Correct it.")
    assert str(error) == "The key is wrong. Where: a.yaml:3. Next: Correct it."
    assert (error.what, error.where, error.next_step) == ("The key is wrong.", "a.yaml:3", "Correct it.")
    assert isinstance(error, VitrineError)


def test_an_error_without_place_and_step_is_just_what() -> None:
    assert str(VitrineError("It broke.")) == "It broke."


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("descripton", "did you mean 'description'?"),
        ("PRIMARYKEY", "did you mean 'primaryKey'?"),
        ("zzz", "known: description, primaryKey."),
    ],
)
def test_the_nearest_right_name_is_told(name: str, told: str) -> None:
    assert did_you_mean(name, ["primaryKey", "description"]) == told


def test_nothing_known_is_told_too() -> None:
    assert did_you_mean("a", []) == "known: none."


def test_the_first_line_of_what_a_library_says() -> None:
    assert first_line(ValueError("too large\n\nLINE 1: SELECT 'secret'")) == "too large"
    assert first_line(ValueError()) == ""
