"""Where a log can be read from: a data folder, beside its engine or without one, a backup, or files of segments.

Knows how to tell them apart, not how either is read.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from engine.errors import LogCorrupt, Unavailable
from engine.eventlog.lmdb_reader import LmdbReader
from replay.segments.source import SegmentSource
from replay.walking import Source


class NoLog(Exception):
    """There is nothing here that could be read as a log."""


@asynccontextmanager
async def open_source(path: Path, master_key: Path | None = None) -> AsyncIterator[Source]:
    """The log at ``path``, open for reading; ``NoLog`` when there is none, or none that can be opened.

    ``master_key``: the file of what the subject keys are wrapped by, where it is not in the data folder.
    """
    source: LmdbReader | SegmentSource
    if _is_environment(path):
        source = LmdbReader(path, master_key=master_key)
    elif _has_segments(path):
        source = SegmentSource(path)
    else:
        raise NoLog(
            f"There is no log in {path}: a data folder or a backup has a folder log/ in it, an export or a shipment "
            "files named *.segment."
        )
    try:
        await source.open()
    except (LogCorrupt, Unavailable) as error:
        raise NoLog(f"The log in {path} cannot be opened: {error}") from error
    try:
        yield source
    finally:
        await source.close()


def _is_environment(path: Path) -> bool:
    return (path / "log" / "data.mdb").exists()


def _has_segments(path: Path) -> bool:
    return path.is_file() or any(path.rglob("*.segment"))
