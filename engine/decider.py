"""What a kind of actor is: three pure functions and the values they speak in.

``decide(state, command, at)`` returns events or raises a refusal and changes nothing; ``evolve(state, event)``
changes state and never refuses; ``due(state)`` names the instant at which the actor wants to be woken.
No clock, no randomness, no I/O: what they need of either comes in with ``At``.

A decision over several actors is a generator of ``Look``, ``Find``, ``Members`` and ``Propose`` steps that
returns ``Done``. All times are integers: microseconds since 1970-01-01 UTC.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, ClassVar, Final, Generic, Literal, Self, TypeVar

import msgspec

MICROSECOND = 1
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

S = TypeVar("S")


class NotInMemory(Exception):
    """What a decision met is on disk: nothing happened; load ``what`` (a state or a key) and decide again."""

    def __init__(self, what: Literal["state", "key"], name: str) -> None:
        super().__init__(f"{what} {name}")
        self.what = what
        self.name = name


ERASED: Final = "erased"
"""What stands wherever a text was whose key has been destroyed."""

GONE: Final = b"\x02"
"""The first byte of a sealed text that holds nothing but whose it was."""


class Private:
    """Text that may identify a person: plain in memory, sealed wherever it is stored.

    ``subject`` is the id of the patient whose key seals it, ``""`` for the hospital's own key, ``None`` while
    nobody has said yet (a command fresh from the wire). Subclasses only narrow ``max_length`` (characters).
    Once stored it keeps its sealed bytes, so that a state is stored the same way whenever that happens; read
    back, it is opened only when somebody asks for ``text``, because a replay needs none of it.
    """

    __slots__ = ("_opener", "_text", "sealed", "subject")
    max_length: ClassVar[int] = 2_000
    min_length: ClassVar[int] = 0

    def __init__(
        self,
        text: str | None,
        subject: str | None = None,
        *,
        sealed: bytes | None = None,
        opener: Callable[[bytes], str] | None = None,
    ) -> None:
        self._text = text
        self.subject = subject
        self.sealed = sealed
        self._opener = opener

    @property
    def text(self) -> str:
        """The plain text; ``NotInMemory`` when its key must be loaded first."""
        if self._text is None:
            assert self._opener is not None
            assert self.sealed is not None
            self._text = self._opener(self.sealed)
        return self._text

    def about(self, subject: str) -> Self:
        """The same text, to be sealed under the key of this subject."""
        return type(self)(self.text, subject)

    @classmethod
    def gone(cls, subject: str) -> Self:
        """What is left of a text of a patient who was erased: it says so, and nobody's key opens it."""
        return cls(ERASED, subject, sealed=GONE + bytes.fromhex(subject.replace("-", "")))

    @property
    def erased(self) -> bool:
        """Whether it is what ``gone`` leaves, and so nobody's text."""
        return self.sealed is not None and self.sealed[:1] == GONE

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Private) and other.text == self.text

    def __hash__(self) -> int:
        return hash(self.text)

    def __repr__(self) -> str:  # a traceback or a log line must not carry the text
        return f"{type(self).__name__}(...)"


class PersonName(Private):
    """A person's name: 1 to 200 characters."""

    __slots__ = ()
    max_length = 200
    min_length = 1


class Contact(Private):
    """A phone number or an e-mail address as given: free text, up to 200 characters."""

    __slots__ = ()
    max_length = 200


class FreeText(Private):
    """A reason or a note typed by a person: up to 2,000 characters."""

    __slots__ = ()


class Value(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of commands: frozen, by keyword, unknown fields refused."""


class Event(msgspec.Struct, frozen=True, kw_only=True, tag=True, omit_defaults=True, gc=False):
    """Base of events: past tense, tagged with their own name, which is for ever. New fields carry defaults."""


_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
"""The first digit of an id's fourth group, by a random one: RFC 9562 sets its two upper bits."""


class At:
    """The instant of a decision and the source of its ids and secrets.

    ``time`` is the entry's time (µs, strictly rising in a hospital's log), ``command_id`` 16 bytes, ``who`` the
    name of the principal that asks (``""``: a timer).
    ``secret()`` derives from 16 random bytes that are drawn on first use and kept, sealed, in the entry.
    """

    __slots__ = ("_draw", "command_id", "entropy", "time", "who")

    def __init__(self, time: int, command_id: bytes, draw: Callable[[], bytes], who: str = "") -> None:
        self.time = time
        self.command_id = command_id
        self.who = who
        self.entropy: bytes | None = None
        self._draw = draw

    def new_id(self, ordinal: int = 0) -> str:
        """A UUIDv7 from (time, command id, ordinal): the same command at the same instant gives the same id."""
        digest = sha256(self.command_id + ordinal.to_bytes(4, "big")).hexdigest()
        milliseconds, rest = divmod(self.time, 1000)
        # RFC 9562 method 3: rand_a holds the fraction of the millisecond, so that ids sort by time.
        fraction = rest * 4096 // 1000
        high, low = milliseconds >> 16, milliseconds & 0xFFFF
        return f"{high:08x}-{low:04x}-7{fraction:03x}-{_VARIANT[digest[0]]}{digest[1:4]}-{digest[4:16]}"

    def secret(self, ordinal: int = 0) -> bytes:
        """16 unguessable bytes, reproducible from the entry's sealed entropy."""
        if self.entropy is None:
            self.entropy = self._draw()
        return sha256(self.entropy + ordinal.to_bytes(4, "big")).digest()[:16]


def nothing(*_: Any) -> tuple[()]:
    """What a kind of actor has that files nothing and belongs to no group."""
    return ()


def never(*_: Any) -> None:
    """What a kind of actor has that needs no waking."""
    return


def _open(*_: Any) -> bool:
    return False


def _same(state: Any) -> Any:
    return state


@dataclass(frozen=True, slots=True, kw_only=True)
class Decider(Generic[S]):
    """One kind of actor: its vocabulary and its pure functions.

    An actor's key is ``f"{kind}:{id}"``. ``state`` is the type of a stored snapshot, ``freeze`` makes one from a
    state and ``thaw`` the state from it (indexes that can be rebuilt are not stored). ``files(state)`` names all
    ids by which this actor is found or listed as ``(table, id)``; ``filed(event)`` says how one event changed
    that, as ``(table, id, present)``. ``groups(id)`` names the groups whose members include this actor.
    ``closed(state, time)`` says that nothing more is expected of it, so that it may leave memory.
    """

    kind: str
    events: tuple[type[Event], ...]
    initial: Callable[[str], S]
    decide: Callable[[S, Any, At], Iterable[Event]]
    evolve: Callable[[S, Any], None]
    state: type[Any]
    check: Callable[[S], None] = never
    due: Callable[[S], int | None] = never
    closed: Callable[[S, int], bool] = _open
    freeze: Callable[[S], Any] = _same
    thaw: Callable[[Any], S] = _same
    files: Callable[[S], Iterable[tuple[str, str]]] = nothing
    filed: Callable[[Any], Iterable[tuple[str, str, bool]]] = nothing
    groups: Callable[[str], Iterable[str]] = nothing


class Look(msgspec.Struct, frozen=True, gc=False):
    """Step: the state of an actor; ``None`` while it has no events. Reading only."""

    key: str


class Find(msgspec.Struct, frozen=True, gc=False):
    """Step: the key of the actor under which this id is filed in this table, or ``None``."""

    table: str
    id: str


class Members(msgspec.Struct, frozen=True, gc=False):
    """Step: the keys of a group's actors, in order of key."""

    group: str


class Propose(msgspec.Struct, frozen=True, gc=False):
    """Step: ask an actor to decide on a command.

    Gives its events, or raises its refusal into the generator, which may go on to the next candidate.
    At most one proposal that an actor accepted may stand when the decision returns.
    """

    key: str
    command: Any


class Done(msgspec.Struct, frozen=True):
    """How a decision ends: what to answer, built after all have evolved.

    ``answer(look)`` reads the new states with ``look(key)`` and returns a Struct, or is ``None`` for no body.
    ``subject`` is the patient that the command's private text is about (``""``: nobody, the hospital's key).
    ``outcome`` names the kind of success for whoever translates it (the gateway: 201, 202, 200, 204).
    """

    answer: Callable[[Callable[[str], Any]], Any] | None = None
    outcome: str = "ok"
    subject: str = ""


Step = Look | Find | Members | Propose
Deciding = Generator[Step, Any, Done]


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """A command of the outside world: its type, where it queues, and the generator that decides it.

    ``home(command, find)`` names the actor in whose mailbox it waits, where ``find(table, id)`` gives a key or
    ``None``; with ``None`` it waits at the hospital. ``version_of(command)`` names table and id for ``If-Match``.
    """

    command: type[Any]
    run: Callable[[Any, At], Deciding]
    home: Callable[[Any, Callable[[str, str], str | None]], str | None] = field(default=never)

    @property
    def name(self) -> str:
        """The command's name on the wire and in the log."""
        return self.command.__name__
