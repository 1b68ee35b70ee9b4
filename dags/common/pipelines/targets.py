"""The stores of a collection: those of the environment, and those that its pipeline names."""

from __future__ import annotations

from collections.abc import Mapping

from common.pipelines.checked import checked
from common.pipelines.read import path_of
from common.pipelines.values import resolved_url
from common.utils.contract import Contract
from common.utils.errors import SettingsError
from common.utils.settings import Settings


def with_targets(settings: Settings, contract: Contract, *stores: str) -> Settings:
    """The settings with the targets of a collection's pipeline beside those of the environment.

    Args:
        settings: Of the environment.
        contract: Of the collection.
        stores: Whose places are needed; values in others are not looked up.

    Raises:
        SettingsError: A target has the name of one of the environment, or its place cannot be looked up.
    """
    own = _own(settings, contract)
    for name in (name for name in own if name in settings.targets):
        raise SettingsError(
            f"The target '{name}' of {contract.name} is one of VITRINE_TARGETS too.",
            next_step="Give the pipeline's another name.",
        )
    where = f"targets of {contract.name}"
    places = {name: resolved_url(place, where) if name in stores else place for name, place in own.items()}
    return settings.model_copy(update={"targets": {**settings.targets, **places}})


def _own(settings: Settings, contract: Contract) -> Mapping[str, str]:
    path = path_of(contract.domain, contract.subject, contract.major)
    return checked(path, settings).pipeline.spec.targets if path.is_file() else {}
