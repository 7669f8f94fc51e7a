"""Checkpoints: signed statements of how long a log is and what its tree's root is.

The forms are C2SP's: ``signed-note`` (text, an empty line, signature lines), ``tlog-checkpoint`` (the text: origin,
size, root) and ``tlog-cosignature`` (a witness's statement with its time). Keys are Ed25519; a verifier key is text,
``name+id+key``. Knows nothing of logs, stores or networks.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Awaitable, Sequence
from hashlib import sha256
from typing import Final, NamedTuple, Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from engine.errors import Rejected
from engine.eventlog.tree import HASH

SIGNATURE: Final = 1
COSIGNATURE: Final = 4
"""Kinds of keys, as signed-note numbers them."""

LONGEST: Final = 128 * 1024
"""Bytes of a note that is looked at: room for sixteen signatures of any kind there is."""

_LINE: Final = "\u2014 "
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_NAME: Final = re.compile(r"[^\s+\x00-\x1f]{1,255}")


class BadNote(Rejected):
    """What should be a key, a note or a checkpoint is none, or its signature does not hold."""

    code = "bad_note"
    family = "invalid"


class Head(NamedTuple):
    """What a checkpoint says: the log's name, its size, its root; ``more`` are lines of extensions."""

    origin: str
    size: int
    root: bytes
    more: tuple[str, ...] = ()

    def text(self) -> str:
        """The note's text."""
        root = base64.b64encode(self.root).decode()
        return "".join(f"{line}\n" for line in (self.origin, str(self.size), root, *self.more))


class Verifier(NamedTuple):
    """Who signs, and the public key: 32 bytes of Ed25519, of a log (``SIGNATURE``) or a witness (``COSIGNATURE``)."""

    name: str
    key: bytes
    kind: int = SIGNATURE

    @property
    def id(self) -> bytes:
        """Four bytes by which signature lines name the key."""
        return sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.key).digest()[:4]

    def text(self) -> str:
        """As people hand it on: ``name+id+key``."""
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(bytes([self.kind]) + self.key).decode()}"

    @classmethod
    def parse(cls, text: str) -> Verifier:
        """What ``text`` gave; ``BadNote`` for anything else."""
        name, _, rest = text.strip().partition("+")
        id, _, key = rest.partition("+")
        data = _decoded(key, "a verifier key")
        if not _NAME.fullmatch(name) or len(data) != 33 or data[0] not in (SIGNATURE, COSIGNATURE):
            raise BadNote("a verifier key is NAME+ID+KEY with an Ed25519 key")
        found = cls(name, data[1:], data[0])
        if found.id.hex() != id:
            raise BadNote(f"the verifier key of {name} has not the id that it says")
        return found

    def holds(self, text: str, signature: bytes) -> bool:
        """Whether a signature (without the key's id) is this key's, over this text."""
        message = text.encode()
        if self.kind == COSIGNATURE:
            if len(signature) != 72:
                return False
            message = _cosigned(int.from_bytes(signature[:8], "big"), text)
            signature = signature[8:]
        try:
            Ed25519PublicKey.from_public_bytes(self.key).verify(signature, message)
        except (InvalidSignature, ValueError):
            return False
        return True


class Line(NamedTuple):
    """One signature of a note: who, which key, and the bytes."""

    name: str
    id: bytes
    signature: bytes

    def text(self) -> str:
        """As it stands in the note, line feed included."""
        return f"{_LINE}{self.name} {base64.b64encode(self.id + self.signature).decode()}\n"


class Signer(Protocol):
    """Whoever can sign with a log's key."""

    @property
    def key(self) -> bytes:
        """The public key, 32 bytes."""

    def sign(self, message: bytes) -> Awaitable[bytes]:
        """The Ed25519 signature, 64 bytes; ``OSError`` when it cannot be had now."""


class LocalSigner:
    """A private key in memory (32 bytes)."""

    def __init__(self, secret: bytes) -> None:
        self._private = Ed25519PrivateKey.from_private_bytes(secret)
        self.key = self._private.public_key().public_bytes_raw()

    def now(self, message: bytes) -> bytes:
        """The signature, without waiting."""
        return self._private.sign(message)

    async def sign(self, message: bytes) -> bytes:
        """The signature."""
        return self.now(message)


class Note(NamedTuple):
    """A note taken apart: its text and its signatures, none of them looked at yet."""

    text: str
    lines: tuple[Line, ...]

    @classmethod
    def parse(cls, data: bytes) -> Note:
        """``BadNote`` unless it has a text, an empty line, and one to 100 well-formed signature lines."""
        if len(data) > LONGEST:
            raise BadNote("the note is too long")
        try:
            whole = data.decode()
        except UnicodeDecodeError:
            raise BadNote("a note is UTF-8") from None
        if any(char < " " and char != "\n" for char in whole):
            raise BadNote("a note has no control characters")
        text, gap, signatures = whole.rpartition("\n\n")
        if not gap or not signatures.endswith("\n"):
            raise BadNote("a note ends with signature lines behind an empty line")
        lines = tuple(map(line_of, signatures[:-1].split("\n")))
        if len(lines) > 100:
            raise BadNote("the note has too many signatures")
        return cls(text + "\n", lines)

    def bytes(self) -> bytes:
        """As it is kept and sent."""
        return (self.text + "\n" + "".join(line.text() for line in self.lines)).encode()

    def signed_by(self, verifier: Verifier) -> bool:
        """Whether this key's signature stands here and holds; ``BadNote`` when it stands here and does not."""
        found = [line for line in self.lines if (line.name, line.id) == (verifier.name, verifier.id)]
        if not all(verifier.holds(self.text, line.signature) for line in found):
            raise BadNote(f"the signature of {verifier.name} does not hold")
        return bool(found)

    def with_lines(self, more: Sequence[Line]) -> Note:
        """The same with further signatures; a later one of the same key replaces an earlier."""
        named = {(line.name, line.id): line for line in (*self.lines, *more)}
        return Note(self.text, tuple(named.values()))

    def head(self) -> Head:
        """What it says as a checkpoint; ``BadNote`` when it is none."""
        lines = self.text[:-1].split("\n")
        if len(lines) < 3 or not lines[0] or not _NUMBER.fullmatch(lines[1]) or "" in lines[3:]:
            raise BadNote("a checkpoint has an origin, a size and a root")
        root = _decoded(lines[2], "a checkpoint's root")
        if len(root) != HASH:
            raise BadNote("a checkpoint's root has 32 bytes")
        return Head(lines[0], int(lines[1]), root, tuple(lines[3:]))


async def signed(head: Head, signer: Signer) -> Note:
    """A checkpoint signed under the origin's name; ``BadNote`` when what the signer gives does not hold."""
    text, verifier = head.text(), Verifier(head.origin, signer.key)
    signature = await signer.sign(text.encode())
    if not verifier.holds(text, signature):
        raise BadNote("what signs the checkpoints gave a signature that does not hold under its key")
    return Note(text, (Line(verifier.name, verifier.id, signature),))


def cosigned(text: str, name: str, signer: LocalSigner, seconds: int) -> Line:
    """A witness's signature over a checkpoint's text at this time (seconds since 1970)."""
    verifier = Verifier(name, signer.key, COSIGNATURE)
    return Line(name, verifier.id, seconds.to_bytes(8, "big") + signer.now(_cosigned(seconds, text)))


def cosigned_at(line: Line) -> int:
    """The time (seconds since 1970) of a cosignature."""
    return int.from_bytes(line.signature[:8], "big")


def line_of(text: str) -> Line:
    """A signature line, without its line feed; ``BadNote`` when it is none."""
    dash, name, rest = text[:2], *text[2:].partition(" ")[::2]
    data = _decoded(rest, "a signature")
    if dash != _LINE or not _NAME.fullmatch(name) or len(data) < 5:
        raise BadNote("a signature line is a dash, a name and a signature")
    return Line(name, data[:4], data[4:])


def _cosigned(seconds: int, text: str) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def _decoded(text: str, what: str) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise BadNote(f"{what} is base64") from None
    if base64.b64encode(data).decode() != text:
        raise BadNote(f"{what} is base64 in its one canonical form")
    return data
