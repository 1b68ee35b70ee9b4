"""The words that a pipeline's file is made of: names, time spans, shares and types."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from common.pipelines.expressions.types import Type

NAME = r"^[a-z][a-z0-9_]{0,62}$"
DURATION = r"^[1-9]\d{0,5}[smhd]$"
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}

Name = Annotated[str, Field(pattern=NAME)]


def _duration(text: str) -> str:
    if not re.fullmatch(DURATION, text):
        raise ValueError(f"'{text}' is no time span: write it as 90s, 15m, 48h or 30d")
    return text


Duration = Annotated[
    str,
    AfterValidator(_duration),
    Field(
        json_schema_extra={"pattern": DURATION}, description="A number and s, m, h or d: 90s, 15m, 48h, 30d"
    ),
]
Share = Annotated[float, Field(ge=0, le=1, description="A share, 0 to 1")]


def seconds(duration: str) -> int:
    """How long ``15m`` is."""
    return int(duration[:-1]) * SECONDS[duration[-1]]


def _type(text: str) -> str:
    Type.of(text)
    return text


TypeName = Annotated[
    str,
    AfterValidator(_type),
    Field(
        json_schema_extra={
            "anyOf": [
                {"enum": ["string", "integer", "number", "boolean", "date", "timestamp", "object", "array"]},
                {"pattern": r"^decimal\(\d{1,2}, ?\d{1,2}\)$"},
            ]
        },
        description="string, integer, number, decimal(18,4), boolean, date, timestamp, object or array",
    ),
]


class Part(BaseModel):
    """Base of what stands in a file."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
