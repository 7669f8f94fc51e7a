"""A data folder made of a backup, of what was shipped since, and of the newest subject keys there are.

What is written, and how far, ``replay.restoring`` says; here are the folders. A restored log is read once more from its
first entry to its last, and all states are folded from it, before it has its name.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import msgspec

from engine.eventlog.checkpoint import BadNote, Head, Note
from engine.eventlog.directory import BESIDE
from engine.eventlog.keys import DESTROYED
from engine.eventlog.lmdb_copy import copy_keys, key_names, subject_of, wrapped_by
from engine.eventlog.lmdb_reader import LmdbReader
from engine.eventlog.lmdb_store import LmdbStore
from engine.eventlog.tree import Tree
from engine.eventlog.vault import MASTER_FILE
from gateway.audit.keys import KEY_FILE, PUBLIC_FILE
from gateway.audit.origins import ORIGIN_FILE
from gateway.backing.backup import Begin
from gateway.backing.folders import BackingFailed, copy_file, whole
from replay.joined import JoinedSource
from replay.moments import Position, parse, zone_of
from replay.restoring import Restored, Until, folded, grown_again, restore
from replay.segments.source import SegmentSource


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What to restore, of what, and how far. ``keys``: a later backup, or the keys of one; ``notes``: checkpoints."""

    backup: Path
    segments: Path | None = None
    keys: Path | None = None
    hospitals: tuple[str, ...] = ()
    to_position: int | None = None
    to_time: str | None = None
    notes: tuple[Path, ...] = ()
    new_origin: bool = False


class Remade(msgspec.Struct, frozen=True):
    """What came of it. ``keyless``: patients of each hospital whose keys are nowhere, so that no text of theirs opens;
    ``master_key``: the id of the one that must lie beside the log before it is served, empty where none is missing."""

    restored: Restored
    keyless: dict[str, list[str]]
    master_key: str


async def restore_into(wanted: Wanted, data: Path, begin: Begin) -> Remade:
    """Make the new folder ``data``. ``BackingFailed``, ``LogCorrupt`` or ``Invalid`` where that cannot be done."""
    if not (wanted.backup / "log" / "data.mdb").exists():
        raise BackingFailed(f"There is no backup in {wanted.backup}.")
    keys = _keys_of(wanted)
    with whole(data) as part:
        async with AsyncExitStack() as stack:
            backup = await stack.enter_async_context(LmdbReader(wanted.backup))
            shipped = None
            if wanted.segments is not None:
                shipped = await stack.enter_async_context(SegmentSource(wanted.segments))
            source = JoinedSource(backup, shipped)
            hospitals = await _hospitals(source, wanted)
            store = LmdbStore(part, allow_any_filesystem=True)
            await store.open()
            try:
                total = sum([await source.head(log) for each in hospitals for log in (each, each + BESIDE)])
                told, heads = begin("restoring", total), _heads(wanted.notes)
                made = await restore(source, store, hospitals, heads, anew=wanted.new_origin, advance=told)
            finally:
                await store.close()
        keyless = await _verify(part, made, key_names(keys), begin)
        shutil.rmtree(part / "keys")
        _put_keys(keys, part / "keys", list(hospitals), made, keyless)
        for name in (KEY_FILE, PUBLIC_FILE):
            copy_file(wanted.backup / name, part / name)
        copy_file(keys.parent / MASTER_FILE, part / MASTER_FILE)
        if made.lost:
            (part / ORIGIN_FILE).write_bytes(msgspec.json.encode(made.lost))
        missing = "" if (part / MASTER_FILE).exists() else wrapped_by(part / "keys")
    return Remade(made, keyless, missing)


async def _hospitals(source: JoinedSource, wanted: Wanted) -> Mapping[str, Until]:
    """Which ones, and how far each."""
    known = await source.hospitals()
    chosen: Sequence[str] = wanted.hospitals or known
    if strange := sorted(set(chosen) - set(known)):
        raise BackingFailed(f"There is no log of {', '.join(strange)} in it; there is one of: {', '.join(known)}.")
    if wanted.to_position is not None and len(chosen) != 1:
        raise BackingFailed("A position is one of one hospital's log: say which with --hospital, or give --to-time.")
    found = {}
    for hospital in chosen:
        time = None
        if wanted.to_time is not None:
            moment = parse(wanted.to_time, await zone_of(source, hospital))
            if isinstance(moment, Position):
                raise BackingFailed(f"{wanted.to_time} is a position: give it as --to-position.")
            time = moment.time
        found[hospital] = Until(wanted.to_position, time)
    return found


async def _verify(part: Path, made: Restored, keys: set[bytes], begin: Begin) -> dict[str, list[str]]:
    """Read what was written; whose keys are nowhere."""
    keyless: dict[str, list[str]] = {}
    named = {found for name in keys if (found := subject_of(name)) is not None}
    async with LmdbReader(part) as reader:
        for one in made.logs:
            kept = Tree.decode(await reader.tree(one.log))
            tree = await grown_again(
                reader, one.log, {kept.size: kept.root()}, begin(f"verifying {one.log}", one.entries)
            )
            if (tree.size, tree.root().hex()) != (one.entries, one.root):
                raise BackingFailed(f"{one.log} was not written as it was read: the disk is not to be trusted.")
        for hospital in made.erased:
            head = await reader.head(hospital)
            book = await folded(reader, hospital, begin(f"folding {hospital}", head))
            if (hospital, "") not in named:
                raise BackingFailed(
                    f"There is no key of hospital {hospital}: give --keys with a later backup, or leave it out."
                )
            patients = book.directory.ids("patients", None, 1 << 40)
            gone = set(made.erased[hospital])
            if lost := [id for id in patients if (hospital, id) not in named and id not in gone]:
                keyless[hospital] = lost
    return keyless


def _put_keys(source: Path, target: Path, hospitals: list[str], made: Restored, keyless: dict[str, list[str]]) -> None:
    """The keys of these hospitals; in place of those that were destroyed, or are nowhere, the mark that says so."""
    gone = {(hospital, id) for hospital in hospitals for id in (*made.erased[hospital], *keyless.get(hospital, ()))}

    def turn(name: bytes, value: bytes) -> bytes | None:
        subject = subject_of(name)
        if subject is None:
            return value
        if subject[0] not in hospitals or subject in gone:
            return None
        return value

    marks = [(b"%b\0%b" % (hospital.encode(), bytes.fromhex(id.replace("-", ""))), DESTROYED) for hospital, id in gone]
    copy_keys(source, target, turn, sorted(marks))


def _keys_of(wanted: Wanted) -> Path:
    """The folder of the subject keys to take: the newest, for those of before may be wrapped by a key that is gone."""
    given = wanted.keys or wanted.backup
    folder = given / "keys" if (given / "keys").is_dir() else given
    if not (folder / "data.mdb").exists():
        raise BackingFailed(f"There are no subject keys in {given}.")
    return folder


def _heads(files: Sequence[Path]) -> list[Head]:
    found = []
    for file in files:
        try:
            found.append(Note.parse(file.read_bytes()).head())
        except (BadNote, OSError) as fault:
            raise BackingFailed(f"{file} is no checkpoint: {fault}") from None
    return found
