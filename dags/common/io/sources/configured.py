"""The source that the environment configures for a subject: the registry of the adapters is this folder."""

from __future__ import annotations

import importlib
import os
import pkgutil
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from common.io import sources
from common.io.sources import Adapter, Source
from common.io.sources.settings import SourceSettings
from common.utils.errors import SettingsError, did_you_mean

DEFAULT = "files"


@dataclass(frozen=True, slots=True)
class Configured:
    """A source with its settings and with what its environment variables begin with, for messages."""

    source: Source
    settings: SourceSettings
    variables: str


def configured(
    variables: str, url_of: Callable[[str], str], defaults: Mapping[str, Any] | None = None
) -> Configured:
    """The source of a subject, not connected to yet.

    Args:
        variables: What its environment variables begin with: ``VITRINE_SALES_PRODUCT_REVENUE_``.
        url_of: The URL of an Airflow Connection by its id.
        defaults: Values by variable, without what they begin with, of those that are not set.

    Raises:
        SettingsError: A variable is missing or wrong, or the Connection is.
        SourceError: The source cannot be configured so.
    """
    kind = os.environ.get(f"{variables}SOURCE") or (defaults or {}).get("SOURCE", DEFAULT)
    found = adapter(kind, f"{variables}SOURCE")
    settings = found.settings.of(variables, defaults)
    if settings.connection and "://" not in settings.connection:
        if not re.fullmatch(r"[\w.-]+", settings.connection):
            raise SettingsError(
                f"{variables}CONNECTION is neither a URL nor the id of a Connection.",
                next_step="Write it as postgresql://login:password@host/database.",
            )
        settings = settings.model_copy(update={"connection": url_of(settings.connection)})
    return Configured(found.open(settings, variables), settings, variables)


def adapter(kind: str, where: str = "") -> Adapter:
    """The adapter of a kind, which is a module of this folder.

    Raises:
        SettingsError: There is none.
    """
    modules = [module.name for module in pkgutil.iter_modules(sources.__path__)]
    if kind in modules:
        found = getattr(importlib.import_module(f"{sources.__name__}.{kind}"), "ADAPTER", None)
        if isinstance(found, Adapter):
            return found
    raise SettingsError(f"There is no kind of source '{kind}': {did_you_mean(kind, kinds())}", where=where)


def kinds() -> dict[str, Adapter]:
    """All kinds of source there are, by name; this imports them all."""
    modules = {
        module.name: importlib.import_module(f"{sources.__name__}.{module.name}")
        for module in pkgutil.iter_modules(sources.__path__)
    }
    return {name: module.ADAPTER for name, module in modules.items() if hasattr(module, "ADAPTER")}
