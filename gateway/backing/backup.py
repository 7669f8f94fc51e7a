"""A backup: the log and the keys of its subjects, copied while an engine writes them, looked through, and described.

The log is copied first and the keys then, so that there is a key for everything in it. Secrets that stand beside the
log (the key that signs, the one that wraps the subject keys) come along only when asked for.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import msgspec
import trio

from engine.calendar import moment
from engine.clock import Clock
from engine.errors import LogCorrupt, Unavailable
from engine.eventlog.checkpoint import Note
from engine.eventlog.directory import BESIDE
from engine.eventlog.lmdb_copy import copy_environment, key_names, size_of
from engine.eventlog.lmdb_reader import LmdbReader
from engine.eventlog.tree import Tree
from engine.eventlog.vault import MASTER_FILE, VAULT
from gateway.audit.keys import KEY_FILE, PUBLIC_FILE
from gateway.audit.origins import ORIGIN_FILE
from gateway.backing.folders import BackingFailed, copy_file, whole
from replay.restoring import grown_again

FORMAT: Final = "matron-backup 1"
MANIFEST: Final = "backup.json"

LAST_BACKUP: Final = "last-backup"
"""An empty file beside the log: its time is that of the last backup, for whoever watches over it."""

ROOM: Final = 64 << 20
"""Bytes that must be free beside what is copied."""

_TRIES: Final = 5

Advance = Callable[[int], None]
Begin = Callable[[str, int], Advance]
"""Told what is done next, and how much of it there is; gives whom to tell how it gets on."""


class LogBackup(msgspec.Struct, frozen=True):
    """One log in a backup. ``checkpoint``: the newest, as it is signed; its size, 0 where there is none."""

    entries: int
    root: str
    checkpoint_size: int
    checkpoint: str


class Backup(msgspec.Struct, frozen=True, kw_only=True):
    """What a backup says of itself. ``grown``: bytes by which the engine's file grew while it was copied."""

    format: str = FORMAT
    kind: str = "log"
    made_at: str
    seconds: float
    bytes: int
    grown: int
    subject_keys: int
    secrets: list[str]
    logs: dict[str, LogBackup]


async def back_up(
    data: Path, to: Path, clock: Clock, begin: Begin, *, most: int, with_keys: bool = False, keys_only: bool = False
) -> Backup:
    """Make a backup of ``data`` as the new folder ``to``; ``most``: bytes by which the log's file may grow meanwhile.

    ``BackingFailed`` where it cannot be made, ``LogCorrupt`` where what was copied is not sound.
    """
    begun = clock.monotonic()
    if not (data / "log" / "data.mdb").exists():
        raise BackingFailed(f"There is no log in {data}.")
    needed = (0 if keys_only else size_of(data / "log")) + size_of(data / "keys") + ROOM
    to.parent.mkdir(parents=True, exist_ok=True)
    if (free := shutil.disk_usage(to.parent).free) < needed:
        raise BackingFailed(f"{to.parent} has {free:,} bytes free, and a backup may need {needed:,}.")
    with whole(to) as part:
        grown = 0
        if not keys_only:
            grown = await copy_environment(data / "log", part / "log", most, begin("copying", size_of(data / "log")))
        secrets = await _copy_keys(data, part, most, with_keys=with_keys)
        for name in (PUBLIC_FILE, ORIGIN_FILE):
            copy_file(data / name, part / name)
        made = Backup(
            kind="keys" if keys_only else "log",
            made_at=moment(clock.wall()).isoformat().replace("+00:00", "Z"),
            seconds=round((clock.monotonic() - begun) / 1_000_000, 3),
            bytes=sum(size_of(part / each) for each in ("log", "keys") if (part / each).exists()),
            grown=grown,
            subject_keys=len(key_names(part / "keys") - {VAULT}),
            secrets=secrets,
            logs={} if keys_only else await examined(part, begin),
        )
        (part / MANIFEST).write_bytes(msgspec.json.format(msgspec.json.encode(made), indent=2) + b"\n")
    if not keys_only:
        with suppress(OSError):  # whoever may read the folder only makes a backup no less
            (data / LAST_BACKUP).touch()
    return made


async def examined(folder: Path, begin: Begin) -> dict[str, LogBackup]:
    """All logs in a folder, read from the first entry to the last; ``LogCorrupt`` where one is not what it was."""
    found = {}
    async with LmdbReader(folder) as reader:
        for hospital in await reader.hospitals():
            for log in (hospital, hospital + BESIDE):
                if head := await reader.head(log):
                    found[log] = await _examined(reader, log, begin(f"verifying {log}", head))
    return found


async def _examined(reader: LmdbReader, log: str, advance: Advance) -> LogBackup:
    last, kept = await reader.last_checkpoint(log), Tree.decode(await reader.tree(log))
    signed = Note.parse(last.note).head() if last is not None else None
    roots: dict[int, bytes] = {kept.size: kept.root()} if kept.size else {}
    if signed is not None and roots.setdefault(signed.size, signed.root) != signed.root:
        raise LogCorrupt(f"{log}: its checkpoint at {signed.size} does not speak of its tree")
    tree = await grown_again(reader, log, roots, advance)
    if tree.size < max(roots, default=0):
        raise LogCorrupt(f"{log} has {tree.size} entries, fewer than its checkpoint or its tree says")
    note = last.note.decode() if last is not None else ""
    return LogBackup(tree.size, tree.root().hex(), signed.size if signed is not None else 0, note)


async def _copy_keys(data: Path, part: Path, most: int, *, with_keys: bool) -> list[str]:
    """Copy the subject keys, and what opens them where that is wanted; an erasure may change them at any time."""
    for last in range(_TRIES, 0, -1):
        secrets = []
        before = _inode(data)
        try:
            await copy_environment(data / "keys", part / "keys", most, lambda _: None)
            if with_keys:
                secrets = [name for name in (KEY_FILE, MASTER_FILE) if copy_file(data / name, part / name)]
            if before == _inode(data):
                return secrets
        except (Unavailable, LogCorrupt, OSError):
            if last == 1:
                raise
        for name in (KEY_FILE, MASTER_FILE):
            (part / name).unlink(missing_ok=True)
        shutil.rmtree(part / "keys", ignore_errors=True)
        await trio.sleep(0.3)
    raise BackingFailed("The subject keys are being changed, again and again: try again later.")


def _inode(data: Path) -> Any:
    file = data / "keys" / "data.mdb"
    return file.stat().st_ino if file.exists() else None
