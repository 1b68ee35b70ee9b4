"""What a session of these tests found, for the table that it prints and the document that it writes."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

from faults.tally import Tally

ALL = os.environ.get("FAULTS") == "all"  # as `make faults` says; else a short selection is run


@dataclass
class Results:
    """By store.

    Attributes:
        matrix: The figures.
        breaks: Mistake to the first thing by which it was detected.
        outages: What was done to the store, to what a writer was told and after how many seconds.
        seconds: How long the matrix took.
    """

    matrix: dict[str, Tally] = field(default_factory=dict)
    breaks: dict[str, dict[str, str]] = field(default_factory=dict)
    outages: dict[str, dict[str, str]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)


RESULTS = Results()
