"""Entity tags: an unchanged collection costs a 304."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

# A 304 is silent about these, which move with the clock alone.
MOVING = ("age_seconds",)


def entity_tag(request: Request, about: Mapping[str, Any], *more: object) -> str:
    """The tag of an answer: its version, and a digest of everything else that a reader would see change.

    Freshness and "data as of" are in it, since both may change while the version stays. It is weak, because
    ids and times differ between two answers with the same content.
    """
    lasting = {name: value for name, value in about.items() if name not in MOVING}
    content = [sorted(request.query_params.multi_items()), lasting, more]
    digest = hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]
    return f'W/"v{about.get("version") or 0}-{digest}"'


def not_modified(request: Request, tag: str) -> Response | None:
    """A 304 where the reader holds the answer with that tag."""
    if is_held(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers={"ETag": tag})
    return None


def is_held(held: str, tag: str) -> bool:
    """Whether an If-None-Match header names a tag."""
    if not held:
        return False
    return held.strip() == "*" or tag.removeprefix("W/") in re.findall(r'"[^"]*"', held)
