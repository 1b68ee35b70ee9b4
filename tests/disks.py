"""Disks small enough to be filled, for the tests of what happens then."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest


def as_root(*command: str) -> subprocess.CompletedProcess[bytes]:
    """Runs a command with root's rights, where that needs no password."""
    sudo = [] if os.geteuid() == 0 else ["sudo", "-n"]
    return subprocess.run([*sudo, *command], capture_output=True, check=False)


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system in memory at a new folder; the test is skipped where none can be mounted."""
    folder.mkdir()
    ours = f"size={size},mode=0711,uid={os.geteuid()},gid={os.getegid()}"
    try:
        mounted = as_root("mount", "-t", "tmpfs", "-o", ours, "tmpfs", str(folder)).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        folder.rmdir()
        pytest.skip("no right to mount a small disk")
    try:
        yield folder
    finally:
        as_root("umount", "--lazy", str(folder)).check_returncode()
        folder.rmdir()
