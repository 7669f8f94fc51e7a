"""Lets a query ask what a decision asks, with the decision's own code: so that an answer and a booking never differ.

Only parts that look; one that proposes a change is a bug of ours.
"""

from __future__ import annotations

from typing import TypeVar

from engine.decider import At, Find, Look, Members
from engine.decisions.finding import Deciding
from engine.views.reader import Reader

T = TypeVar("T")


def asked(reader: Reader, part: Deciding[T]) -> T:
    """What a part of a decision gives, or its refusal, over the states that the reader shows."""
    try:
        step = next(part)
        while True:
            match step:
                case Look():
                    step = part.send(reader.look(step.key))
                case Find():
                    step = part.send(reader.find(step.table, step.id))
                case Members():
                    step = part.send(sorted(reader.members(step.group)))
                case _:
                    raise AssertionError("a query changes nothing")
    except StopIteration as done:
        given: T = done.value
        return given


def now(reader: Reader) -> At:
    """The instant of a query, for code that expects one; nothing secret can be drawn from it."""
    return At(reader.time, bytes(16), _no_secret)


def _no_secret() -> bytes:
    raise AssertionError("a query makes no secret")
