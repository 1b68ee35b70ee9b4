"""``vitrine encrypt``: a secret as it may stand in a pipeline's file."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from vitrine.options import AsJson
from vitrine.output import answer, on_terminal

NewKey = Annotated[bool, typer.Option("--new-key", help="Print a new key for VITRINE_SECRET_KEY instead.")]


def encrypt(new_key: NewKey = False, as_json: AsJson = False) -> None:
    """Encrypts a value by the key in VITRINE_SECRET_KEY, so that it can stand in a pipeline's file.

    The value comes from standard input or is asked for, hidden: an argument would be seen by every process.

    Examples:
      vitrine encrypt --new-key
      vitrine encrypt
      pass show warehouse | vitrine encrypt
    """
    from common.pipelines import values  # noqa: PLC0415

    if new_key:
        key = values.new_key()
        answer({"key": key}, as_json, lambda: key)
        return
    value = values.encrypted(_asked())
    answer({"value": value}, as_json, lambda: value)


def _asked() -> str:
    if on_terminal():
        return str(typer.prompt("Value", hide_input=True, confirmation_prompt=True, err=True))
    text = sys.stdin.read().removesuffix("\n").removesuffix("\r")
    if not text:
        raise typer.BadParameter("standard input holds no value", param_hint="standard input")
    return text
