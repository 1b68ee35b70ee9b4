"""The file index: which contents may hold records of a window."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from common.io import file_index, lake
from common.io.file_index import Span
from common.utils.window import Window


def day(number: int) -> datetime:
    return datetime(2026, 1, number, tzinfo=UTC)


@pytest.mark.parametrize(
    ("span", "touches"),
    [
        (Span(day(1), day(9)), True),
        (Span(day(5), day(5)), True),
        (Span(day(6), day(9)), False),  # the end is not part of the window
        (Span(day(1), day(3)), False),
        (Span(day(1), day(4)), True),  # the start is
        (Span(None, None), True),
    ],
)
def test_whether_a_content_touches_a_window(span: Span, touches: bool) -> None:
    assert span.touches(Window(day(4), day(6))) is touches


def test_everything_before_the_end_touches_a_window_without_start() -> None:
    assert Span(day(1), day(1)).touches(Window(None, day(2)))
    assert not Span(day(2), day(2)).touches(Window(None, day(2)))


def test_what_is_written_is_read_by_the_same_dialect(tmp_path: Path) -> None:
    uri = str(tmp_path / "files")
    assert file_index.read(uri, "d") == {}
    spans = {"one": Span(day(1), day(2)), "two": Span(None, None)}
    file_index.write(uri, "d", spans, "run")
    assert file_index.read(uri, "d") == spans
    assert file_index.read(uri, "other") == {}
    file_index.write(uri, "other", {"three": Span(day(1), day(1))}, "run")
    assert file_index.read(uri, "d") == {}, "entries of another dialect are of no use"


def test_a_lost_race_costs_nothing_but_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def conflict(*_: object, **__: object) -> None:
        raise lake.ConflictError("lost")

    monkeypatch.setattr(lake, "replace", conflict)
    file_index.write(str(tmp_path / "files"), "d", {}, "run")
