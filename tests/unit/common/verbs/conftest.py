"""The town of :mod:`unit.common.verbs.town`, computed by days or as a whole."""

from __future__ import annotations

from pathlib import Path

import pytest

from unit.common.verbs.town import Town


@pytest.fixture
def days(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Town:
    """Gold by days; its sources are read by windows."""
    return Town(tmp_path, monkeypatch, whole=False, snapshot=False)


@pytest.fixture
def whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Town:
    """Gold from all of silver; its sources are snapshots."""
    return Town(tmp_path, monkeypatch, whole=True, snapshot=True)
