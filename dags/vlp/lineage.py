"""The graph of sources, collections and targets, as a picture that GitHub draws."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vlp.catalogue import Entry


def graph(publishing: Sequence[Entry]) -> list[str]:
    """A block of Mermaid: data flow along the lines; a dotted one starts a run and brings none."""
    return ["```mermaid", "flowchart LR", *(f"  {line}" for one in publishing for line in _lines(one)), "```"]


def _lines(one: Entry) -> Iterator[str]:
    mine = _node("c", one.collection)
    yield f'{mine}[("{one.collection}")]'
    for origin in one.sources:
        if origin.collection:
            yield f"{_node('c', origin.collection)} --> {mine}"
        else:
            source = _node("s", f"{one.collection}/{origin.name}")
            yield f'{source}[/"{origin.name} ({origin.kind})"/] --> {mine}'
    read = {origin.collection for origin in one.sources}
    yield from (f"{_node('c', name)} -.-> {mine}" for name in one.after if name not in read)
    for name, kind in one.targets:
        target = _node("t", f"{one.collection}/{name}")
        yield f'{mine} --> {target}["{f"{name} ({kind})" if kind else name}"]'


def _node(kind: str, name: str) -> str:
    """An id that no other node has: names have no ``__`` at their ends."""
    return f"{kind}_{re.sub('[^a-z0-9_]', '__', name)}"
