"""Verify a Matron log from its segment files alone. One file, by design; it needs msgpack, and Ed25519 of cryptography.

    python verifier.py SEGMENTS... --key VKEY [--witness VKEY --witnesses-needed N] [--checkpoint FILE] [--json]

What is checked, and what each finding means, stands in docs/verify.md; the form of the files in docs/segments.md.
In order: ``LogCheck``, the rules for one log; the tree; keys and notes; files; the command line.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import msgpack  # type: ignore[import-untyped]
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

MAGIC = b"matron-segment 1\n"
LONGEST = {b"H": 1 << 14, b"E": (16 << 20) + 40, b"C": (64 << 10) + 32}  # bytes of a frame's payload
LIMITS: dict[str, Any] = {"max_array_len": 1 << 18, "max_map_len": 1 << 16, "strict_map_key": False, "timestamp": 2}
MOST = 100  # findings that are told of one log
BESIDE = ".access"  # a hospital's other log: who looked at whom
LOG_KEY, WITNESS_KEY = 1, 4  # kinds of keys in C2SP signed-note
UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, OverflowError, MemoryError)  # what odd bytes may raise
NOTE = re.compile(rb"(([^\s+]+)\n(0|[1-9]\d{0,17})\n(.{44})\n(?:[^\0-\x1f]+\n)*)\n((?:\xe2\x80\x94 [^\0-\x1f]+\n)+)")


class Wrong(Exception):
    """The kind of a finding, and its text."""


class Finding(NamedTuple):
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


class LogCheck:
    """The rules for one log. Feed it in order with the ``add_`` methods, then ``finish``; ``Wrong`` ends it early.

    ``against``: checkpoints known from elsewhere. ``part``: it may begin behind its first entry. ``complete``: all of
    it must be signed. ``told``: new origins that another log tells of.
    """

    def __init__(
        self, log: str, keys: Sequence[Key], witnesses: Sequence[Key] = (), *, needed: int = 0,
        against: Sequence[Note] = (), part: bool = False, complete: bool = False, told: Sequence[Begun] = (),
    ) -> None:  # fmt: skip
        self.log, self.first, self.size, self.root = log, 1, 0, ""
        self.checkpoints = self.signed = self.witnessed = 0  # how many; up to where one of them holds; with witnesses
        self.origins: list[str] = []
        self.cut = ""  # where the last file ends within a frame
        self.findings: list[Finding] = []
        self.remarks: list[str] = []
        self.begun = list(told)
        self.against = against
        self._keys, self._witnesses, self._needed, self._part, self._complete = keys, witnesses, needed, part, complete
        self._time = 0
        self._actors: dict[str, tuple[int, int]] = {}  # version, and position of the last entry
        self._peaks: list[bytes] = []  # the tree, see ``grown``
        self._grown = 0  # its size
        self._leaves: list[bytes] = []  # hashes that are not in it yet
        self._roots = {0: root_of([])}  # by size, where a checkpoint asks
        self._mark = bytes(32)
        self._turns: list[tuple[str, str, int]] = []  # of origins: the old, the new, the last size signed as the old

    def find(self, kind: str, text: str, position: int) -> None:
        """Note what must not be."""
        if len(self.findings) < MOST:
            self.findings.append(Finding(kind, position, text))

    def add_header(self, payload: bytes) -> None:
        """A file begins: at the next position, with the tree and the checkpoints' mark as they then are."""
        log, first, peaks, mark = read_header(payload)
        if self._part and not self.size:
            self.first, self.size, self._grown, self._peaks, self._mark = first, first - 1, first - 1, peaks, mark
            self._roots[first - 1] = root_of(peaks)
        if (log, first) != (self.log, self.size + 1):
            raise Wrong("gap", f"a file begins with {first} of {log!r} where {self.size + 1} of {self.log!r} belongs")
        if (peaks, mark) != (grown(self._peaks, self._grown, self._leaves), self._mark):
            raise Wrong("header", f"the file from position {first} on does not continue what is before it")

    def add_entry(self, position: int, record: bytes) -> None:
        """A stored record: 32 bytes, the hash of a leaf as RFC 6962 defines it, and the entry that was hashed."""
        if position != self.size + 1:
            raise Wrong("gap", f"position {position} stands where {self.size + 1} belongs")
        self.size = position
        leaf, data = record[:32], record[32:]
        self._leaves.append(leaf)
        if len(self._leaves) > 1 << 20:  # no checkpoint comes as late as that
            self._grow(position - (1 << 19))
        if sha256(b"\x00" + data).digest() != leaf:
            self.find("hash", "the entry is not what was hashed when it was written", position)
            return
        try:
            decision, _ = msgpack.unpackb(data, **LIMITS)
            for change in decision.get("changes", ()):
                self._add_change(position, change["actor"], int(change["version"]), int(change["previous"]), change)
            named, time = (int(decision["position"]), decision["hospital"]), int(decision["time"])
        except UNREADABLE:
            self.find("entry", "the entry cannot be read", position)
            return
        if named not in ((position, self.log), (position, self.log.removesuffix(BESIDE))):
            self.find("entry", f"the entry says that it is {str(named)[:99]}", position)
        if time <= self._time:
            self.find("time", "the entry is not later than the one before", position)
        self._time = time

    def _add_change(self, position: int, actor: str, version: int, previous: int, change: dict[str, Any]) -> None:
        """An entry raises the version of each actor that it changes by one, and names the entry that did so before."""
        before = self._actors.get(actor, (0, 0))
        earlier = not before[0] and previous < self.first > 1  # it began in a part that is not here
        if (version, previous) != (before[0] + 1, before[1]) and not earlier:
            self.find("version", f"{actor[:80]} comes to version {version} behind {before[0]}", position)
        self._actors[actor] = version, position
        if actor == "origin:self":
            for event in change["events"]:
                told = event["origin"], event["previous"], int(event["size"]), event["root"]
                self.begun.append(Begun(*told, position))

    def add_checkpoint(self, data: bytes, mark: bytes = b"") -> None:
        """A signed note that says what the tree's root was at a size that the log has reached.

        In files it stands behind a mark, a hash over the mark before it, the position that it stands behind (8 bytes)
        and the note: so none is moved or taken away.
        """
        self._mark = sha256(self._mark + self.size.to_bytes(8, "big") + data).digest()
        if mark not in (b"", self._mark):
            raise Wrong("frame", f"what stands behind position {self.size} is not the checkpoint that was put there")
        try:
            note = read_note(data)
            if self._grown < note.size <= self.size:
                self._grow(note.size)
            if self._roots.get(note.size) != note.root:
                raise Wrong("checkpoint", f"the entries are not those whose root was signed at {note.size}")
            signers = signers_of(note, [*self._keys, *self._witnesses])
            if not any((key.name, key.kind) == (note.origin, LOG_KEY) for key in signers):
                raise Wrong("signature", f"no key that was given has signed it as {note.origin!r}")
        except Wrong as wrong:
            self.find(wrong.args[0], f"the checkpoint behind position {self.size}: {wrong.args[1]}", self.size)
            return
        if note.origin not in self.origins[-1:]:
            for old in self.origins[-1:]:
                self._turns.append((old, note.origin, self.signed))
            self.origins.append(note.origin)
        self.checkpoints += 1
        self.signed = max(self.signed, note.size)
        if sum(key.kind == WITNESS_KEY for key in signers) >= max(self._needed, 1):
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
        self._grow(self.size)
        self.root = self._roots[self.size].hex()
        for turn in self._turns:
            self._check_turn(*turn)
        for note in self.against:
            if self.tells_of(note):
                self._check_against(note)
        if self.size and not self.signed:
            self.find("unsigned", "no checkpoint signs any of it: nothing shows that the log was not made up", 0)
        elif self.size > self.signed and self._complete:
            self.find("unsigned", f"nothing signs the entries from {self.signed + 1} on", self.signed + 1)
        if self.size and self._needed and not self.witnessed:
            self.find("unwitnessed", f"no checkpoint has the signatures of {self._needed} witnesses", 0)
        if self.cut and self._complete:
            self.find("cut", self.cut, self.size)

    def tells_of(self, note: Note) -> bool:
        """Whether a checkpoint is one of this log, or of what it was before a restore."""
        return note.origin in (*self.origins, *(told.previous for told in self.begun))

    def _check_turn(self, old: str, new: str, signed: int) -> None:
        """Another origin needs an event in the log, which names what was signed last under the old one."""
        for told in self.begun:
            if (told.origin, told.previous) == (new, old):
                root = self._roots.get(told.size) if told.size < told.position else None
                if 0 <= told.size < signed or (root and root.hex() != told.root):
                    self.find("origin", f"{new!r} names as the last of {old!r} what is not its last", told.position)
                return
        self.find("origin", f"behind {signed} it is signed as {new!r}, not {old!r}, and nothing tells why", signed)

    def _check_against(self, note: Note) -> None:
        """What was once signed must still be there, unless the log tells that a restore has lost it."""
        size, told = note.size, next((told for told in self.begun if told.previous == note.origin), None)
        if told and size >= (told.position or self.size + 1):
            if told.size < 0 or size < told.size or (size, note.root.hex()) == (told.size, told.root):
                self.remarks.append(f"{size} entries were signed as {note.origin}; it tells that a restore lost some")
            else:
                self.find("missing", f"{size} entries were signed as {note.origin!r}, more than it tells of", self.size)
        elif not self.first - 1 <= size <= self.size:
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
    id: bytes
    kind: int
    public: bytes


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
    short = sha256(name.encode() + b"\n" + raw).digest()[:4]
    if len(raw) != 33 or raw[0] not in (LOG_KEY, WITNESS_KEY) or short.hex() != id:
        raise Wrong("key", f"{text[:99]!r} is no verifier key")
    return Key(name, short, raw[0], raw[1:])


def read_note(data: bytes) -> Note:
    """A checkpoint from its bytes; ``Wrong`` when it is none."""
    found = NOTE.fullmatch(data)
    try:
        if found and len(root := decoded(found[4].decode())) == 32:
            rows = [line[2:].split(" ") for line in found[5].decode().split("\n")[:-1]]
            lines = [(name, decoded(signed)[:4], decoded(signed)[4:]) for name, signed in rows]
            if all(len(signature) >= 64 for _, _, signature in lines):
                return Note(found[1], found[2].decode(), int(found[3]), root, lines)
    except ValueError:
        pass
    raise Wrong("checkpoint", "it has not the form of a signed checkpoint")


def signers_of(note: Note, keys: Sequence[Key]) -> set[Key]:
    """Those of the keys that have signed it; ``Wrong`` when a signature under one of them does not hold."""
    good = set()
    for key in keys:
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
    return good


def decoded(text: str) -> bytes:
    """The bytes of a text in base64, in its one right form; none of any other."""
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        return b""
    return data if base64.b64encode(data).decode() == text else b""


def read_header(payload: bytes) -> tuple[str, int, list[bytes], bytes]:
    """The log, the first position, the peaks before it and the mark; ``Wrong`` when it is no header."""
    try:
        head = msgpack.unpackb(payload, **LIMITS)
        log, first, peaks, mark = head["hospital"], head["first"], head["peaks"], head["mark"]
        same = msgpack.packb({"hospital": log, "first": first, "peaks": peaks, "mark": mark}) == payload
        sizes = [len(each) for each in (*peaks, mark) if type(each) is bytes]
        if same and type(log) is str and first > 0 and sizes == [32] * ((first - 1).bit_count() + 1):
            return log, first, peaks, mark
    except UNREADABLE:
        pass
    raise Wrong("header", "a file's header cannot be read")


def frames(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """The kind and payload of each frame of a file; ``Wrong`` where it is cut, or holds something else."""
    with path.open("rb") as file:
        begin = file.read(len(MAGIC))
        while begin == MAGIC and (head := file.read(5)):
            kind, length = head[:1], int.from_bytes(head[1:], "big")
            if len(head) == 5 and length > LONGEST.get(kind, -1):
                raise Wrong("frame", f"{path}: what stands before byte {file.tell()} is no frame")
            payload = file.read(length) if len(head) == 5 else b""
            if len(head) < 5 or len(payload) < length:
                raise Wrong("cut", f"{path} ends within a frame")
            yield kind, payload
        if begin != MAGIC:
            raise Wrong("cut" if MAGIC.startswith(begin) else "frame", f"{path} does not begin as a segment does")


def check_files(check: LogCheck, files: Sequence[Path]) -> None:
    """Feed one log's files, in order."""
    for path in files:
        headed = False
        try:
            for kind, payload in frames(path):
                if (kind == b"H") == headed:
                    raise Wrong("frame", f"{path}: a file has one header, at its beginning")
                headed = True
                if kind == b"H":
                    check.add_header(payload)
                elif kind == b"E":
                    check.add_entry(int.from_bytes(payload[:8], "big"), payload[8:])
                else:
                    check.add_checkpoint(payload[32:], payload[:32])
        except (Wrong, OSError) as wrong:
            kind, text = wrong.args if isinstance(wrong, Wrong) else ("file", f"{path} cannot be read: {wrong}")
            if kind == "cut" and path == files[-1]:
                check.cut = text
            else:
                check.find(kind, text, check.size)
            break
    check.finish()


def verify(
    paths: Iterable[Path], keys: Sequence[str], witnesses: Sequence[str] = (), *, needed: int = 0,
    against: Sequence[bytes] = (), part: bool = False, complete: bool = False,
) -> list[LogCheck]:  # fmt: skip
    """All logs in these files and folders; ``Wrong`` when what is given to check them with is not what it should be."""
    own, others, known = [*map(read_key, keys)], [*map(read_key, witnesses)], [*map(read_note, against)]
    for note in known:
        signers = [(key.name, key.kind) for key in signers_of(note, [*own, *others])]
        if (note.origin, LOG_KEY) not in signers or sum(kind == WITNESS_KEY for _, kind in signers) < needed:
            raise Wrong("given", f"the checkpoint given, of {note.size} entries, lacks signatures of the keys given")
    files = sorted({file for path in paths for file in (path.rglob("*.segment") if path.is_dir() else [path])})
    checks: dict[str, LogCheck] = {}
    for folder in sorted({file.parent for file in files}):
        mine = [file for file in files if file.parent == folder]
        try:
            log = next((read_header(payload)[0] for _, payload in frames(mine[0])), folder.name)
        except (Wrong, OSError):
            log = folder.name
        main = checks.get(log.removesuffix(BESIDE))  # which tells of new origins for the log beside it too
        told = [Begun(f"{e.origin}/access", f"{e.previous}/access", -1, "", 0) for e in main.begun] if main else []
        check = LogCheck(log, own, others, needed=needed, against=known, part=part, complete=complete, told=told)
        if checks.setdefault(log, check) is not check:
            checks[log].find("twice", f"the log is in {folder} too", 0)
        else:
            check_files(check, mine)
    for note in known:
        if checks and not any(check.tells_of(note) for check in checks.values()):
            next(iter(checks.values())).find("missing", f"no log here is the one signed as {note.origin!r}", 0)
    return list(checks.values())


def main(arguments: Sequence[str] | None = None) -> int:
    """0: nothing was found, 1: something was, 2: the call was wrong."""
    parser = argparse.ArgumentParser(description="Verify a Matron log from its segment files.")
    parser.add_argument("segments", nargs="+", type=Path, help="files, or folders of them")
    parser.add_argument("--key", action="append", required=True, help="a log's verifier key; may be repeated")
    parser.add_argument("--witness", action="append", default=[], help="a witness's verifier key; may be repeated")
    parser.add_argument("--witnesses-needed", type=int, default=0, help="how many must have signed a checkpoint")
    parser.add_argument("--checkpoint", action="append", default=[], type=Path, help="a note that the log must contain")
    parser.add_argument("--part", action="store_true", help="the log may begin behind its first entry")
    parser.add_argument("--complete", action="store_true", help="every entry must be signed, and no file cut")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    given = parser.parse_args(arguments)
    try:
        logs = verify(
            given.segments, given.key, given.witness, needed=given.witnesses_needed, part=given.part,
            against=[path.read_bytes() for path in given.checkpoint], complete=given.complete,
        )  # fmt: skip
        if not logs:
            raise Wrong("call", "there are no segments")
    except (Wrong, OSError) as wrong:
        sys.stderr.write(f"{wrong.args[-1]}\n")
        return 2
    told = ("log", "first", "size", "root", "checkpoints", "signed", "witnessed", "origins", "cut", "remarks")
    rows = [{name: getattr(log, name) for name in told} for log in logs]
    for row, log in zip(rows, logs, strict=True):
        row["findings"] = [finding._asdict() for finding in log.findings]
    found = sum(len(log.findings) for log in logs)
    if given.json:
        sys.stdout.write(json.dumps({"sound": not found, "logs": rows}, indent=2) + "\n")
        return 1 if found else 0
    for log in logs:
        sys.stdout.write(f"{log.log}: entries {log.first} to {log.size}, root {log.root}\n")
        sys.stdout.write(f"  {log.checkpoints} checkpoints sign to {log.signed}, witnesses to {log.witnessed}\n")
        sys.stdout.writelines(f"  note: {text}\n" for text in (*log.remarks, log.cut) if text)
        sys.stdout.writelines(f"  FOUND {one.kind} at {one.position}: {one.text}\n" for one in log.findings)
    sys.stdout.write(f"NOT SOUND: {found} findings\n" if found else "sound\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
