"""Progress: how far, how fast, how long."""

import pytest

from common.io.sources import Item
from common.verbs import progress
from common.verbs.progress import Progress


def said(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, *items: Item) -> list[str]:
    """What is said of two reports after 10 and 20 seconds."""
    clock = iter([100.0, 110.0, 112.0, 120.0])
    monkeypatch.setattr(progress.time, "monotonic", lambda: next(clock))
    shown = Progress(items)
    with caplog.at_level("INFO"):
        shown.report(items[0], 1000, 2_000_000)
        shown.report(items[0], 10, 0)
        shown.report(items[-1], 990, 3_000_000)
    return caplog.messages


def test_an_estimate_by_bytes(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    assert said(monkeypatch, caplog, Item("a", size=4_000_000), Item("b", size=6_000_000)) == [
        "1000 records, item 1 of 2, 2 MB, 100 records/s, 20%, about 40 s to go",
        "2000 records, item 2 of 2, 5 MB, 100 records/s, 50%, about 20 s to go",
    ]


def test_an_estimate_by_records(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    assert said(monkeypatch, caplog, Item("a", rows=4000))[1].endswith("50%, about 20 s to go")


def test_none_where_nothing_is_known(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert (
        said(monkeypatch, caplog, Item("a", size=5), Item("b"))[0]
        == "1000 records, item 1 of 2, 2 MB, 100 records/s"
    )
