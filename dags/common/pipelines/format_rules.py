"""The rules of ``validation``: what the rows of a collection must keep."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, model_validator

from common.pipelines.format_values import Duration, Part, Share
from common.utils.contract import OnFailure


class Freshness(Part):
    """The newest record is so young when a run is judged."""

    within: Duration


class Range(Part):
    """Values from min to max, both included."""

    column: str
    min: int | float | str | None = None
    max: int | float | str | None = None


class Pattern(Part):
    """All of the text fits a regular expression."""

    column: str
    regex: str


class OneOf(Part):
    """One of some values."""

    column: str
    values: list[str | int | float] = Field(min_length=1)


class NullShare(Part):
    """At most such a share of the rows is null."""

    column: str
    most: Share


class RowCount(Part):
    """So many rows."""

    min: int | None = Field(default=None, ge=0)
    max: int | None = Field(default=None, ge=0)


class Expectation(Part):
    """Any expectation of Great Expectations."""

    type: str = Field(pattern="^expect_[a-z0-9_]+$")
    kwargs: dict[str, Any] = Field(default={})


class Rule(Part):
    """One rule that the collection's rows must keep; exactly one of its kinds stands in it."""

    name: Annotated[str, Field(pattern=r"^([a-z][a-z0-9_]{0,62})?$")] = Field(
        default="", description="Made of the kind and the columns, if not said"
    )
    on_failure: OnFailure = Field(default="fail", description="fail stops the publication")
    description: str = ""
    not_null: list[str] | None = None
    unique: list[str] | None = Field(default=None, description="No two rows have the same values in them")
    range: Range | None = None
    pattern: Pattern | None = None
    one_of: OneOf | None = None
    null_share: NullShare | None = None
    row_count: RowCount | None = None
    freshness: Freshness | None = None
    expectation: Expectation | None = None

    @property
    def kind(self) -> str:
        """Which of the kinds it is."""
        (found,) = [name for name in RULE_KINDS if getattr(self, name) is not None]
        return found

    @model_validator(mode="after")
    def _is_one(self) -> Rule:
        given = [name for name in RULE_KINDS if getattr(self, name) is not None]
        if len(given) != 1:
            said = " and ".join(given) or "none"
            raise ValueError(f"a rule is one of {', '.join(RULE_KINDS)}, and here is {said}")
        return self


RULE_KINDS = (
    *("not_null", "unique", "range", "pattern", "one_of", "null_share", "row_count", "freshness"),
    "expectation",
)
