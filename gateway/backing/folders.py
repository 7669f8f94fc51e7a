"""Folders that appear whole or not at all: made under another name, made durable, and renamed at the end."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from engine.eventlog.directory import sync_folder


class BackingFailed(Exception):
    """A backup or a restore was not made; the message says what to do about it."""


@contextmanager
def whole(target: Path) -> Iterator[Path]:
    """A folder to fill, which takes the name ``target`` when the block ends well; what a broken one left is removed."""
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise BackingFailed(f"{target} is there already: name a folder that does not exist, or is empty.")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.parent / f".{target.name}.part"
    if part.exists():
        shutil.rmtree(part)
    part.mkdir(mode=0o700)
    try:
        yield part
        for folder, _, names in os.walk(part):
            for name in names:
                _sync(Path(folder) / name)
            sync_folder(Path(folder))
        if target.exists():
            target.rmdir()
        part.rename(target)
        sync_folder(target.parent)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def copy_file(source: Path, target: Path) -> bool:
    """Copy a small file, to be read by its owner only; false where there is none."""
    if not source.exists():
        return False
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600), "wb") as file:
        file.write(source.read_bytes())
    return True


def _sync(file: Path) -> None:
    handle = os.open(file, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
