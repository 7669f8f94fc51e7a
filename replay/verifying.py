"""A log held against its own checkpoints by the independent verifier, wherever it is read from.

The rules are ``replay.verifier``'s, fed from a source instead of files. What only a data folder has is looked at
besides: the stored nodes and edge of the hash tree, from which proofs are made, must be those that the records give.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from engine.errors import LogCorrupt
from engine.eventlog.checkpoint import BadNote, Note, Verifier
from engine.eventlog.directory import BESIDE
from engine.eventlog.lmdb_reader import LmdbReader
from engine.eventlog.tree import Node, Tree
from replay import verifier
from replay.segments.source import SegmentSource
from replay.verifier import LogCheck, Wrong
from replay.walking import READ, Source

PUBLIC_FILE: Final = "signing.key.pub"
"""Where a data folder has its log's public key, under the name that all its origins begin with."""

_NOTES: Final = 500
"""Checkpoints read at once."""


class Found(msgspec.Struct, frozen=True):
    """Something that must not be, at or behind this position; docs/verify.md says what each kind means."""

    position: int
    kind: str
    text: str


class Verified(msgspec.Struct):
    """What was found out about one log. ``signed``: up to which size a checkpoint holds; ``nodes`` of the tree."""

    log: str
    entries: int
    root: str
    checkpoints: int
    signed: int
    witnessed: int
    origins: list[str]
    nodes: int = 0
    remarks: list[str] = []
    findings: list[Found] = []

    @property
    def sound(self) -> bool:
        """Whether nothing was found."""
        return not self.findings


class Demands(msgspec.Struct, frozen=True):
    """What a log is held against. ``unsigned``: signatures are not asked for, only that nothing contradicts itself."""

    keys: tuple[str, ...] = ()
    witnesses: tuple[str, ...] = ()
    needed: int = 0
    against: tuple[bytes, ...] = ()
    complete: bool = False
    unsigned: bool = False


class _Unsigned(LogCheck):
    """The rules but for those about who has signed."""

    def find(self, kind: str, text: str, position: int) -> None:
        if kind not in ("signature", "unsigned"):
            super().find(kind, text, position)


async def keys_of(source: Source, log: str, given: Iterable[Verifier]) -> list[str]:
    """These keys under each of the origins that this log's checkpoints have: for a key that lies beside the log.

    A key that was handed over speaks for its own name, and is given to the verifier as it is.
    """
    origins, above = dict[str, None](), 0
    while notes := await source.checkpoints(log, above, _NOTES):
        above = notes[-1].size
        for kept in notes:
            try:
                origins[Note.parse(kept.note).head().origin] = None
            except BadNote:
                continue  # the verifier says so
    return [Verifier(origin, key.key).text() for origin in origins for key in given]


async def verify_log(
    source: Source, log: str, demands: Demands, against: Sequence[verifier.Note] = (),
    told: Sequence[verifier.Begun] = (), advance: Callable[[int], None] = lambda _: None,
) -> tuple[Verified, LogCheck]:  # fmt: skip
    """Hold a log against itself, its checkpoints, what is demanded, and checkpoints that are known from elsewhere.

    The log may grow meanwhile: it is verified as long as it was when this began.
    """
    check = (_Unsigned if demands.unsigned else LogCheck)(
        log, [verifier.read_key(key) for key in demands.keys], [verifier.read_key(key) for key in demands.witnesses],
        needed=demands.needed, against=against, complete=demands.complete, told=told,
    )  # fmt: skip
    nodes = _Nodes(source, log) if isinstance(source, LmdbReader) else None
    head = await source.head(log)
    notes = await source.checkpoints(log, 0, _NOTES)
    try:
        while check.size < head:
            records = await source.read(log, check.size + 1, min(READ, head - check.size))
            if not records:
                raise Wrong("gap", f"the log ends at {check.size} and should go on to {head}")
            if nodes is not None:
                for position, fault in await nodes.extend([record for _, record in records]):
                    check.find("node", fault, position)
            add = check.add_entry
            for position, record in records:
                add(position, record)
                while notes and notes[0].size <= position:
                    check.add_checkpoint(notes.pop(0).note)
                    if not notes:
                        notes = await source.checkpoints(log, check.size, _NOTES)
            advance(len(records))
        for kept in notes:
            if kept.size > await source.head(log):
                check.add_checkpoint(kept.note)
        if nodes is not None:
            for fault in await nodes.edge(head):
                check.find("node", fault, head)
    except Wrong as wrong:
        kind, text = wrong.args
        check.find(kind, text, check.size + 1)
    except LogCorrupt as fault:
        check.find("gap", str(fault), check.size + 1)
    check.finish()
    return verified(check, 0 if nodes is None else nodes.count), check


async def verify_all(
    source: Source, path: Path, hospitals: Sequence[str], demands: Demands,
    advance: Callable[[int], None] = lambda _: None,
) -> list[Verified]:  # fmt: skip
    """The logs of these hospitals and those beside them, in their own form where they are segments."""
    if isinstance(source, SegmentSource) and not demands.unsigned:
        names = {name + beside for name in hospitals for beside in ("", BESIDE)}
        checks = verifier.verify(
            [path], demands.keys, demands.witnesses, needed=demands.needed, against=demands.against,
            complete=demands.complete,
        )  # fmt: skip
        return [verified(check, 0) for check in checks if check.log in names]
    known = [verifier.read_note(note) for note in demands.against]
    own, others = [*map(verifier.read_key, demands.keys)], [*map(verifier.read_key, demands.witnesses)]
    for note in known if not demands.unsigned else ():
        if verifier.witnesses_of(note, own, others) < demands.needed:
            raise Wrong("given", f"the checkpoint given, of {note.size} entries, lacks signatures of witnesses")
    found, checks = list[Verified](), list[LogCheck]()
    for hospital in hospitals:
        told = list[verifier.Begun]()
        for log in (hospital, hospital + BESIDE):
            if log == hospital or await source.head(log):
                result, check = await verify_log(source, log, demands, known, told, advance)
                found.append(result)
                checks.append(check)
                told = [
                    verifier.Begun(f"{one.origin}/access", f"{one.previous}/access", -1, "", 0) for one in check.begun
                ]
    for note in known:
        if found and not any(note in check.met for check in checks):
            text = f"no log here is the one signed as {note.origin!r}"
            found[0].findings.append(Found(0, "missing", text))
    return found


def _beside(one: verifier.Begun) -> verifier.Begun:
    """A new origin as the access log has it, which tells of none itself."""
    return verifier.Begun(f"{one.origin}/access", f"{one.previous}/access", -1, "", 0)


def verified(check: LogCheck, nodes: int) -> Verified:
    """What the verifier found, in our words."""
    return Verified(
        check.log, check.size, check.root, check.checkpoints, check.signed, check.witnessed, check.origins, nodes,
        [*check.remarks, *([check.cut] if check.cut else [])],
        [Found(one.position, one.kind, one.text) for one in check.findings],
    )  # fmt: skip


class _Nodes:
    """The tree made again, and the stored nodes held against it."""

    def __init__(self, source: LmdbReader, log: str) -> None:
        self.count = 0
        self._source = source
        self._log = log
        self._tree = Tree()

    async def extend(self, records: Sequence[bytes]) -> list[tuple[int, str]]:
        """What is wrong with the nodes that become whole with these records, and the first entry that each is over."""
        levels: dict[int, list[Node]] = {}
        for node in self._tree.extend(records):
            levels.setdefault(node.level, []).append(node)
        faults = []
        for level, nodes in levels.items():
            stored: list[Any] = list(await self._source.hashes(self._log, level, nodes[0].number, len(nodes)))
            if len(stored) < len(nodes) and not await self._has(self._tree.size):
                continue  # an engine that knew no tree wrote these, and none has run since
            self.count += len(nodes)
            stored += [None] * (len(nodes) - len(stored))
            for node, there in zip(nodes, stored, strict=True):
                if there != node.hash:
                    how = "is missing" if there is None else "is not what its leaves give"
                    text = f"the stored node {node.number} of level {node.level} {how}"
                    faults.append((node.number * 256**level + 1, text))
        return faults

    async def edge(self, head: int) -> list[str]:
        """What is wrong with the stored edge; while the log grows it is ahead of what is verified."""
        stored = Tree.decode(await self._source.tree(self._log))
        if stored.size == head and stored.peaks != self._tree.peaks:
            return ["the stored edge of the tree is not what the entries give"]
        return []

    async def _has(self, size: int) -> bool:
        return Tree.decode(await self._source.tree(self._log)).size >= size
