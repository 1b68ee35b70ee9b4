"""Ends a session's servers when the session is gone, also by SIGKILL.

``python guard.py PARENT FOLDER``: waits until the process PARENT is gone or closes standard input, ends the
servers that ``FOLDER/*/pid`` name, and removes FOLDER.
"""

from __future__ import annotations

import os
import select
import shutil
import signal
import sys
import time
from pathlib import Path

import psutil

PATIENCE = 10.0  # seconds for a server to go by itself


def end(pid: int, farewell: signal.Signals) -> None:
    """Ends a server with its children: by a signal of its own, and by SIGKILL what stays in spite of it."""
    if farewell != signal.SIGKILL:
        family = family_of(pid)
        for process in family:
            send(process, signal.SIGCONT)
        if family:
            send(family[0], farewell)
        deadline = time.monotonic() + PATIENCE
        while any(map(alive, family)) and time.monotonic() < deadline:
            time.sleep(0.01)
    kill(pid)


def kill(pid: int) -> None:
    """Ends a server with its children as a loss of power does, and waits until they are gone."""
    for process in family_of(pid)[:1]:
        send(process, signal.SIGSTOP)  # it starts no more children
    family = family_of(pid)
    for process in family:
        send(process, signal.SIGKILL)
    while any(map(alive, family)):
        time.sleep(0.01)


def family_of(pid: int) -> list[psutil.Process]:
    """A process and all below it; empty where it is gone."""
    try:
        server = psutil.Process(pid)
        return [one for one in (server, *server.children(recursive=True)) if alive(one)]
    except psutil.NoSuchProcess:
        return []


def send(process: psutil.Process, what: signal.Signals) -> None:
    """Sends a signal to a process that may be gone."""
    try:
        process.send_signal(what)
    except psutil.NoSuchProcess:
        return


def alive(process: psutil.Process) -> bool:
    """Whether it still runs; a zombie only waits for its parent."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def main(parent: int, folder: Path) -> None:
    """Waits, and cleans up."""
    while os.getppid() == parent and not select.select([sys.stdin], [], [], 0.5)[0]:
        pass
    for file in folder.glob("*/pid"):
        pid, farewell = map(int, file.read_text().split())
        end(pid, signal.Signals(farewell))
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
