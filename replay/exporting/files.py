"""Files of an export: written once from their beginning to their end, hashed on the way, there only when whole."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import msgspec

from engine.eventlog.directory import sync_folder

_CHUNK: Final = 1 << 20


class FileTold(msgspec.Struct, frozen=True):
    """A file as the manifest tells of it; ``name`` is relative to the manifest."""

    name: str
    bytes: int
    sha256: str


class OneFile:
    """A file that is being written under a temporary name; ``with`` ends it, and an error leaves nothing of it."""

    def __init__(self, folder: Path, name: str) -> None:
        self.path = folder / name
        self.part = folder / f"{name}.part"
        self._file = self.part.open("wb")
        self._hash = sha256()
        self._size = 0
        self.told: FileTold | None = None

    def write(self, data: bytes) -> None:
        """Append."""
        self._file.write(data)
        self._hash.update(data)
        self._size += len(data)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._file as file:
            if kind is None:
                file.flush()
                os.fsync(file.fileno())
        if kind is not None:
            self.part.unlink(missing_ok=True)
            return
        self.part.rename(self.path)
        sync_folder(self.path.parent)
        self.told = FileTold(self.path.name, self._size, self._hash.hexdigest())


def tell(path: Path, folder: Path) -> FileTold:
    """A file that somebody else has written."""
    total, size = sha256(), 0
    with path.open("rb") as file:
        while data := file.read(_CHUNK):
            total.update(data)
            size += len(data)
    return FileTold(path.relative_to(folder).as_posix(), size, total.hexdigest())
