"""The record of one decision, and its bytes. ``docs/log-format.md`` describes them for people.

An entry's bytes are one MessagePack array of two: the decision (a map: who, when, which command, which events)
and the answer that was given. What the log stores is the RFC 6962 leaf hash of these bytes, then the bytes.
What is stored is what is hashed; nothing is ever encoded again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from hashlib import sha256
from typing import Any, Final, Union, get_args

import msgspec
from msgspec import UNSET, Raw, UnsetType
from msgspec.msgpack import Ext

from engine.decider import Private
from engine.errors import LogCorrupt
from engine.eventlog.keys import SEALED, Keyring, payload_subject

FORMAT: Final = 1
"""The version of the entry's form; readers upcast what is older and refuse what is newer."""

RULEBOOK: Final = 4
"""The version of the rule books as a whole; a change that decides differently raises it."""

MAX_ENTRY: Final = 16 * 1024 * 1024
"""Bytes of one entry, its answer included."""

_LEAF: Final = b"\x00\x92"
"""What the hash of an entry begins with: RFC 6962's mark of a leaf, then that of an array of two."""


class Principal(msgspec.Struct, frozen=True, gc=False):
    """Who asked: an account's name and role, the address it came from, the id of its request."""

    name: str
    role: str = ""
    source: str = ""
    request_id: str = ""


class Change(msgspec.Struct, frozen=True, gc=False):
    """What one actor went through: its version after it, and the position of its entry before this one (0: none)."""

    actor: str
    version: int
    previous: int
    events: Any


class Refusal(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Why nothing happened: the refusal's code and its rule's number.

    ``whole``: the command stands in the entry but for the fields ``left_out``, which were given and may tell who a
    person is. Otherwise only its ids do: in older logs, and where it was too large.
    """

    code: str
    rule: str = ""
    whole: bool = False
    left_out: tuple[str, ...] = ()


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """One decision. Times in µs since 1970 UTC (``time``, ``wall``) or since the machine's start (``monotonic``).

    ``command`` is a map of the command's fields, ``Raw`` as read. ``fingerprint`` is present where the caller
    gave an idempotency key; ``entropy`` (sealed) where the decision drew random bytes.
    """

    format: int
    hospital: str
    position: int
    time: int
    wall: int
    monotonic: int
    command_id: bytes
    name: str
    command: Any
    who: Principal
    rulebook: int
    changes: tuple[Change, ...] = ()
    outcome: str = ""
    refusal: Refusal | None = None
    fingerprint: bytes = b""
    entropy: Private | None = None
    answer: Raw | UnsetType = UNSET


def leaf_hash(data: bytes) -> bytes:
    """The RFC 6962 hash of a leaf: SHA-256 over 0x00 and the entry's bytes."""
    return sha256(b"\x00" + data).digest()


def stored(data: bytes) -> bytes:
    """What the log keeps for an entry: its leaf hash, then its bytes."""
    return leaf_hash(data) + data


def checked(record: bytes) -> bytes:
    """The entry's bytes of a stored record; ``LogCorrupt`` when they are not what was hashed."""
    data = record[32:]
    if sha256(b"\x00" + data).digest() != record[:32]:  # ``leaf_hash``, without the call: recovery does little else
        raise LogCorrupt("a record's bytes are not those that were hashed when it was written")
    return data


def has_text(kind: type[Any]) -> bool:
    """Whether values of this Struct type have a field that may identify a person."""
    return any(_is_text(field.type) for field in msgspec.structs.fields(kind))


def _is_text(kind: Any) -> bool:
    return (isinstance(kind, type) and issubclass(kind, Private)) or any(map(_is_text, get_args(kind)))


Upcaster = Callable[[dict[str, Any]], dict[str, Any]]


class Codec:
    """Entries and answers to bytes and back, with one hospital's keys.

    ``events`` are all event types of all kinds; their tags are unique. ``upcasters`` turn a decision map of an
    older format (the key) into one of the next.
    """

    def __init__(
        self, events: Iterable[type[Any]], keys: Keyring, upcasters: Mapping[int, Upcaster] | None = None
    ) -> None:
        self._keys = keys
        self._subject = ""
        self._met_private = False
        self._upcasters = dict(upcasters or {})
        union: Any = Union[tuple(events)]  # noqa: UP007 - made at run time
        change: Any = msgspec.defstruct(
            "Change",
            [("actor", str), ("version", int), ("previous", int), ("events", tuple[union, ...])],
            frozen=True,
            gc=False,
        )
        read: Any = msgspec.defstruct(
            "Entry",
            [
                ("format", int),
                ("hospital", str),
                ("position", int),
                ("time", int),
                ("wall", int),
                ("monotonic", int),
                ("command_id", bytes),
                ("name", str),
                ("command", Raw),
                ("who", Raw),
                ("rulebook", int),
                ("changes", tuple[change, ...], ()),
                ("outcome", str, ""),
                ("refusal", Refusal | None, None),
                ("fingerprint", bytes, b""),
                ("entropy", Private | None, None),
            ],
            frozen=True,
            kw_only=True,
            gc=False,
        )
        self._seal = msgspec.msgpack.Encoder(enc_hook=self._sealed)
        self._seal_fresh = msgspec.msgpack.Encoder(enc_hook=self._sealed_fresh)
        self._plain = msgspec.msgpack.Encoder(enc_hook=self._opened)
        self._whose: set[str | None] = set()
        self._told = msgspec.msgpack.Encoder(enc_hook=self._opened_for_somebody)
        self._read = msgspec.msgpack.Decoder(tuple[read, Raw], dec_hook=self._private, ext_hook=self._payload)
        self._loose = msgspec.msgpack.Decoder(ext_hook=self._payload_text)

    def decoder(self, types: tuple[Any, ...]) -> msgspec.msgpack.Decoder[Any]:
        """A decoder of tuples of these types, sealed text left sealed."""
        return msgspec.msgpack.Decoder(tuple[types], dec_hook=self._private, ext_hook=self._payload)  # type: ignore[valid-type]

    def command(self, command: Any, subject: str) -> Raw:
        """A command as it is kept: its text sealed for this subject, the command itself left as it came."""
        self._subject = subject
        return Raw(self._seal_fresh.encode(command))

    def encode_head(self, entry: Entry) -> bytes:
        """The first half, everything but the answer."""
        return self._seal.encode(entry)

    def record(self, head: bytes, answer: bytes) -> bytes:
        """What the log keeps for an entry of these two halves (an empty answer is nil), as ``stored`` makes it."""
        leaf = _LEAF + head + (answer or b"\xc0")
        return sha256(leaf).digest() + leaf[1:]

    def answer(self, answer: Any) -> tuple[bytes, bytes]:
        """An answer as it leaves (plain) and as it is kept (sealed); the same bytes where nothing is private."""
        self._met_private = False
        plain = self._plain.encode(answer)
        if not self._met_private:
            return plain, plain
        return plain, self._seal.encode(answer)

    def plain(self, value: Any) -> bytes:
        """A value as it leaves, private text in the clear."""
        return self._plain.encode(value)

    def told(self, value: Any) -> tuple[bytes, set[str]]:
        """The same, and the patients whose text stands in it: whoever gets it has looked at them."""
        whose: set[str | None] = set()
        self._whose = whose
        return self._told.encode(value), {subject for subject in whose if subject}

    def freeze(self, value: Any) -> bytes:
        """A state as it is kept, sealed."""
        return self._seal.encode(value)

    def decode(self, data: bytes) -> Any:
        """The entry of these bytes, with typed events; ``LogCorrupt`` for an unknown format, event or rule book."""
        try:
            head, _ = self._read.decode(data)
        except msgspec.ValidationError as error:
            head = self._upcast(data, error)
        if head.format != FORMAT:
            head = self._upcast(data, None)
        if head.rulebook > RULEBOOK:
            raise LogCorrupt(f"rule book {head.rulebook} is newer than {RULEBOOK}: a newer program wrote this log")
        return head

    def kept_answer(self, data: bytes) -> bytes:
        """The answer in an entry's bytes, opened for sending; empty where there is none."""
        answer = self._loose.decode(data)[1]
        return b"" if answer is None else self._plain.encode(answer)

    def loose(self, data: bytes) -> list[Any]:
        """The entry as plain maps and lists, sealed text opened."""
        value: list[Any] = self._loose.decode(data)
        return value

    def _upcast(self, data: bytes, error: Exception | None) -> Any:
        head, answer = msgspec.msgpack.decode(data)
        number = head.get("format") if isinstance(head, dict) else None
        if not isinstance(number, int) or number > FORMAT:
            raise LogCorrupt(f"entry format {number!r} is not known here: a newer program wrote this log") from error
        if number == FORMAT:
            newer = "; a newer program wrote this log" if "Invalid value" in str(error) else ""
            raise LogCorrupt(f"an entry cannot be read: {error}{newer}") from error
        while number < FORMAT:
            if number not in self._upcasters:
                raise LogCorrupt(f"no upcaster for entry format {number}") from error
            head = self._upcasters[number](head)
            number += 1
            head["format"] = number
        return self._read.decode(msgspec.msgpack.encode([head, answer]))[0]

    def _sealed(self, value: Any) -> Any:
        if isinstance(value, Private):
            if value.sealed is None:
                assert value.subject is not None, "an event says whom its text is about"
                value.sealed = self._keys.seal(value.subject, value.text)
            return Ext(SEALED, value.sealed)
        raise TypeError(f"{type(value).__name__} cannot be stored")

    def _sealed_fresh(self, value: Any) -> Any:
        # Never remembered on the value: whoever asks again with the same command may be about somebody else then.
        if isinstance(value, Private):
            return Ext(SEALED, self._keys.seal(self._subject if value.subject is None else value.subject, value.text))
        raise TypeError(f"{type(value).__name__} cannot be stored")

    def _opened(self, value: Any) -> Any:
        if isinstance(value, Private):
            self._met_private = True
            return value.text
        raise TypeError(f"{type(value).__name__} cannot be sent")

    def _opened_for_somebody(self, value: Any) -> Any:
        if isinstance(value, Private):
            self._whose.add(value.subject)
            return value.text
        raise TypeError(f"{type(value).__name__} cannot be sent")

    def _payload(self, code: int, data: memoryview) -> bytes:
        if code != SEALED:
            raise LogCorrupt(f"unknown MessagePack extension {code}")
        return bytes(data)

    def _payload_text(self, code: int, data: memoryview) -> str:
        return self._keys.open(self._payload(code, data))

    def _private(self, kind: type[Any], payload: Any) -> Any:
        if issubclass(kind, Private) and isinstance(payload, bytes):
            return kind(None, payload_subject(payload), sealed=payload, opener=self._keys.open)
        raise msgspec.ValidationError(f"{kind.__name__} is not stored like this")
