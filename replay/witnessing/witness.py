"""A witness: remembers the newest checkpoint of each log it knows, and cosigns the next one only if it continues it.

The protocol is C2SP's ``tlog-witness``; this file knows what is asked, answered and remembered, not how it travels.
Nothing is answered before it is durable, and what a witness has seen of a log is looked at and replaced in one turn:
no two questions about one log can both be right about the same past.
"""

from __future__ import annotations

import logging
import re
from base64 import b64decode, b64encode
from binascii import Error as BadBase64
from collections.abc import Callable, Sequence
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from typing import Final, NamedTuple

import trio

from engine.errors import LogCorrupt
from engine.eventlog.checkpoint import COSIGNATURE, BadNote, Head, LocalSigner, Note, Verifier, cosigned
from engine.eventlog.tree import EMPTY_ROOT, HASH, consistent
from gateway.audit.keys import replace_file

LARGEST: Final = 192 * 1024
"""Bytes of a question."""

SEEN: Final = "logs"
"""The folder, inside a witness's own, with one file for each log: the newest checkpoint that it has cosigned."""

_PROOF: Final = 63
"""Lines of a proof, at most: a tree is no higher."""

_OLD: Final = re.compile(r"old (0|[1-9][0-9]{0,18})")

log = logging.getLogger("matron.witness")


class Said(NamedTuple):
    """An answer: the status, the body, and what kind of text it is."""

    status: HTTPStatus
    body: bytes
    kind: str = "text/plain; charset=utf-8"


class Trust:
    """Which keys are believed for which origins. ``PREFIX/*`` stands for every origin below; its key for all of them.

    A log's entry is ``ORIGIN=KEY`` or a verifier key alone; KEY is a verifier key (``name+id+key``) or 32 bytes in
    base64. ``BadNote`` for anything else.
    """

    def __init__(self, entries: Sequence[str]) -> None:
        self._known: dict[str, list[Verifier]] = {}
        self._below: list[tuple[str, bytes]] = []
        for entry in entries:
            origin, given, text = entry.strip().partition("=")
            if not given:
                verifier = Verifier.parse(entry)
                self._known.setdefault(verifier.name, []).append(verifier)
            elif origin.endswith("/*"):
                self._below.append((origin[:-1], _key(text, origin).key))
            else:
                self._known.setdefault(origin, []).append(_key(text, origin))

    def keys(self, origin: str) -> list[Verifier]:
        """Those that are believed for this origin; none where it is unknown."""
        below = [Verifier(origin, key) for prefix, key in self._below if origin.startswith(prefix) and origin != prefix]
        return [*self._known.get(origin, ()), *below]


class Witness:
    """One witness over its folder, which belongs to it alone. ``seconds`` tells the time since 1970."""

    def __init__(self, name: str, signer: LocalSigner, trust: Trust, folder: Path, seconds: Callable[[], int]) -> None:
        self.verifier = Verifier(name, signer.key, COSIGNATURE)
        Verifier.parse(self.verifier.text())  # a name that nobody could write down is refused now
        self._signer = signer
        self._trust = trust
        self._folder = folder / SEEN
        self._seconds = seconds
        self._turns: dict[str, trio.Lock] = {}

    async def add_checkpoint(self, question: bytes) -> Said:
        """Cosign, or say why not. ``OSError`` or ``LogCorrupt`` when what was seen cannot be read or written."""
        try:
            old, proof, note = _taken_apart(question)
            head = note.head()
        except BadNote as fault:
            return _no(HTTPStatus.BAD_REQUEST, fault.detail)
        verifiers = self._trust.keys(head.origin)
        if not verifiers:
            return _no(HTTPStatus.NOT_FOUND, "this log is not known here")
        try:
            trusted = [verifier for verifier in verifiers if note.signed_by(verifier)]
        except BadNote as fault:
            return _no(HTTPStatus.FORBIDDEN, fault.detail)
        if not trusted:
            return _no(HTTPStatus.FORBIDDEN, "no signature of a key that is trusted for this log")
        if old > head.size:
            return _no(HTTPStatus.BAD_REQUEST, "the old size is above the checkpoint's own")
        with trio.CancelScope(shield=True):  # who leaves while it is written leaves a whole file
            async with self._turns.setdefault(head.origin, trio.Lock()):
                seen = await trio.to_thread.run_sync(self.newest, head.origin)
                before = Head(head.origin, 0, EMPTY_ROOT) if seen is None else seen.head()
                refusal = self._objection(before, old, proof, head)
                if refusal is not None:
                    return refusal
                line = cosigned(note.text, self.verifier.name, self._signer, self._seconds())
                kept = Note(note.text, tuple(one for one in note.lines if _is_by(one.name, one.id, trusted)))
                await trio.to_thread.run_sync(self._remember, head.origin, kept.with_lines([line]))
        return Said(HTTPStatus.OK, line.text().encode())

    def newest(self, origin: str) -> Note | None:
        """The newest checkpoint of this log, with its cosignature; reads the disk."""
        return self._read(self._file(sha256(origin.encode()).hexdigest()))

    def newest_by_hash(self, digest: str) -> Note | None:
        """The same, by the SHA-256 of the origin in hexadecimal digits."""
        return self._read(self._file(digest))

    def all(self) -> list[Note]:
        """The newest checkpoints of all logs, by origin; reads the disk."""
        notes = [self._read(file) for file in sorted(self._folder.iterdir()) if not file.name.startswith(".")]
        return sorted((note for note in notes if note is not None), key=lambda note: note.text)

    def _objection(self, before: Head, old: int, proof: Sequence[bytes], head: Head) -> Said | None:
        if old != before.size:
            return Said(HTTPStatus.CONFLICT, b"%d\n" % before.size, "text/x.tlog.size")
        if old == head.size and head.root != before.root:
            log.critical("ALARM: %s signed two different logs of %d entries", head.origin, old)
            return _no(HTTPStatus.CONFLICT, "another log of this size was signed before")
        if not consistent(old, before.root, head.size, head.root, proof):
            log.error("%s: no proof that %d entries continue the %d that were seen", head.origin, head.size, old)
            return _no(HTTPStatus.UNPROCESSABLE_ENTITY, "the proof does not show that this continues what was seen")
        return None

    def _file(self, digest: str) -> Path:
        return self._folder / digest

    def _read(self, file: Path) -> Note | None:
        try:
            data = file.read_bytes()
        except FileNotFoundError:
            return None
        try:
            note = Note.parse(data)
            note.head()
            if not note.signed_by(self.verifier):
                raise BadNote("it is not cosigned by this witness")
        except BadNote as fault:  # to begin at nothing again would be to forget: the one thing a witness must not do
            raise LogCorrupt(f"{file} is not what was written there: {fault.detail}") from None
        return note

    def _remember(self, origin: str, note: Note) -> None:
        replace_file(self._file(sha256(origin.encode()).hexdigest()), note.bytes(), 0o644)


def _taken_apart(question: bytes) -> tuple[int, list[bytes], Note]:
    """The old size, the proof and the checkpoint; ``BadNote`` when it is none of that."""
    head, gap, rest = question.partition(b"\n\n")
    try:
        first, *lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError:
        raise BadNote("a proof is base64") from None
    found = _OLD.fullmatch(first)
    if not gap or found is None:
        raise BadNote("a question is: old SIZE, the proof's lines, an empty line, the checkpoint")
    if len(lines) > _PROOF:
        raise BadNote(f"a proof has {_PROOF} lines at most")
    return int(found[1]), [_bytes(line, "a line of the proof") for line in lines], Note.parse(rest)


def _bytes(text: str, what: str) -> bytes:
    try:
        data = b64decode(text, validate=True)
    except (BadBase64, ValueError):
        data = b""
    if len(data) != HASH or b64encode(data).decode() != text:
        raise BadNote(f"{what} is 32 bytes in base64")
    return data


def _key(text: str, origin: str) -> Verifier:
    return Verifier.parse(text) if len(text) > 44 else Verifier(origin, _bytes(text, "a key"))


def _is_by(name: str, id: bytes, verifiers: Sequence[Verifier]) -> bool:
    return any((name, id) == (verifier.name, verifier.id) for verifier in verifiers)


def _no(status: HTTPStatus, why: str) -> Said:
    return Said(status, f"{why}\n".encode())
