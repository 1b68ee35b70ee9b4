"""Requests that schemathesis makes of an OpenAPI document."""

import itertools
import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest


def cases(document: Any, method: str, modes: Sequence[str], count: int) -> Iterator[Any]:
    """So many requests of each operation that the document tells; the same each time."""
    schemathesis = pytest.importorskip("schemathesis")
    schema = schemathesis.openapi.from_dict(json.loads(json.dumps(document)))
    for found, mode in itertools.product(schema.get_all_operations(), modes):
        operation = found.ok()
        if operation.method.upper() == method:
            yield from drawn(operation.as_strategy(schemathesis.GenerationMode(mode)), count)


def drawn(strategy: Any, count: int) -> list[Any]:
    from hypothesis import HealthCheck, Phase, given, settings

    made: list[Any] = []
    bounds = settings(max_examples=count, deadline=None, derandomize=True, phases=[Phase.generate],
                      suppress_health_check=list(HealthCheck), database=None)  # fmt: skip
    bounds(given(strategy)(lambda case: made.append(case)))()  # noqa: PLW0108 (Hypothesis looks into it)
    return made


def plain(case: Any) -> dict[str, str]:
    """The headers of a request that HTTP allows, without a token."""
    wanted = {name: str(value) for name, value in (case.headers or {}).items() if name != "Authorization"}
    return {n: v for n, v in wanted.items() if v.isascii() and v.isprintable()}


def raw(case: Any) -> bytes:
    """The body of a request; none where the fuzzer leaves it out."""
    if isinstance(case.body, bytes):
        return case.body
    return b"" if type(case.body).__name__ == "NotSet" else json.dumps(case.body).encode()
