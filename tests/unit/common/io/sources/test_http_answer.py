"""What a response says of itself."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from common.io.sources.http_answer import seconds_of, shown


def test_retry_after_in_its_two_forms() -> None:
    assert seconds_of(" 120 ") == 120
    in_a_minute = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    assert 57 < (seconds_of(in_a_minute) or 0) <= 60
    assert seconds_of("Wed, 21 Oct 2015 07:28:00 GMT") == 0


@pytest.mark.parametrize("text", ["", "soon", "-5", "1.5", "Wed, 99 Oct 2015 07:28:00 GMT", "²"])
def test_a_retry_after_that_says_nothing(text: str) -> None:
    assert seconds_of(text) is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://me:pw@host:8080/a/b?key=1#token", "https://host:8080/a/b"),
        ("https://host", "https://host"),
        ("/a/path?key=1", "/a/path"),
    ],
)
def test_a_url_for_people_has_no_credential_and_no_query(url: str, expected: str) -> None:
    assert shown(url) == expected
