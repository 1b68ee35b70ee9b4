"""``vitrine rollback`` and ``vitrine release``: an old version live again, and scheduled runs after it."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from common.utils.settings import MAIN
from vitrine.collections import collection_in, user
from vitrine.options import AsJson, Collection, Reason, Store
from vitrine.output import answer, note, on_terminal

if TYPE_CHECKING:
    from common.verbs.references import RollBack

To = Annotated[
    int | None,
    typer.Option(
        min=1, help="A retained version; else the latest one with other content.", show_default=False
    ),
]
Hold = Annotated[bool, typer.Option("--hold", help="Also stop scheduled runs, until `vitrine release`.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def rollback(  # noqa: PLR0913, PLR0917 (the options of the command)
    collection: Collection,
    reason: Reason,
    to: To = None,
    hold: Hold = False,
    store: Store = MAIN,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Makes the content of an old version live again, as a new version; no row moves, nothing is destroyed.

    It says first what would change, and asks on a terminal; without one, --yes is needed.

    Examples:
      vitrine rollback sales/product_revenue --reason "wrong prices"
      vitrine rollback sales/product_revenue --to 12 --hold --reason "wrong prices" --yes
    """
    from common.verbs import operations  # noqa: PLC0415 (heavy)

    contract, settings = collection_in(collection, store)
    chosen = operations.choose(contract, settings, to, store)
    note(
        f"{collection} in {store}: version {chosen.was} is live; readers would see the content of {chosen.to}"
    )
    for line in _days(chosen):
        note(line)
    if not yes:
        _ask()
    done = operations.roll_back(contract, settings, chosen, by=user(), reason=reason, hold=hold, store=store)
    plain = {"collection": collection, "store": store, "by": user(), "reason": reason, "hold": hold}
    answer({**plain, **asdict(done)}, as_json, lambda: _words(collection, done, hold))


def release(collection: Collection, reason: Reason, store: Store = MAIN, as_json: AsJson = False) -> None:
    """Takes the hold of a roll-back away: scheduled runs publish again.

    Example:
      vitrine release sales/product_revenue --reason "prices are right again"
    """
    from common.verbs import operations  # noqa: PLC0415 (heavy)

    contract, settings = collection_in(collection, store)
    held = operations.release(contract, settings, by=user(), reason=reason, store=store)
    plain = {"collection": collection, "store": store, "held": held and asdict(held)}
    words = f"released; it was held by {held.by}: {held.reason}" if held else "nothing held it"
    answer(plain, as_json, lambda: f"{collection} in {store}: {words}")


def _ask() -> None:
    if not on_terminal():
        raise typer.BadParameter("there is no terminal to ask on: say --yes", param_hint="--yes")
    if not typer.confirm("Go back?", err=True):
        note("Nothing was changed.")
        raise typer.Exit(1)


def _days(chosen: RollBack) -> list[str]:
    return [f"  other content from {first} to before {end}" for first, end in chosen.run_again]


def _words(collection: str, done: RollBack, hold: bool) -> str:
    lines = [f"{collection}: version {done.version} is live, with the content of {done.to}."]
    lines += [
        f"Once the source is right: vitrine run {collection} --window {first}..{end}"
        for first, end in done.run_again
    ]
    if hold:
        lines.append(f"Scheduled runs publish nothing until: vitrine release {collection} --reason TEXT")
    return "\n".join(lines)
