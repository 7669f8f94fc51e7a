"""A decision taken step by step over the states of one hospital's book.

The engine decides with it, the auditors' tool decides again with it. Nothing evolves here: what was proposed and
accepted is gathered, and whoever asked makes an entry of it, or holds it against one.
"""

from __future__ import annotations

from typing import Any

from engine.decider import At, Deciding, Done, Find, Look, Members, Propose, Step
from engine.errors import Rejected, Unavailable
from engine.recovery import Book, Cell

Accepted = dict[str, tuple[Cell, tuple[Any, ...]]]
"""The proposals of one decision that were accepted: the actor and its events, by key."""


def decided(book: Book, steps: Deciding, at: At, accepted: Accepted) -> Done:
    """Run a decision to its end and fill ``accepted``.

    Its refusal passes through; ``NotInMemory``: a state or a key must be loaded first, ``Unavailable``: an actor of
    it is being rebuilt. In all three cases nothing has happened.
    """
    send, cells = steps.send, book.cells
    try:
        step = send(None)
        while True:
            if type(step) is Look:  # nearly all steps, and of states that are in memory: without a call
                cell = cells.get(step.key)
                if type(cell) is Cell and not cell.quarantined:
                    step = send(cell.state)
                    continue
            try:
                give = _taken(book, step, at, accepted)
            except Rejected as refusal:
                step = steps.throw(refusal)
            else:
                step = send(give)
    except StopIteration as stop:
        done = stop.value
        assert type(done) is Done
        return done


def state_of(book: Book, key: str) -> Any:
    """An actor's state for reading, ``None`` when it never had an event."""
    cell = book.cell(key)
    if cell is None:
        return None
    if cell.quarantined:
        raise _quarantined()
    return cell.state


def _taken(book: Book, step: Step, at: At, accepted: Accepted) -> Any:
    kind = type(step)
    if kind is Look:
        return state_of(book, step.key)  # type: ignore[union-attr]
    if kind is Propose:
        key: str = step.key  # type: ignore[union-attr]
        cell = book.cell(key)
        if cell is None:
            cell = book.new_cell(key)
        elif cell.quarantined:
            raise _quarantined()
        events = tuple(cell.decider.decide(cell.state, step.command, at))  # type: ignore[union-attr]
        if events:
            assert key not in accepted, f"{key} accepted a proposal already"
            accepted[key] = (cell, events)
        return events
    if kind is Find:
        return book.directory.find(step.table, step.id)  # type: ignore[union-attr]
    assert kind is Members, f"{step!r} is no step of a decision"
    return book.directory.members(step.group)  # type: ignore[union-attr]


def _quarantined() -> Unavailable:
    return Unavailable("quarantined", "an actor of this decision is being rebuilt; try again shortly")
