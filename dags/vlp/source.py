"""Where the records come from on one machine: the generated samples, or files of the user's own."""

from __future__ import annotations

import glob
import subprocess
import sys
from collections.abc import MutableMapping, Sequence
from datetime import date, timedelta
from pathlib import Path

from common.utils.errors import SettingsError, did_you_mean
from common.utils.settings import Settings
from common.verbs.subject import SAMPLES

PREFIX = "VITRINE_SALES_PRODUCT_REVENUE_"
COLLECTION = "sales/product_revenue"
OPTIONS = ("DATA", "COLUMNS", "KEY", "UPDATED_AT", "DELIMITER", "ENCODING", "ONLY")
DAYS = 90  # of the samples


def configure(
    arguments: Sequence[str], environment: MutableMapping[str, str], settings: Settings, today: date
) -> str:
    """Settles in the environment what is read where nothing is said of a source: the samples.

    Args:
        arguments: ``NAME=value`` as on the command line of make: which files the sales domain reads, ``DATA``
            first among the names.
        environment: Changed: variables are set in it. Where ``VITRINE_SAMPLES`` is there, and empty, there
            are no samples.
        settings: Says where samples stand unless the environment does.
        today: In UTC; the samples reach up to the day before.

    Returns:
        What is read, in words.

    Raises:
        SettingsError: An argument is wrong, or nothing is at ``DATA``.
    """
    given = options_of(arguments)
    given.pop("ONLY", "")
    told, path = [], given.pop("DATA", "")
    if path:
        environment[f"{PREFIX}SOURCE"] = "files"
        environment[f"{PREFIX}PATH"] = _existing(path, environment)
        environment.update({f"{PREFIX}{name}": value for name, value in given.items()})
        told.append(environment[f"{PREFIX}PATH"])
    elif given:
        raise SettingsError(
            f"{', '.join(given)} belong to DATA, which is not given.", next_step="Give DATA=folder too."
        )
    samples = environment.setdefault(SAMPLES, str(settings.home / "samples"))
    if samples:
        generate(samples, today - timedelta(days=1))
        told.append(f"the samples in {samples}, but for sources that have VITRINE_* variables")
    return "; ".join(told) or "as the VITRINE_* variables say"


def generate(folder: str, end: date) -> None:
    """Writes the samples' files that are missing, in a process of its own: it is no part of the DAGs.

    Raises:
        SettingsError: The generator failed.
    """
    command = [sys.executable, "-m", "samples.generate", "--out", folder]
    command += ["--end", end.isoformat(), "--days", str(DAYS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 (our own)
    if done.returncode:
        raise SettingsError(
            f"The samples cannot be generated: {done.stderr.strip().splitlines()[-1:]}",
            where=" ".join(command),
        )


def only(arguments: Sequence[str]) -> tuple[str, ...]:
    """The collections that ``ONLY`` names, with commas between; with ``DATA`` its own; none for all."""
    given = options_of(arguments)
    named = given.get("ONLY", COLLECTION if given.get("DATA") else "")
    return tuple(name.strip() for name in named.split(",") if name.strip())


def options_of(arguments: Sequence[str]) -> dict[str, str]:
    """The arguments by name.

    Raises:
        SettingsError: There is no such option.
    """
    pairs = {name: value for name, _, value in (argument.partition("=") for argument in arguments)}
    for name in pairs:
        if name not in OPTIONS:
            raise SettingsError(f"There is no option {name}: {did_you_mean(name, OPTIONS)}")
    return pairs


def _existing(path: str, environment: MutableMapping[str, str]) -> str:
    """``DATA`` as an absolute path, seen from where the user stood when they called make."""
    found = str(Path(environment.get("VITRINE_CALLED_FROM", "."), Path(path).expanduser()).resolve())
    if not glob.has_magic(found) and not Path(found).exists():
        raise SettingsError(
            f"DATA names '{path}', and there is nothing.",
            where=found,
            next_step="Give a CSV file, a folder that holds CSV files, or a quoted glob.",
        )
    return found
