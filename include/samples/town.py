"""What happens in an invented town: the stories of a day are a function of the seed and the day alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from random import Random

STORIES = 15  # on an average day

# Which of files, api and feeds tell a story, by its fate from 0 to 99.
TOLD = ((34, ("files",)), (58, ("api",)), (82, ("feeds",)), (89, ("files", "feeds")), (95, ("api", "feeds")))
ALL = ("files", "api", "feeds")

PLACES = (
    *(
        "The harbour",
        "The old mill",
        "The town library",
        "The ferry line",
        "The night market",
        "The observatory",
    ),
    *("The river path", "The concert hall", "The north bridge", "The botanical garden", "The school board"),
    *("The fire brigade", "The tram depot", "The swimming bath", "The cheese dairy", "The chess club"),
)
EVENTS = (
    *(
        "reopens after the storm",
        "asks for volunteers",
        "extends its hours",
        "celebrates 50 years",
        "wins a prize",
    ),
    *(
        "presents its plans",
        "closes for repairs",
        "finds a lost painting",
        "cuts its prices",
        "gets a new roof",
    ),
    *(
        "counts more visitors",
        "tries out electric boats",
        "looks for its founder's letters",
        "goes underground",
    ),
)
CATEGORIES = (
    "Local News",
    "local  news",
    "Culture",
    "CULTURE",
    "Science",
    "Transport",
    "Sport &amp; Leisure",
    "",
)
AUTHORS = ("Ada Wirth", "J. Okafor", "M. &Aacute;lvarez", "", "Desk")
LANGUAGES = ("en", "en-GB", "EN", "")
FEEDS = ("harbour.rss", "town.atom", "culture.rdf")


@dataclass(frozen=True, slots=True)
class Story:
    """One story, as it is meant.

    Attributes:
        number: On its day, from 1.
        fate: 0 to 999; what goes wrong where it is written.
    """

    day: date
    number: int
    moment: datetime
    title: str
    text: str
    category: str
    author: str
    language: str
    told: tuple[str, ...]
    feed: str
    fate: int

    @property
    def id(self) -> str:
        """Of the source's own making."""
        return f"{self.day:%Y%m%d}-{self.number:02}"

    @property
    def url(self) -> str:
        """The story's address."""
        return f"https://news.example/{self.day:%Y/%m/%d}/{self.number}"


def stories(seed: int, day: date) -> list[Story]:
    """What is told of a day."""
    draw = Random(f"town {seed} {day}").random  # noqa: S311 (the one method that Python promises to keep)
    return [_story(day, number, draw) for number in range(1, STORIES + int(draw() * 5))]


def _story(day: date, number: int, draw: Callable[[], float]) -> Story:
    title = f"{_one(PLACES, draw)} {_one(EVENTS, draw)}"
    seconds, told = int((6 + draw() * 15) * 3600), draw() * 100
    return Story(
        day=day,
        number=number,
        moment=datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(seconds=seconds),
        title=title,
        text=f"{title}: {10 + int(draw() * 90)} people came; the paper's no. {number} of the day has it all.",
        category=_one(CATEGORIES, draw),
        author=_one(AUTHORS, draw),
        language=_one(LANGUAGES, draw),
        told=next((sources for below, sources in TOLD if told < below), ALL),
        feed=_one(FEEDS, draw),
        fate=int(draw() * 1000),
    )


def _one(choices: Sequence[str], draw: Callable[[], float]) -> str:
    return choices[int(draw() * len(choices))]
