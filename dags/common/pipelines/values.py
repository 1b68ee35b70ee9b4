"""Values that stand in the environment, or encrypted in a file: ``${NAME}`` and ``enc:…``.

They are looked up when a task runs, and never logged: what is resolved here goes to settings, which do not
show it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from common.utils.errors import SettingsError
from common.utils.quoting import literal

KEY = "VITRINE_SECRET_KEY"
ENCRYPTED = "enc:"
PASSWORD = re.compile(r"(?i)://[^@\s]*:[^@\s]+@|[?&][\w-]*(password|passwd|pwd|secret|token|api_?key)=[^&\s]")
VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
IN_CLEAR = "a password stands in the file: write it as ${NAME}, or `vitrine encrypt` the whole value"
NEW_KEY = f"`vitrine encrypt --new-key` makes one; keep it in {KEY}."


def resolved(value: Any, where: str) -> Any:
    """A value of a file with everything in it looked up, however nested.

    Args:
        value: Texts, numbers, lists and mappings.
        where: The file, or a place in it, for errors.

    Raises:
        SettingsError: A variable is not set, or what is encrypted cannot be decrypted.
    """
    return _mapped(value, partial(_text, where=where))


def is_open(value: Any) -> bool:
    """Whether something in a value is still to be looked up."""
    return any(VARIABLE.search(text) or text.startswith(ENCRYPTED) for text in _texts(value))


def filled(sql: str, where: str) -> str:
    """SQL with the values that its text constants name, so that no value is ever read as SQL.

    Args:
        sql: Whose names hold no apostrophe.
        where: As for :func:`resolved`.

    Raises:
        SettingsError: As :func:`resolved`.
    """

    def value(found: re.Match[str]) -> str:
        text = found[1].replace("''", "'")
        return literal(resolved(text, where)) if is_open(text) else found[0]

    return re.sub(r"'((?:[^']|'')*)'", value, sql)


def resolved_url(text: str, where: str) -> str:
    """A place that a file names: as it stands, or the URL that is looked up.

    Raises:
        SettingsError: It cannot be looked up, or what is there is no URL; it is not shown.
    """
    found = str(resolved(text, where))
    if is_open(text) and "://" not in found:
        raise SettingsError("What is to be looked up is no URL.", where=where)
    return found


def has_password(value: Any) -> bool:
    """Whether a password stands in a URL, for everybody who sees the file."""
    return any(PASSWORD.search(text) for text in _texts(value) if not VARIABLE.search(text))


def encrypted(text: str) -> str:
    """A text as it may stand in a file.

    Raises:
        SettingsError: There is no key, or it is none.
    """
    return ENCRYPTED + str(_fernet("the environment").encrypt(text.encode()).decode())


def new_key() -> str:
    """A key for :data:`KEY`."""
    from cryptography.fernet import Fernet  # noqa: PLC0415 (only where there are secrets)

    return str(Fernet.generate_key().decode())


def _text(text: str, where: str) -> str:
    if text.startswith(ENCRYPTED):
        return _decrypted(text, where)

    def looked_up(found: re.Match[str]) -> str:
        value = os.environ.get(found[1])
        if value is None:
            raise SettingsError(
                f"The variable {found[1]} is not set.",
                where=where,
                next_step="Set it in the environment or in env/.env.",
            )
        return _decrypted(value, where) if value.startswith(ENCRYPTED) else value

    return VARIABLE.sub(looked_up, text)


def _decrypted(text: str, where: str) -> str:
    from cryptography.fernet import InvalidToken  # noqa: PLC0415

    try:
        return str(_fernet(where).decrypt(text.removeprefix(ENCRYPTED).strip().encode()).decode())
    except InvalidToken:
        raise SettingsError(
            f"An encrypted value cannot be decrypted by {KEY}.",
            where=where,
            next_step="Use the key that it was encrypted by, or encrypt it again: `vitrine encrypt`.",
        ) from None  # the value may be half a secret


def _fernet(where: str) -> Any:
    from cryptography.fernet import Fernet  # noqa: PLC0415

    key = os.environ.get(KEY, "")
    if not key:
        raise SettingsError(
            f"{KEY} is not set, and an encrypted value needs it.", where=where, next_step=NEW_KEY
        )
    try:
        return Fernet(key.encode())
    except ValueError:
        raise SettingsError(f"{KEY} is no key of Fernet.", where=where, next_step=NEW_KEY) from None


def _mapped(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {name: _mapped(one, change) for name, one in value.items()}
    return [_mapped(one, change) for one in value] if isinstance(value, list | tuple) else value


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _texts(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from _texts(one)
