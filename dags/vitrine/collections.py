"""Which collection and which stores a command is about, and who asks."""

from __future__ import annotations

import os
import pwd
from typing import TYPE_CHECKING

from common.utils.errors import SettingsError, did_you_mean
from common.utils.settings import Settings

if TYPE_CHECKING:
    from common.utils.contract import Contract


def settings() -> Settings:
    """The settings of a command, by which sources are found too.

    Airflow is imported only where one of them, or a store, is given by the id of a Connection.

    Raises:
        SettingsError: The environment is wrong.
    """
    return Settings.from_environment().resolved(_url_of)


def collection_in(name: str, *stores: str) -> tuple[Contract, Settings]:
    """A collection, and the settings in which some of its stores are found.

    Args:
        name: ``domain/subject``.
        stores: Those that are needed; none: all.

    Raises:
        VitrineError: There is no such collection, or its contract or pipeline is wrong.
        SettingsError: It has no such store, or no place of it is known.
    """
    contract = contract_of(settings(), name)
    return contract, with_stores(contract, *stores)


def with_stores(contract: Contract, *stores: str) -> Settings:
    """The settings in which some stores of a collection are found, see :func:`collection_in`."""
    from common.pipelines.targets import with_targets  # noqa: PLC0415 (heavy)

    known = settings()
    every = with_targets(known, contract).stores
    for store in (one for one in stores if one not in every):
        raise SettingsError(
            f"{contract.name} has no store '{store}': {did_you_mean(store, every)}",
            where="VITRINE_TARGETS, or the targets of its pipeline",
        )
    wanted = stores or every
    return with_targets(known, contract, *wanted).resolved(_url_of, *wanted)


def _url_of(connection_id: str) -> str:
    from vlp.connections import command_settings  # noqa: PLC0415 (imports Airflow)

    return command_settings().url_of(connection_id)


def contract_of(settings: Settings, name: str) -> Contract:
    """The contract of a collection, ``domain/subject``.

    Raises:
        VitrineError: There is no such collection, or its contract or pipeline is wrong.
    """
    from common.pipelines import contracts  # noqa: PLC0415 (heavy)

    return contracts.contract_of(settings, name)


def chosen(settings: Settings, name: str = "") -> list[Contract]:
    """The contract of one collection; of all, by name, without one.

    Of all, a pipeline that is wrong is left out, which is told in the log.

    Raises:
        VitrineError: There is no such collection, or a contract is wrong.
    """
    from common.pipelines import contracts  # noqa: PLC0415 (heavy)

    return [contract_of(settings, name)] if name else list(contracts.contracts(settings).values())


def user() -> str:
    """Who asks: the user of this process by name, or by number where it has none."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return f"uid {os.geteuid()}"
