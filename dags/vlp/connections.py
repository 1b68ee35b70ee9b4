"""Stores by the id of an Airflow Connection, which is looked up when a task runs and never at parse time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from airflow.sdk import Connection
from airflow.sdk.configuration import ensure_secrets_loaded
from airflow.sdk.exceptions import AirflowNotFoundException

from common.utils.connections import connection_url, looked_up
from common.utils.settings import Settings

if TYPE_CHECKING:
    from common.utils.contract import Contract


def task_settings(contract: Contract, *stores: str) -> Settings:
    """The settings of a task on one collection that needs some stores.

    Raises:
        SettingsError: The environment is wrong, or the Connection of one of the stores.
    """
    return _settings(contract, stores).resolved(_known_to_tasks, *stores)


def command_settings(contract: Contract | None = None, *stores: str) -> Settings:
    """The same for a command beside Airflow, which reads Airflow's metadata database itself."""
    return _settings(contract, stores).resolved(_known_to_commands, *stores)


def _settings(contract: Contract | None, stores: Sequence[str]) -> Settings:
    from common.pipelines.targets import with_targets  # noqa: PLC0415 (heavy: only where a store is needed)

    settings = Settings.from_environment()
    return with_targets(settings, contract, *stores) if contract else settings


def _known_to_tasks(connection_id: str) -> str:
    try:
        found = Connection.get(connection_id)
    except AirflowNotFoundException:
        found = None
    return connection_url(connection_id, found)


def _known_to_commands(connection_id: str) -> str:
    return connection_url(connection_id, looked_up(connection_id, ensure_secrets_loaded()))
