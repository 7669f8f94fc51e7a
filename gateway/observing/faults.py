"""What a log line says of an exception: where it came up, what kind it is, and its message only where that is safe.

Python's own exceptions quote what they met (``KeyError: 'Jane Doe'``), so do those of libraries that read input. Our
own say nothing of anybody; those of the system, of the disk and of the files' libraries speak of files and numbers.
"""

from __future__ import annotations

import sqlite3
import traceback
from collections.abc import Iterator
from typing import Final

SILENT: Final = frozenset({"engine", "gateway", "replay", "lmdb"})
"""Packages whose exceptions say nothing of anybody."""

OF_THE_SYSTEM: Final = (OSError, sqlite3.Error)

CAUSE: Final = "The above exception was the direct cause of the following exception:"
CONTEXT: Final = "During handling of the above exception, another exception occurred:"

DEEPEST: Final = 10
"""Exceptions within exceptions, or behind them, that are told."""


def told(error: BaseException) -> str:
    """The traceback of an exception, of what it came from, and of those that it holds."""
    return "\n".join(_lines(error, DEEPEST))


def named(error: BaseException) -> str:
    """The kind of an exception, and what it says, where that is safe."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    safe = isinstance(error, OF_THE_SYSTEM) or kind.__module__.partition(".")[0] in SILENT
    return f"{name}: {error}" if safe else name


def _lines(error: BaseException, left: int) -> Iterator[str]:
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None and left:
        yield from _lines(before, left - 1)
        yield from ("", CAUSE if error.__cause__ is not None else CONTEXT, "")
    if error.__traceback__ is not None:
        yield "Traceback (most recent call last):"
        for frame in traceback.extract_tb(error.__traceback__).format():
            yield frame.rstrip("\n")
    yield named(error)
    if isinstance(error, BaseExceptionGroup) and left:
        for inner in error.exceptions:
            for line in _lines(inner, left - 1):
                yield f"  | {line}"
