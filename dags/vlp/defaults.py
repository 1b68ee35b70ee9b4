"""What DAGs have in common: retries, tags and the form of the trigger button."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.sdk import ExceptionRetryPolicy, Param, RetryAction, RetryRule

from common.io.collections.protocol import HoldError, StageError, VersionGone
from common.utils.errors import ContractError, LedgerError, SettingsError, StaleError, ValidationFailed
from common.verbs.subject import Subject
from vlp.tasks import failure_recorder

COLLECTION_TAG = "collection"

# A second try mends a source or a store that was away; it does not mend these.
UNMENDABLE = RetryRule(
    exception=[
        ContractError,
        HoldError,
        LedgerError,
        SettingsError,
        StageError,
        StaleError,
        ValidationFailed,
        VersionGone,
    ],
    action=RetryAction.FAIL,
    reason="a retry cannot mend this",
)
RETRIES: dict[str, Any] = {
    "retries": 4,
    "retry_delay": timedelta(seconds=30),
    "retry_exponential_backoff": 2.0,
    "max_retry_delay": timedelta(minutes=10),
    "retry_policy": ExceptionRetryPolicy([UNMENDABLE]),
}


def collection_dag(subject: Subject, *, owner: str) -> dict[str, Any]:
    """Arguments for ``@dag`` of a DAG that publishes one collection, beside its id, schedule and text.

    Args:
        subject: Whose collection; its domain becomes a tag.
        owner: Team that answers for the collection, shown in the UI.
    """
    return {
        "catchup": False,
        "max_active_runs": 1,  # runs of one collection share its silver table
        "tags": [COLLECTION_TAG, subject.domain],
        "params": trigger_form(),
        "default_args": {
            "owner": owner,
            "max_active_tis_per_dag": 1,  # as above: a back-fill has a limit of its own on active runs
            **RETRIES,
            "on_failure_callback": failure_recorder(subject),
        },
    }


def operation_dag(*, owner: str) -> dict[str, Any]:
    """Arguments for ``@dag`` of a DAG that serves all collections, beside its id, schedule, form and text."""
    return {
        "catchup": False,
        "max_active_runs": 1,
        "tags": ["operations"],
        "default_args": {"owner": owner, **RETRIES},
    }


def trigger_form() -> dict[str, Param]:
    """The parameters of a run, as the UI's trigger form shows them and ``--conf`` takes them."""
    moment: dict[str, Any] = {"type": ["null", "string"], "format": "date-time"}
    return {
        "window_start": Param(
            None,
            title="Window start (UTC)",
            description="First moment of data time to run again: 2026-01-31 or 2026-01-31T12:00:00Z. "
            "Leave both bounds empty for the interval of the schedule.",
            **moment,
        ),
        "window_end": Param(
            None,
            title="Window end (UTC)",
            description="The moment up to which, itself not part of the window. Give both bounds or neither.",
            **moment,
        ),
        "full_refresh": Param(
            False,
            type="boolean",
            title="Full refresh",
            description="Rebuild the lake from all that the source holds now, up to the end of the window.",
        ),
        "dry_run": Param(
            False,
            type="boolean",
            title="Dry run",
            description="Compute and report everything, publish nothing.",
        ),
    }
