import pytest
from airflow.sdk.exceptions import ParamValidationError

from common.io.collections.protocol import HoldError, StageError, StoreError, VersionGone
from common.utils.errors import ContractError, LedgerError, SettingsError, SourceError, ValidationFailed
from common.verbs.subject import Subject
from vlp.defaults import COLLECTION_TAG, collection_dag, operation_dag, trigger_form

SUBJECT = Subject("sales", "product_revenue", major=1)


@pytest.fixture
def arguments() -> dict[str, object]:
    return collection_dag(SUBJECT, owner="sales-data")


def test_runs_neither_pile_up_nor_meet(arguments: dict[str, object]) -> None:
    assert (arguments["catchup"], arguments["max_active_runs"]) == (False, 1)
    assert arguments["default_args"]["max_active_tis_per_dag"] == 1


def test_owner_and_tags(arguments: dict[str, object]) -> None:
    assert arguments["tags"] == [COLLECTION_TAG, "sales"]
    assert arguments["default_args"]["owner"] == "sales-data"


def test_retries_back_off(arguments: dict[str, object]) -> None:
    defaults = arguments["default_args"]
    assert defaults["retries"] > 1
    assert defaults["retry_exponential_backoff"] > 1
    assert defaults["retry_delay"] < defaults["max_retry_delay"]


@pytest.mark.parametrize(
    ("kind", "action"),
    [
        (ContractError, "fail"),
        (ValidationFailed, "fail"),
        (LedgerError, "fail"),
        (SettingsError, "fail"),
        (StageError, "fail"),
        (HoldError, "fail"),
        (VersionGone, "fail"),
        (SourceError, "default"),
        (StoreError, "default"),
        (OSError, "default"),
    ],
)
def test_only_what_a_retry_mends_is_retried(
    arguments: dict[str, object], kind: type[Exception], action: str
) -> None:
    policy = arguments["default_args"]["retry_policy"]
    assert policy.evaluate(kind("x"), try_number=1, max_tries=4).action.value == action


def test_the_form_takes_what_it_says() -> None:
    form = trigger_form()
    assert form["window_start"].resolve("2026-01-31") == "2026-01-31"
    assert form["window_end"].resolve(None) is None
    assert {name: param.value for name, param in trigger_form().items()} == {
        "window_start": None,
        "window_end": None,
        "full_refresh": False,
        "dry_run": False,
    }
    assert all(param.description and param.schema["title"] for param in form.values())


@pytest.mark.parametrize(("name", "value"), [("dry_run", "yes"), ("full_refresh", 1), ("window_start", 5)])
def test_the_form_refuses_another_type(name: str, value: object) -> None:
    with pytest.raises(ParamValidationError):
        trigger_form()[name].resolve(value)


def test_an_operation_is_no_collection_and_is_retried_alike(arguments: dict[str, object]) -> None:
    operation = operation_dag(owner="platform")
    assert operation["tags"] == ["operations"]
    assert COLLECTION_TAG not in operation["tags"]
    assert operation["default_args"]["owner"] == "platform"
    for name in ("retries", "retry_delay", "retry_exponential_backoff", "max_retry_delay", "retry_policy"):
        assert operation["default_args"][name] == arguments["default_args"][name]
