"""The directory a log lives in: may it be there, is it ours alone, will it still be there after a power cut.

Knows file systems, locks and fsync; knows nothing of what is kept inside.
"""

from __future__ import annotations

import fcntl
import os
import re
from pathlib import Path
from typing import Final

from engine.errors import Unavailable

_LOG = re.compile(r"[A-Za-z0-9_-]{1,64}(\.access)?")

BESIDE: Final = ".access"
"""What the name of a log ends with that is kept beside a hospital's own: who looked at whom."""

# An fsync that returned is worth nothing here, or the memory map of one machine does not see another's writes.
_UNSAFE = {
    "tmpfs": "it is gone with the power",
    "ramfs": "it is gone with the power",
    "overlay": "it is gone with the container",
    "aufs": "it is gone with the container",
} | dict.fromkeys(
    ("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "afs", "lustre", "glusterfs", "ncpfs", "virtiofs", "vboxsf"),
    "locks and memory maps are not safe over a network",
)


class LogDirectory:
    """``path`` with its folders, held by one process at a time.

    ``warning`` says what is wrong with the file system, when something is and ``allow_any_filesystem`` let it pass.
    """

    def __init__(self, path: Path, folders: tuple[str, ...], *, allow_any_filesystem: bool) -> None:
        self.path = path
        self.warning: str | None = None
        self._folders = folders
        self._allow_any = allow_any_filesystem
        self._lock: int | None = None

    def claim(self) -> None:
        """Create what is missing and lock it; ``Unavailable`` for an unsafe file system or a log in use. Idempotent."""
        if self._lock is not None:
            return
        self.warning = unsafe_file_system(self.path)
        if self.warning and not self._allow_any:
            raise Unavailable("unsafe_file_system", self.warning)
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for folder in self._folders:
                (self.path / folder).mkdir(mode=0o700, exist_ok=True)
        except BlockingIOError as busy:
            os.close(lock)
            raise Unavailable("log_in_use", f"another engine holds the log in {self.path}") from busy
        except BaseException:
            os.close(lock)
            raise
        self._lock = lock

    def sync(self) -> None:
        """Make the names of all files in it durable: an fsynced file without a directory entry is lost."""
        for folder in (self.path.parent, self.path, *(self.path / name for name in self._folders)):
            sync_folder(folder)

    def release(self) -> None:
        """Give up the lock; the file stays, for deleting it would let two engines lock two files of one name."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def free(self) -> int:
        """Bytes that an ordinary user may still write."""
        found = os.statvfs(self.path)
        return found.f_bavail * found.f_frsize


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def is_beside(name: str) -> bool:
    """Whether a log is not a hospital's own but one beside it."""
    return name.endswith(BESIDE)


def check_log(name: str) -> str:
    """The name itself; ``ValueError`` when it cannot name a log."""
    if not _LOG.fullmatch(name):
        raise ValueError(f"a log cannot be named {name!r}: 1 to 64 of A-Z a-z 0-9 _ -")
    return name


def unsafe_file_system(path: Path, mounts: Path = Path("/proc/self/mounts")) -> str | None:
    """Why the file system of ``path``, which need not exist yet, must not hold a log; None when it may."""
    try:
        table = mounts.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return f"the kind of file system under {path} cannot be told on this system"
    kind = _kind_of(os.path.realpath(path), table)
    reason = _UNSAFE.get(kind) or ("it is served by a program" if kind.startswith("fuse") else None)
    return f"{path} is on {kind}: {reason}" if reason else None


def _kind_of(path: str, table: str) -> str:
    """The type of the innermost mount above ``path``; of two at one place the later one counts."""
    longest, kind = -1, ""
    for line in table.splitlines():
        _, where, what, *_ = line.split(" ")
        where = re.sub(r"\\([0-7]{3})", lambda octal: chr(int(octal[1], 8)), where)
        inside = path == where or path.startswith(where.rstrip("/") + "/")
        if inside and len(where) >= longest:
            longest, kind = len(where), what
    return kind
