"""Where the records come from on one machine: the generated sample, or files of the user's own."""

from __future__ import annotations

import glob
import subprocess
import sys
from collections.abc import MutableMapping, Sequence
from datetime import date, timedelta
from pathlib import Path

from common.utils.errors import SettingsError, did_you_mean
from common.utils.settings import Settings

PREFIX = "VITRINE_SALES_PRODUCT_REVENUE_"
OPTIONS = ("DATA", "COLUMNS", "KEY", "UPDATED_AT", "DELIMITER", "ENCODING")
FILES = "files"
SAMPLE_MAPPING = {"COLUMNS": "", "KEY": "order_line_id", "UPDATED_AT": "updated_at"}


def configure(
    arguments: Sequence[str], environment: MutableMapping[str, str], settings: Settings, today: date
) -> str:
    """Settles in the environment which files the sales domain reads.

    Args:
        arguments: ``NAME=value`` as on the command line of make, ``DATA`` first among the names.
        environment: Changed: the variables of the source are set in it.
        settings: Says where the sample stands.
        today: In UTC; the sample reaches up to the day before.

    Returns:
        What is read, in words.

    Raises:
        SettingsError: An argument is wrong, or nothing is at ``DATA``.
    """
    given = _options(arguments)
    path, kind = given.pop("DATA", ""), environment.get(f"{PREFIX}SOURCE", FILES)
    if path:
        environment[f"{PREFIX}SOURCE"] = FILES
        environment[f"{PREFIX}PATH"] = _existing(path, environment)
    elif given:
        raise SettingsError(
            f"{', '.join(given)} belong to DATA, which is not given.", next_step="Give DATA=folder too."
        )
    elif kind != FILES:
        return f"{kind}, as {PREFIX}* say"
    elif environment.get(f"{PREFIX}PATH", sample(settings)) == sample(settings):
        environment[f"{PREFIX}PATH"] = sample(settings)
        given = SAMPLE_MAPPING
        generate(sample(settings), today - timedelta(days=1))
    environment.update({f"{PREFIX}{name}": value for name, value in given.items()})
    return environment[f"{PREFIX}PATH"]


def sample(settings: Settings) -> str:
    """Folder of the sample's files."""
    return str(settings.home / "samples" / "sales" / "orders")


def generate(folder: str, end: date) -> None:
    """Writes the sample's files that are missing, in a process of its own: it is no part of the DAGs.

    Raises:
        SettingsError: The generator failed.
    """
    command = [
        sys.executable,
        "-m",
        "samples.generate",
        "--out",
        folder,
        "--end",
        end.isoformat(),
        "--days",
        "90",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 (our own)
    if done.returncode:
        raise SettingsError(
            f"The sample cannot be generated: {done.stderr.strip().splitlines()[-1:]}",
            where=" ".join(command),
        )


def _options(arguments: Sequence[str]) -> dict[str, str]:
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
