"""``vitrine vacuum``: old versions retired, and what nothing names any more deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from common.utils.errors import VitrineError
from vitrine.collections import chosen, settings, with_stores
from vitrine.options import AsJson
from vitrine.output import answer, note, told

if TYPE_CHECKING:
    from common.verbs.operations import Tidied

Which = Annotated[
    str, typer.Argument(metavar="[COLLECTION]", help="Such as sales/product_revenue.", show_default=False)
]
Every = Annotated[bool, typer.Option("--all", help="All collections.")]
Keep = Annotated[
    int | None,
    typer.Option(min=1, help="Versions to retain; else as VITRINE_KEEP_VERSIONS says.", show_default=False),
]
InStore = Annotated[
    str, typer.Option("--store", metavar="NAME", help="One store instead of all.", show_default=False)
]


def vacuum(
    collection: Which = "",
    every: Every = False,
    keep: Keep = None,
    store: InStore = "",
    as_json: AsJson = False,
) -> None:
    """Merges old days by month, retires old versions, and deletes what no version names any more.

    The live version always stays. A collection or store that fails does not stop the others.

    Examples:
      vitrine vacuum sales/product_revenue --keep 2
      vitrine vacuum --all --json
    """
    from common.pipelines.targets import with_targets  # noqa: PLC0415 (heavy)
    from common.verbs import operations  # noqa: PLC0415

    if bool(collection) == every:
        raise typer.BadParameter("name one collection, or say --all", param_hint="COLLECTION")
    done: list[dict[str, Any]] = []
    for contract in chosen(settings(), collection):
        stores = [store] if store else with_targets(settings(), contract).stores
        for place in stores:
            found: dict[str, Any] = {"collection": contract.name, "store": place}
            try:
                there = with_stores(contract, place)
                found |= _plain(operations.vacuum(contract, there, keep=keep, store=place))
            except VitrineError as error:
                found["error"] = str(error)
                note(told(error))
            done.append(found)
    answer(done, as_json, lambda: "\n".join(map(_words, done)))
    if any("error" in one for one in done):
        raise typer.Exit(1)


def _plain(tidied: Tidied) -> dict[str, Any]:
    taken = tidied.taken
    return {
        "merged": tidied.merged,
        "retired": list(taken.versions),
        "abandoned": list(taken.attempts),
        "chunks": taken.chunks,
        "rows": taken.rows,
        "told": str(tidied),
    }


def _words(found: dict[str, Any]) -> str:
    return f"{found['collection']} in {found['store']}: {'FAILED' if 'error' in found else found['told']}"
