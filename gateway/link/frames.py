"""What is said between a gateway process and the engine: frames of MessagePack, each about one call by its number.

Both ends are of one program, started by it and of the same version, so a frame that cannot be read is a bug of ours
and ends the connection. Commands and queries travel as they are validated, under their names.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, Final, Literal

import msgspec
from msgspec import Raw, Struct

from engine.actor import Reply, Shares
from engine.decider import Private
from engine.decisions import DECISIONS
from engine.errors import DeadlinePassed, Family, Outcome, Overloaded, Rejected, Unavailable
from engine.eventlog.entry import Principal
from engine.subscription import Frame
from engine.views import QUERIES
from gateway.tally import Counted

LONGEST: Final = 64 * 1024 * 1024
"""Bytes of a frame: more than the largest batch, and than the longest answer."""

Who = tuple[str, str, str, str]
"""A principal: name, role, source, request id."""


class Said(Struct, frozen=True, array_like=True, gc=False, tag_field="kind", kw_only=False):
    """Base of frames; arrays whose first member says which."""


# -- from a gateway process ---------------------------------------------------------------------------------


class Ask(Said, frozen=True, tag=1):
    """A command: have it decided within so many seconds."""

    id: int
    hospital: str
    name: str
    command: Raw
    who: Who
    key: str | None
    within: float


class AskAll(Said, frozen=True, tag=2):
    """A batch: (name, command, key) of each."""

    id: int
    hospital: str
    commands: list[tuple[str, Raw, str | None]]
    who: Who
    within: float


class View(Said, frozen=True, tag=3):
    """A query."""

    id: int
    hospital: str
    name: str
    query: Raw
    who: Who
    within: float
    purpose: str = ""


class Follow(Said, frozen=True, tag=4):
    """Follow topics; news come when they are asked for (``More``)."""

    id: int
    hospital: str
    topics: list[str]
    after: int | None
    who: Who | None = None
    purpose: str = ""


class More(Said, frozen=True, tag=5):
    """What came has been passed on: the next frames of this subscription, please."""

    id: int


class Cancel(Said, frozen=True, tag=6):
    """Nobody waits for this call any more."""

    id: int


class Look(Said, frozen=True, tag=7):
    """A page about the engine's health, for this hospital."""

    id: int
    page: str
    hospital: str


class Serving(Said, frozen=True, tag=8):
    """The process takes requests from now on."""


class Counts(Said, frozen=True, tag=9):
    """What the process has answered since it said so last, and what it has used since its start."""

    rows: list[Counted]
    process: dict[str, float]
    marks: dict[str, int] = {}


class Note(Said, frozen=True, tag=10):
    """Write down that somebody was shown these patients by a page of this process."""

    id: int
    hospital: str
    who: Who
    query: str
    patients: list[str]
    purpose: str


class Guarded(Said, frozen=True, tag=11):
    """Write down what happened at the door of this process."""

    id: int
    hospital: str
    who: Who
    what: str
    facts: dict[str, str]


Asked = Ask | AskAll | View | Follow | More | Cancel | Look | Serving | Counts | Note | Guarded


# -- to a gateway process -----------------------------------------------------------------------------------


class Begin(Said, frozen=True, tag=1):
    """The first frame: the configuration, and the numbers of the listening sockets."""

    config: Raw
    sockets: list[int]


class Answered(Said, frozen=True, tag=2):
    """A reply of the engine."""

    id: int
    body: bytes
    outcome: str
    position: int
    version: int | None
    replayed: bool
    took: Shares | None = None


class Failed(Said, frozen=True, tag=3):
    """A refusal, or why there is no answer."""

    id: int
    sort: Literal["rejected", "unavailable", "overloaded", "deadline"]
    code: str
    detail: str
    facts: dict[str, Any] = {}
    family: Family = "conflict"
    rule: str = ""
    outcome: Outcome = "not_applied"
    retry_after: int = 1


class AnsweredAll(Said, frozen=True, tag=4):
    """What became of each command of a batch."""

    id: int
    results: list[Answered | Failed]


class Following(Said, frozen=True, tag=5):
    """The topics are there."""

    id: int


class News(Said, frozen=True, tag=6):
    """The same frames for several subscriptions: all who follow the same topics get the same."""

    ids: list[int]
    frames: list[tuple[str, int, bytes, bool, int]]


class Seen(Said, frozen=True, tag=7):
    """A page about the engine's health: its status and its JSON."""

    id: int
    status: int
    body: bytes


class Finish(Said, frozen=True, tag=8):
    """Take no request any more, answer those under way, and end."""


class Noted(Said, frozen=True, tag=9):
    """It is written down."""

    id: int


Told = Begin | Answered | Failed | AnsweredAll | Following | News | Seen | Finish | Noted


# -- values inside frames -----------------------------------------------------------------------------------

_KINDS: Final[Mapping[str, type[Any]]] = {kind.__name__: kind for kind in (*DECISIONS, *QUERIES)}


def _opened(value: Any) -> Any:
    if isinstance(value, Private):
        return value.text
    raise NotImplementedError


def _closed(kind: type[Any], value: Any) -> Any:
    if issubclass(kind, Private):
        return kind(value)
    raise NotImplementedError


_encoder = msgspec.msgpack.Encoder(enc_hook=_opened)


@cache
def _decoder(name: str) -> msgspec.msgpack.Decoder[Any]:
    return msgspec.msgpack.Decoder(_KINDS[name], dec_hook=_closed)


def packed(value: Any) -> Raw:
    """A command or a query."""
    return Raw(_encoder.encode(value))


def unpacked(name: str, data: Raw) -> Any:
    """The command or query of this name."""
    return _decoder(name).decode(data)


def who(principal: Principal) -> Who:
    """A principal, to be sent."""
    return principal.name, principal.role, principal.source, principal.request_id


def answered(id: int, reply: Reply) -> Answered:
    """A reply, to be sent."""
    return Answered(id, reply.body, reply.outcome, reply.position, reply.version, reply.replayed, reply.took)


def reply(said: Answered) -> Reply:
    """A reply that came."""
    return Reply(said.body, said.outcome, said.position, said.version, said.replayed, said.took)


def failed(id: int, error: Exception) -> Failed | None:
    """An error of the engine's, to be sent; ``None`` for what is none of those that a caller may see."""
    match error:
        case Rejected():
            return Failed(id, "rejected", error.code, error.detail, error.facts, error.family, error.rule)
        case Unavailable():
            sort: Literal["overloaded", "unavailable"] = (
                "overloaded" if isinstance(error, Overloaded) else "unavailable"
            )
            return Failed(id, sort, error.code, error.detail, outcome=error.outcome, retry_after=error.retry_after)
        case DeadlinePassed():
            return Failed(id, "deadline", "", "", outcome=error.outcome)
    return None


def error(said: Failed) -> Exception:
    """The error that came, as the engine would have raised it."""
    match said.sort:
        case "rejected":
            return _rejection(said.code, said.family, said.rule)(said.detail, **said.facts)
        case "deadline":
            return DeadlinePassed(said.outcome)
    kind = Overloaded if said.sort == "overloaded" else Unavailable
    return kind(said.code, said.detail, outcome=said.outcome, retry_after=said.retry_after)


@cache
def _rejection(code: str, family: Family, rule: str) -> type[Rejected]:
    return type("FarRejected", (Rejected,), {"code": code, "family": family, "rule": rule})


def frame_parts(frame: Frame) -> tuple[str, int, bytes, bool, int]:
    """A frame of the stream, to be sent."""
    return frame.kind, frame.seq, frame.data, frame.whole, frame.code
