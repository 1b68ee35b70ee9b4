"""The picture of the README, taken anew with SCREENSHOT=docs/images/page.png."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

from plugins.page.house import NAME

LARGEST = 200 * 1024


def test_the_picture_of_the_readme(arrive: Callable[..., Any], tmp_path: Path) -> None:
    visit = arrive(viewport={"width": 1280, "height": 860})
    visit.open(f"#/collections/{NAME}/chart")
    visit.sign_in()
    visit.page.locator(".plot path").wait_for()
    visit.page.mouse.move(0, 0)
    path = Path(os.environ.get("SCREENSHOT") or tmp_path / "page.png")
    visit.page.screenshot(path=path)
    assert path.stat().st_size <= LARGEST
