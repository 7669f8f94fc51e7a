"""What LMDB's errors mean to the engine and to the auditors' tool."""

from __future__ import annotations

import errno

import lmdb

from engine.errors import CommitFailed, LogCorrupt, Unavailable


def unreadable(error: lmdb.Error) -> Exception:
    """What a failure while reading means to the engine."""
    match error:
        case lmdb.PanicError():
            return CommitFailed("a commit failed on the log's meta page: the log must be opened again")
        case lmdb.ReadersFullError():
            return Unavailable("log_busy", "too many read the log at once")
        case _:
            return LogCorrupt(f"the log cannot be read: {error}")


def unusable(error: lmdb.Error | OSError) -> Exception:
    """What a failure while opening means to the engine."""
    match error:
        case lmdb.InvalidError() | lmdb.VersionMismatchError() | lmdb.CorruptedError() | lmdb.NotFoundError():
            return LogCorrupt(f"not a log, or a damaged one: {error}")
        case _ if is_full(error):
            return Unavailable("storage_full", f"no room to create the log: {error}")
        case _:
            return Unavailable("log_unusable", f"the log cannot be opened: {error}")


def is_full(error: lmdb.Error | OSError) -> bool:
    """No room in the map or on the disk; a quota or a limit on the file's size is the same, under other numbers.

    Not all: LMDB reports the last write that fits in part as ``EIO``, like a disk that breaks.
    """
    if isinstance(error, lmdb.MapFullError | lmdb.DiskError):
        return True
    return number_of(error) in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def number_of(error: lmdb.Error | OSError) -> int | None:
    """The system's number of what went wrong, where it has one."""
    return error.errno if isinstance(error, OSError) else getattr(error, "code", None)
