"""The verb that publishes, as a task runs it: what it notes after the pointer has moved is a boundary too."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from common.io import reports
from common.io.collections.protocol import Staged, StoreError
from common.utils.ledger import Ledger
from common.utils.settings import MAIN, Settings
from common.utils.window import Window
from common.verbs import publish as verb
from common.verbs.references import Loaded, Run, TableRef, Transformed, Validated
from contract.kit import SALES

if TYPE_CHECKING:
    from faults.child import Steps


def publish(steps: Steps, run: str, staged: Staged, home: Path) -> int:
    """Publishes, tidies up and notes it in the run's record."""

    @contextmanager
    def opened(*_: object, **__: object) -> Iterator[Any]:
        yield steps.collection(SALES)

    verb.opened = opened
    verb.tidy = _told(verb.tidy, steps)
    reports.record = _told(reports.record, steps)
    steps.phase = "publish"
    settings = Settings(home=home)
    published = verb.publish(SALES, settings, _loaded(run, staged))
    noted = reports.read(settings, SALES.name, run)
    if published is None or noted is None or (noted.state, noted.version) != ("published", published.version):
        raise StoreError(f"The record of run {run} says {noted} of {published}.")
    return published.version


def _told(function: Callable[..., Any], steps: Steps) -> Callable[..., Any]:
    """A function that comes after the publication, between two boundaries."""

    def told(*given: Any, **named: Any) -> Any:
        steps.phase = "notices"
        steps.at("before")
        result = function(*given, **named)
        steps.at("after")
        return result

    return told


def _loaded(run: str, staged: Staged) -> Loaded:
    window = Window(None, datetime(2026, 2, 1, tzinfo=UTC))
    nothing = TableRef("", -1, 0)
    transformed = Transformed(Run(run, window), window, "shop", "shop", nothing, Ledger(), None, ())
    return Loaded(Validated(transformed, (), (), ""), staged, MAIN, None)
