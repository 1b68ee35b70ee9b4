"""Credentials in a text that people see, such as an error: what they look like, and what stands instead.

The expressions are of the kind that RE2 has too, so that the engine masks a column by the same ones.
"""

from __future__ import annotations

import re

MASKS = (
    (r"(?i)\b([a-z][a-z0-9+.-]*://)[^\s/@]+@", r"\1***@"),
    (r"(?i)\b(authorization\s*[:=]\s*|bearer\s+|basic\s+)((?:bearer|basic)\s+)?[\w.~+/=-]{6,}", r"\1\2***"),
    (
        r"(?i)\b([\w-]*(?:passw(?:or)?d|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|credential)[\w-]*"
        r"[\"']?\s*[:=]\s*[\"']?)[^\s\"',;&)}]+",
        r"\1***",
    ),
    (r"\beyJ[\w-]+\.[\w-]+\.[\w-]+", "***"),
    (r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", "***"),
)
"""Patterns and replacements: logins in URLs, credentials of a header, values named as secrets, JSON Web
Tokens, keys of AWS."""


def masked(text: str, longest: int) -> str:
    """A text without credentials, cut off at a length; what is cut off is not looked at."""
    text = text[: 2 * longest]  # some more than is kept: a credential must not be cut in two
    for pattern, replacement in MASKS:
        text = re.sub(pattern, replacement, text)
    return text if len(text) <= longest else f"{text[: longest - 1]}…"
