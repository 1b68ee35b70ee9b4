"""The documentation names only what exists: files, make targets, settings."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from common.io.sources.configured import adapter

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)[^)]*\)")
TARGET = re.compile(r"`make ([a-z][a-z-]*)|^make (?:-s )?([a-z][a-z-]*)", re.MULTILINE)
ROOMS = ("dags/", "plugins/", "include/", "tests/", "env/", "docs/", "benchmarks/", ".ci/")
CODE = re.compile(r"`([^`\n]+)`")
EXAMPLE = ("learning", "course_progress")  # the domain that the README shows how to add
LONGEST_README = 130


def dead_links(page: Path) -> Iterator[str]:
    yield from (link for link in LINK.findall(page.read_text("utf-8")) if not (page.parent / link).exists())


def dead_paths(text: str) -> Iterator[str]:
    """Paths in `code` that stand in one of our rooms and are not there; ``<domain>`` stands for any name."""
    for path in CODE.findall(text):
        named = path.startswith(ROOMS) and " " not in path and path != "env/.env"
        if not named or any(name in path for name in EXAMPLE):
            continue
        if not any(REPOSITORY.glob(re.sub(r"<[^>]+>", "*", path).rstrip("/"))):
            yield path


def targets(text: str) -> set[str]:
    return {name for pair in TARGET.findall(text) for name in pair if name}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_path_and_target_is_there(page: Path) -> None:
    text = page.read_text("utf-8")
    assert list(dead_links(page)) == []
    assert list(dead_paths(text)) == []
    known = set(re.findall(r"^([a-z][a-z-]*):", (REPOSITORY / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert targets(text) - known == set()


def test_the_readme_is_read_in_three_minutes() -> None:
    assert len((REPOSITORY / "README.md").read_text("utf-8").splitlines()) <= LONGEST_README


def test_what_is_missing_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("[a](nowhere.md) [b](https://example.org) [c](page.md#part)", "utf-8")
    assert list(dead_links(page)) == ["nowhere.md"]
    assert list(dead_paths("`dags/nowhere.py` `dags/<domain>/` `env/Dockerfile`")) == ["dags/nowhere.py"]
    assert targets("`make run DATA=x` and\nmake -s token | tail\nmake sure") == {"run", "token", "sure"}


@pytest.mark.parametrize("kind", ["files", "rest", "feeds", "sql", "mongo", "collection", "runs"])
def test_every_setting_of_a_source_is_documented(kind: str) -> None:
    text = (REPOSITORY / "docs" / "sources.md").read_text("utf-8")
    named = [name.upper() for name in adapter(kind).settings.model_fields]
    assert [name for name in named if not re.search(rf"\b{name}\b", text)] == []
