"""A file to which lines are appended: by several processes at once, and taken up anew when it was moved away.

Each line is one write, which the kernel puts behind what is there already, so lines of different processes never mix.
A disk that takes nothing costs lines, and nobody his answer.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Final

import trio

LOOK: Final = 1.0
"""Seconds between two looks whether the file is still the one of that name."""

MODE: Final = 0o640

log = logging.getLogger("matron.gateway")


class LogsUnusable(Exception):
    """Where lines are to go, nothing can be written; the message says what to do."""


class AccessFile:
    """``dropped`` counts the lines that could not be written."""

    def __init__(self, path: Path) -> None:
        self.dropped = 0
        self._path = path
        self._handle = opened(path)
        self._looked = 0.0
        self._failing = False

    def write(self, line: bytes) -> None:
        """Append one line, its end included."""
        now = trio.current_time()
        try:
            if now - self._looked >= LOOK:
                self._looked = now
                self._follow()
            os.write(self._handle, line)
            self._failing = False
        except (OSError, LogsUnusable) as error:
            self.dropped += 1
            if not self._failing:
                log.error("the access log %s takes nothing: %s", self._path, error)
            self._failing = True

    def reopen(self) -> None:
        """Take up the file of this name anew; the old one stays in use where that cannot be."""
        try:
            fresh = opened(self._path)
        except LogsUnusable as error:
            log.error("%s", error)
            return
        self._handle, old = fresh, self._handle
        os.close(old)

    def close(self) -> None:
        """Write no more."""
        os.close(self._handle)

    def _follow(self) -> None:
        """Whoever turns logs over moves the file away and leaves none, or another one, under its name."""
        ours = os.fstat(self._handle)
        try:
            there = os.stat(self._path)
        except FileNotFoundError:
            there = None
        if there is None or (there.st_ino, there.st_dev) != (ours.st_ino, ours.st_dev):
            self.reopen()


def opened(path: Path) -> int:
    """The file, ready for appending; ``LogsUnusable`` when it cannot be."""
    try:
        return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, MODE)
    except OSError as error:
        raise LogsUnusable(f"The access log cannot be written to {path}: {error.strerror}.") from error
