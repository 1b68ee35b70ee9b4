"""Real feeds and lists of feeds: what feedparser expects of its own corpus, and every URL of the lists."""

import tarfile
from collections import Counter
from pathlib import Path

import pytest

from common.io.sources.feeds import Feeds, FeedSettings
from realdata.feeds import ARCHIVE, MEANT, Outcome, outcomes


@pytest.fixture(scope="module")
def found(realdata: Path) -> list[Outcome]:
    if not (realdata / ARCHIVE).is_file():
        pytest.skip(f"the feeds are not among the real data ({ARCHIVE})")
    return outcomes(realdata / ARCHIVE)


def test_every_feed_is_read_without_a_crash_or_a_hang(found: list[Outcome], realdata: Path) -> None:
    with tarfile.open(realdata / ARCHIVE) as tar:
        assert len(found) == sum(member.isfile() for member in tar)
    assert max(one.seconds for one in found) < 5
    assert [one.path for one in found if one.verdict == "refused"] == []


def test_expectations_of_mapped_fields_hold_but_where_feedparser_fails_them_itself(
    found: list[Outcome],
) -> None:
    verdicts = Counter(one.verdict for one in found)
    assert verdicts["holds"] >= 400
    differ = [one for one in found if one.verdict == "differs" and one.path not in MEANT]
    assert [(one.path, one.why) for one in differ if "itself" not in one.why] == []


def test_the_lists_name_259_feeds(realdata: Path) -> None:
    names: set[str] = set()
    for path in sorted((realdata / "feeds" / "opml").glob("*.opml")):
        names |= {item.name for item in Feeds(FeedSettings(url=str(path)), "VITRINE_A_B_").items()}
    assert len(names) == 259
