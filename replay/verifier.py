"""Verify a Matron log from its segment files alone. One file, by design; it needs msgpack, and Ed25519 of cryptography.

    python verifier.py SEGMENTS... --key VKEY [--witness VKEY --witnesses-needed N] [--checkpoint FILE] [--json]

What is checked, and what each finding means, stands in docs/verify.md; the form of the files in docs/segments.md.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import msgpack  # type: ignore[import-untyped]
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MAGIC = b"matron-segment 1\n"
LONGEST = {b"H": 1 << 14, b"E": (16 << 20) + 40, b"C": (64 << 10) + 32}  # bytes of a frame's payload
LIMITS: dict[str, Any] = {"max_array_len": 1 << 18, "max_map_len": 1 << 16, "strict_map_key": False, "timestamp": 2}
BESIDE = ".access"  # a hospital's other log: who looked at whom
LOG_KEY, WITNESS_KEY = 1, 4  # kinds of keys in C2SP signed-note
UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, OverflowError, MemoryError)  # what odd bytes may raise
NOTE = re.compile(r"((\S+)\n(0|[1-9][0-9]{0,17})\n(\S+)\n(?:[^\0-\x1f]+\n)*)\n((?:\u2014 \S+ \S+\n)+)")


class Wrong(Exception):
    """The kind of a finding, and its text."""


@dataclass
class Finding:
    """Something that must not be, at or behind this position (0: it concerns no entry)."""

    kind: str
    position: int
    text: str


class Begun(NamedTuple):
    """The event by which a log tells that its checkpoints have a new origin. ``size`` is -1 where it is not known."""

    origin: str
    previous: str
    size: int
    root: str
    position: int


@dataclass
class LogCheck:
    """The rules for one log. Feed it in order with the ``add_`` methods, then ``finish``; ``Wrong`` ends it early."""

    log: str
    keys: Sequence[Key]
    witnesses: Sequence[Key] = ()
    needed: int = 0  # so many witnesses must have signed a checkpoint
    against: Sequence[Note] = ()  # checkpoints known from elsewhere, which must hold here
    part: bool = False  # it may begin behind its first entry
    complete: bool = False  # all of it must be signed
    told: Sequence[Begun] = ()  # new origins that the log beside it tells of
    first: int = 1
    size: int = 0  # the last position
    root: str = ""
    checkpoints: int = 0  # that hold
    signed: int = 0  # up to where one vouches for the entries
    witnessed: int = 0  # up to where one does that enough witnesses signed too
    origins: list[str] = field(default_factory=list)
    begun: list[Begun] = field(default_factory=list)  # new origins that it tells of
    cut: str = ""  # where the last file ends within a frame
    remarks: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    met: list[Note] = field(default_factory=list)  # those of ``against`` that are of this log
    _time: int = 0
    _actors: dict[str, tuple[int, int]] = field(default_factory=dict)  # version, and position of the last entry
    _peaks: list[bytes] = field(default_factory=list)  # the tree, see ``grown``
    _grown: int = 0  # its size
    _leaves: list[bytes] = field(default_factory=list)  # hashes that are not in it yet
    _roots: dict[int, bytes] = field(default_factory=lambda: {0: root_of([])})  # by size, where a checkpoint asks
    _mark: bytes = bytes(32)
    _last: dict[str, int] = field(default_factory=dict)  # the last size signed under each origin

    def find(self, kind: str, text: str, position: int) -> None:
        """Note what must not be; the first hundred are enough."""
        if len(self.findings) < 100:
            self.findings.append(Finding(kind, position, text))

    def add_header(self, payload: bytes) -> None:
        """A file begins: at the next position, with the tree and the checkpoints' mark as they then are."""
        try:
            head = msgpack.unpackb(payload, **LIMITS)
            log, first, peaks, mark = str(head["hospital"]), int(head["first"]), [*head["peaks"]], head["mark"]
            hashes = [type(each) is bytes and len(each) for each in (*peaks, mark)]
            if first < 1 or hashes != [32] * ((first - 1).bit_count() + 1):
                raise ValueError
        except UNREADABLE:
            raise Wrong("header", "a file's header cannot be read") from None
        if not self.size:  # the first file
            self.log = log
            if self.part:
                self.first, self.size, self._grown, self._peaks, self._mark = first, first - 1, first - 1, peaks, mark
                self._roots[first - 1] = root_of(peaks)
        peaks = grown(self._peaks, self._grown, self._leaves)
        right = {"hospital": self.log, "first": self.size + 1, "peaks": peaks, "mark": self._mark}
        if payload != msgpack.packb(right):
            kind = "header" if (log, first) == (self.log, self.size + 1) else "gap"
            raise Wrong(kind, f"a file that begins with {first} of {log!r} cannot follow {self.size} of {self.log!r}")

    def add_entry(self, position: int, record: bytes) -> None:
        """A stored record: 32 bytes, the hash of a leaf as RFC 6962 defines it, and the entry that was hashed."""
        if position != self.size + 1:
            raise Wrong("gap", f"position {position} stands where {self.size + 1} belongs")
        self.size = position
        leaf, data = record[:32], record[32:]
        self._leaves.append(leaf)
        if sha256(b"\x00" + data).digest() != leaf:
            self.find("hash", "the entry is not what was hashed when it was written", position)
            return
        try:
            decision, _ = msgpack.unpackb(data, **LIMITS)
            named, time = (int(decision["position"]), decision["hospital"]), int(decision["time"])
            for change in decision.get("changes", ()):  # raises an actor's version, and names the entry before
                actor, version, previous = change["actor"], int(change["version"]), int(change["previous"])
                absent = previous < self.first > 1  # that is in a part which is not here
                before = self._actors.get(actor, (version - 1, previous) if absent else (0, 0))
                if (version, previous) != (before[0] + 1, before[1]):
                    self.find("version", f"{actor[:80]} comes to version {version} behind {before[0]}", position)
                self._actors[actor] = version, position
                for e in change["events"] if actor == "origin:self" else ():
                    self.begun.append(Begun(e["origin"], e["previous"], int(e["size"]), e["root"], position))
        except UNREADABLE:
            self.find("entry", "the entry cannot be read", position)
            return
        if named not in ((position, self.log), (position, self.log.removesuffix(BESIDE))):
            self.find("entry", f"the entry says that it is {str(named)[:99]}", position)
        if time <= self._time:
            self.find("time", "the entry is not later than the one before", position)
        self._time = time

    def add_checkpoint(self, data: bytes, mark: bytes = b"") -> None:
        """A signed note that says what the tree's root was at a size that the log has reached."""
        # In files it has a mark, a hash over the mark before it, its place and the note: none is moved or taken away.
        self._mark = sha256(self._mark + self.size.to_bytes(8, "big") + data).digest()
        if mark not in (b"", self._mark):
            raise Wrong("frame", f"what stands behind position {self.size} is not the checkpoint that was put there")
        try:
            note = read_note(data)
            if self._grown < note.size <= self.size:
                self._grow(note.size)
            if self._roots.get(note.size) != note.root:
                raise Wrong("checkpoint", f"the entries are not those whose root was signed at {note.size}")
            count = witnesses_of(note, self.keys, self.witnesses)
        except Wrong as wrong:
            self.find(wrong.args[0], f"the checkpoint behind position {self.size}: {wrong.args[1]}", self.size)
            return
        if note.origin not in self.origins[-1:]:
            self.origins.append(note.origin)
        self.checkpoints += 1
        self.signed = self._last[note.origin] = max(self.signed, note.size)
        if count >= max(self.needed, 1):
            self.witnessed = max(self.witnessed, note.size)

    def _grow(self, size: int) -> None:
        """Take leaves into the tree up to this size; keep its root there, and where a checkpoint given will ask."""
        asked = {note.size for note in self.against if self._grown < note.size < size}
        for stop in (*sorted(asked), size):
            count = stop - self._grown
            self._peaks = grown(self._peaks, self._grown, self._leaves[:count])
            del self._leaves[:count]
            self._grown, self._roots[stop] = stop, root_of(self._peaks)

    def finish(self) -> None:
        """The log ends here: is all there that must be?"""
        self.begun += self.told
        self._grow(self.size)
        self.root = self._roots[self.size].hex()
        for old, new in pairwise(self.origins):  # needs an event, which names what was signed last under the old one
            told = next((told for told in self.begun if (told.origin, told.previous) == (new, old)), None)
            root = self._roots.get(told.size) if told and told.size < told.position else None
            if not told or 0 <= told.size < self._last[old] or (root and root.hex() != told.root):
                self.find("origin", f"no event tells rightly why {new!r} follows {old!r}", self._last[old])
        lost = [told for told in self.begun if told.size >= told.position > 0]
        self.remarks += [f"{e.size} were signed as {e.previous!r}; a restore left {e.position - 1}" for e in lost]
        self.met = [each for each in self.against if each.origin in (*self.origins, *(e.previous for e in self.begun))]
        for note in self.met:
            self._check_against(note)
        if self.size > self.signed and (self.complete or not self.signed):
            self.find("unsigned", f"nothing signs the entries from {self.signed + 1} on", self.signed + 1)
        if self.size and self.needed and not self.witnessed:
            self.find("unwitnessed", f"no checkpoint has the signatures of {self.needed} witnesses", 0)

    def _check_against(self, note: Note) -> None:
        """What was once signed must still be there, unless the log tells that a restore has lost it."""
        size, told = note.size, next((told for told in self.begun if told.previous == note.origin), None)
        if told and size < (told.position or self.size + 1):
            told = None  # that much was kept
        if told and (told.size < 0 or size < told.size or (size, note.root.hex()) == (told.size, told.root)):
            self.find("lost", f"{size} entries were signed; the log tells that a restore lost some", told.position)
        elif told or not self.first - 1 <= size <= self.size:
            self.find("missing", f"{size} entries were signed, and here are {self.first} to {self.size}", self.size)
        elif self._roots[size] != note.root:
            self.find("fork", f"other entries than these were signed at {size}", size)


def grown(peaks: list[bytes], size: int, leaves: Iterable[bytes]) -> list[bytes]:
    """The RFC 6962 tree of this size with further leaves. Peaks are the roots of its perfect parts, largest first."""
    made = peaks.copy()
    for node in leaves:
        rest, size = size, size + 1
        while rest & 1:  # two perfect parts of one size make one
            node = sha256(b"\x01" + made.pop() + node).digest()
            rest >>= 1
        made.append(node)
    return made


def root_of(peaks: list[bytes]) -> bytes:
    """The root over all peaks."""
    root = peaks[-1] if peaks else sha256(b"").digest()
    for peak in peaks[-2::-1]:
        root = sha256(b"\x01" + peak + root).digest()
    return root


class Key(NamedTuple):
    """A verifier key of C2SP signed-note, ``name+id+base64(kind, 32 bytes)``, taken apart."""

    name: str
    kind: int
    public: bytes

    @property
    def id(self) -> bytes:
        """By which signatures name it."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]


class Note(NamedTuple):
    """A C2SP tlog-checkpoint: what it says, and (name, id, signature) of each line below its text."""

    text: bytes
    origin: str
    size: int
    root: bytes
    lines: list[tuple[str, bytes, bytes]]


def read_key(text: str) -> Key:
    """A key from its text; ``Wrong`` when it is none."""
    name, id, data = (*text.strip().split("+", 2), "", "")[:3]
    raw = decoded(data)
    if len(raw) != 33 or Key(name, raw[0], raw[1:]).id.hex() != id:
        raise Wrong("key", f"{text[:99]!r} is no verifier key")
    return Key(name, raw[0], raw[1:])


def read_note(data: bytes) -> Note:
    """A checkpoint from its bytes; ``Wrong`` when it is none."""
    found = NOTE.fullmatch(data.decode(errors="replace"))
    lines = [line.split(" ")[1:] for line in found[5].split("\n")[:-1]] if found else []
    signatures = [(name, decoded(signature)[:4], decoded(signature)[4:]) for name, signature in lines]
    if not found or len(root := decoded(found[4])) != 32 or not all(signature for _, _, signature in signatures):
        raise Wrong("checkpoint", "it has not the form of a signed checkpoint")
    return Note(found[1].encode(), found[2], int(found[3]), root, signatures)


def witnesses_of(note: Note, keys: Sequence[Key], witnesses: Sequence[Key]) -> int:
    """How many witnesses have signed; ``Wrong`` when the log's key has not, or a signature does not hold.

    A log's key signs under its own name and all names below it: ``a/b`` for the origins ``a/b`` and ``a/b/access``.
    """
    own = [key for key in keys if key.kind == LOG_KEY and f"{note.origin}/".startswith(f"{key.name}/")]
    named, good = [key._replace(name=note.origin) for key in own], set()
    for key in (*named, *witnesses):
        for signature in [signed for name, id, signed in note.lines if (name, id) == (key.name, key.id)]:
            text = note.text
            if key.kind == WITNESS_KEY:  # C2SP tlog-cosignature: eight bytes of time stand before the signature
                text = b"cosignature/v1\ntime %d\n" % int.from_bytes(signature[:8], "big") + text
                signature = signature[8:]
            try:
                Ed25519PublicKey.from_public_bytes(key.public).verify(signature, text)
            except (InvalidSignature, ValueError):
                raise Wrong("signature", f"the signature of {key.name!r} does not hold") from None
            good.add(key)
    if good.isdisjoint(named):
        raise Wrong("signature", f"no key that was given has signed it as {note.origin!r}")
    return sum(key.kind == WITNESS_KEY for key in good)


def decoded(text: str) -> bytes:
    """The bytes of a text in base64, in its one right form; none of any other."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        data = b""
    return data if base64.b64encode(data).decode() == text else b""


def feed(check: LogCheck, path: Path) -> None:
    """Give a file's frames to the rules; ``Wrong`` where it is cut, or holds something else."""
    with path.open("rb") as file:
        if (begin := file.read(len(MAGIC))) != MAGIC:
            raise Wrong("cut" if MAGIC.startswith(begin) else "frame", f"{path} does not begin as a segment does")
        first = True
        while head := file.read(5):
            kind, length = head[:1], int.from_bytes(head[1:], "big")
            if (kind == b"H") != first or (len(head) == 5 and length > LONGEST.get(kind, -1)):
                raise Wrong("frame", f"{path}: what stands before byte {file.tell()} is no frame, or not its place")
            payload, first = file.read(length if len(head) == 5 else 0), False
            if len(head) < 5 or len(payload) < length:
                raise Wrong("cut", f"{path} ends within a frame")
            if kind == b"H":
                check.add_header(payload)
            elif kind == b"E":
                check.add_entry(int.from_bytes(payload[:8], "big"), payload[8:])
            else:
                check.add_checkpoint(payload[32:], payload[:32])


def verify(
    paths: Iterable[Path], keys: Sequence[str], witnesses: Sequence[str] = (), needed: int = 0,
    against: Sequence[bytes] = (), part: bool = False, complete: bool = False,
) -> list[LogCheck]:  # fmt: skip
    """All logs in these files and folders; ``Wrong`` when what is given to check them with is not what it should be."""
    own, others, known = [*map(read_key, keys)], [*map(read_key, witnesses)], [*map(read_note, against)]
    for note in known:
        if witnesses_of(note, own, others) < needed:
            raise Wrong("given", f"the checkpoint given, of {note.size} entries, lacks signatures of witnesses")
    files = sorted({file for path in paths for file in (path.rglob("*.segment") if path.is_dir() else [path])})
    if not files or not all(file.exists() for file in files):
        raise Wrong("given", "there are no segments in what is given")
    checks: list[LogCheck] = []
    for folder in sorted({file.parent for file in files}):
        check = LogCheck(folder.name, own, others, needed, known, part, complete)
        mine = [file for file in files if file.parent == folder]
        for file in mine:
            try:
                feed(check, file)
            except (Wrong, OSError) as wrong:
                kind, text = wrong.args if isinstance(wrong, Wrong) else ("file", str(wrong))
                if kind == "cut" and file == mine[-1] and not complete:
                    check.cut = text
                else:
                    check.find(kind, text, check.size)
                break
        for other in checks:
            if other.log + BESIDE == check.log:  # its new origins are told there
                check.told = [Begun(f"{e.origin}/access", f"{e.previous}/access", -1, "", 0) for e in other.begun]
        check.finish()
        checks.append(check)
    for note in known:
        if not any(note in check.met for check in checks):
            checks[0].find("missing", f"no log here is the one signed as {note.origin!r}", 0)
    return checks


def main(arguments: Sequence[str] | None = None) -> int:
    """0: nothing was found, 1: something was, 2: the call was wrong."""
    parser = argparse.ArgumentParser(description="Verify a Matron log from its segment files.")
    parser.add_argument("segments", nargs="+", type=Path, help="files, or folders of them")
    parser.add_argument("--key", action="append", required=True, help="a log's verifier key; may be repeated")
    parser.add_argument("--witness", action="append", default=[], help="a witness's verifier key; may be repeated")
    parser.add_argument("--witnesses-needed", type=int, default=0, dest="needed", help="how many must have signed")
    parser.add_argument("--checkpoint", action="append", default=[], type=Path, help="a note that the log must contain")
    parser.add_argument("--part", action="store_true", help="the log may begin behind its first entry")
    parser.add_argument("--complete", action="store_true", help="every entry must be signed, and no file cut")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    given = parser.parse_args(arguments)
    try:
        known = [path.read_bytes() for path in given.checkpoint]
        logs = verify(given.segments, given.key, given.witness, given.needed, known, given.part, given.complete)
    except (Wrong, OSError) as wrong:
        sys.stderr.write(f"{wrong.args[-1]}\n")
        return 2
    found = sum(len(log.findings) for log in logs)
    if given.json:
        told = "log first size root checkpoints signed witnessed origins cut remarks findings".split()
        rows = [{name: getattr(log, name) for name in told} for log in logs]
        sys.stdout.write(json.dumps({"sound": not found, "logs": rows}, indent=2, default=vars) + "\n")
    for log in () if given.json else logs:
        far = f"{log.checkpoints} checkpoints sign to {log.signed}, witnesses to {log.witnessed}"
        sys.stdout.write(f"{log.log}: entries {log.first} to {log.size}, root {log.root}\n  {far}\n")
        sys.stdout.writelines(f"  note: {text}\n" for text in (*log.remarks, log.cut) if text)
        sys.stdout.writelines(f"  FOUND {one.kind} at {one.position}: {one.text}\n" for one in log.findings)
        sys.stdout.write(f"  {len(log.findings)} findings\n" if log.findings else "  sound\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
