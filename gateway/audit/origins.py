"""Under which name checkpoints go on: a new one after a restore that lost signed entries, and after a renaming.

Two heads of one size under one name would look like a forgery to every witness, and be one. So a restore leaves
``origin.json`` in the data folder, and the engine says in the log, before anything is signed again, that a new name
begins, and what the old one last had. Each name is used once: it ends in random digits.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final, Literal

import msgspec
import trio
from msgspec import Meta

from engine.actors.origin import ORIGIN
from engine.decisions.origins import BeginOrigin
from engine.errors import DeadlinePassed, LogCorrupt, Rejected, Unavailable
from engine.eventlog.checkpoint import BadNote, Note, Verifier
from engine.eventlog.directory import sync_folder
from engine.eventlog.entry import Principal
from engine.eventlog.store import Store
from engine.runtime import Engine
from gateway.audit.keys import replace_file

ORIGIN_FILE: Final = "origin.json"

_AGAIN: Final = 0.5
"""Seconds before an engine that could not take it is asked again."""

AUDIT: Final = Principal("audit", "system")

log = logging.getLogger("matron.audit")


class Lost(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What ``origin.json`` says of a hospital: the name before, and the last checkpoint that is known of it.

    ``root`` is in hexadecimal digits. ``origin`` is the name that begins; it is chosen here, once.
    """

    previous: Annotated[str, Meta(max_length=255)]
    size: Annotated[int, Meta(ge=0)]
    root: Annotated[str, Meta(pattern=r"^(?:[0-9a-f]{64})?$(?!\n)")]
    reason: Literal["restored", "renamed"] = "restored"
    origin: Annotated[str, Meta(max_length=200)] = ""


class Origins:
    """``settle`` once, when the engine serves. Until then ``held``: nothing may be signed.

    ``LogCorrupt`` when what a restore left cannot be read.
    """

    def __init__(self, data: Path, entropy: Callable[[int], bytes]) -> None:
        self._file = data / ORIGIN_FILE
        self._entropy = entropy
        self._settled = False
        self._lost: dict[str, Lost] = {}
        if self._file.exists():
            try:
                self._lost = msgspec.json.decode(self._file.read_bytes(), type=dict[str, Lost])
            except (msgspec.DecodeError, OSError) as fault:
                raise LogCorrupt(f"{self._file} is not what a restore leaves there: {fault}") from None

    @property
    def restored(self) -> bool:
        """Whether nothing may be written either before this is settled."""
        return bool(self._lost)

    def held(self) -> bool:
        """Whether it is not settled yet under which names checkpoints go on."""
        return not self._settled

    async def settle(self, engine: Engine, store: Store, name: str, key: bytes = b"") -> None:
        """Begin what new names there must be; ``name`` is the base of all, ``key`` the public key that signs now."""
        await engine.until_ready()
        if self._lost:
            for hospital, lost in self._lost.items():
                lost.origin = lost.origin or self._fresh(name, hospital)
            # Durable before the engine hears of it: a start that is cut off here goes on with the same names.
            replace_file(self._file, msgspec.json.encode(self._lost))
            for hospital, lost in self._lost.items():
                await self._begin(engine, hospital, lost)
            self._file.unlink()
            sync_folder(self._file.parent)
            self._lost = {}
        for hospital in list(engine.partitions):
            renamed = await self._renamed(engine, store, hospital, name, key)
            if renamed is not None:
                await self._begin(engine, hospital, renamed)
        self._settled = True

    async def _begin(self, engine: Engine, hospital: str, lost: Lost) -> None:
        command = BeginOrigin(lost.origin, lost.previous, lost.size, lost.root, lost.reason)
        while True:
            try:
                await engine.ask(hospital, command, AUDIT)
            except (Unavailable, DeadlinePassed):
                await trio.sleep(_AGAIN)
                continue
            except Rejected as fault:
                log.error("no new origin for the log of %s: %s", hospital, fault)
                return
            log.warning(
                "the checkpoints of %s go on under the new origin %s (%s); the last known of %s had %d entries",
                hospital, lost.origin, lost.reason, lost.previous, lost.size,
            )  # fmt: skip
            return

    async def _renamed(self, engine: Engine, store: Store, hospital: str, name: str, key: bytes) -> Lost | None:
        """What to begin where checkpoints went on under another base until now."""
        while True:
            try:
                begun = engine.partitions[hospital].state(ORIGIN)
                last = await store.last_checkpoint(hospital)
            except (Unavailable, KeyError):  # the log is read again
                await trio.sleep(_AGAIN)
                continue
            break
        try:
            note = None if last is None else Note.parse(last.note)
            head = None if note is None else note.head()
        except BadNote as fault:  # what the notary says of the log's damage, it says at the same start
            log.error("the last checkpoint of %s cannot be read: %s", hospital, fault)
            return None
        present = begun.name if begun is not None else "" if head is None else head.origin
        base = f"{name}/{hospital}"
        if not present or present == base or present.startswith(f"{base}/"):
            if note is not None and key and not _is_by(note, key):
                log.warning(
                    "the checkpoints of %s were signed with another key until now: auditors and witnesses need both",
                    hospital,
                )
            return None
        known = (present, 0, "") if head is None else (head.origin, head.size, head.root.hex())
        previous, size, root = known
        return Lost(
            previous=previous, size=size, root=root, reason="renamed", origin=self._fresh(name, hospital)
        )  # fmt: skip

    def _fresh(self, name: str, hospital: str) -> str:
        return f"{name}/{hospital}/{self._entropy(8).hex()}"


def _is_by(note: Note, key: bytes) -> bool:
    verifier = Verifier(note.head().origin, key)
    return any((line.name, line.id) == (verifier.name, verifier.id) for line in note.lines)
