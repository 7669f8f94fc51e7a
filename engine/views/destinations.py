"""Destinations of notices as they stand, their dead letters, and, for Matron itself only, what it sends from.

No answer to a caller has a secret: it is told once, by the command that made it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple, cast

import msgspec

from engine import calendar
from engine.actors.destination.rules import place_of
from engine.actors.destination.state import (
    DeadLetter,
    Destination,
    DestinationView,
    Wanted,
    destination_key,
    destination_view,
    in_use,
    secret_of,
    wanted_of,
)
from engine.decider import Private, Value
from engine.views.paging import ById, ListQuery, Page, filed, page, position
from engine.views.reader import Found, Id, Reader
from engine.views.states import the_hospital


class ListDestinations(ListQuery, frozen=True):
    """Where notices go, in the order in which it was added."""


class GetDestination(Value, frozen=True):
    """One destination."""

    destination_id: Id


class ListDeadLetters(ListQuery, frozen=True, kw_only=True):
    """The notices that a destination did not take, in the order in which they happened."""

    destination_id: Id


class ListOutboxes(Value, frozen=True):
    """What is to be sent where, secrets included. It has no row in the table of routes, and must never get one."""


class DeadLetterView(msgspec.Struct, frozen=True):
    """A notice that was given up; ``reason`` is a code, ``subject`` a ticket's id or an actor's key."""

    id: str
    type: str
    subject: str
    reason: str
    tries: int
    happened_at: datetime
    given_up_at: datetime


class OutboxView(msgspec.Struct, frozen=True):
    """A destination as its sender needs it; times in µs."""

    id: str
    version: int
    wanted: Wanted
    secret: Private
    old_secret: Private | None
    old_until: int
    paused: str
    since: int
    cursor: int
    open: list[str]
    dead: int


class OutboxesView(msgspec.Struct, frozen=True):
    """All destinations of a hospital, and the zone of its clocks."""

    time_zone: str
    items: list[OutboxView]


class _Place(NamedTuple):
    """A position among dead letters."""

    position: int
    ordinal: int


def list_destinations(reader: Reader, query: ListDestinations) -> Found:
    """A page of destinations."""
    after = position(query, ById)

    def rows() -> Iterator[tuple[ById, Destination | None]]:
        for id in filed(reader, "destinations", after.id if after is not None else None):
            yield ById(id), _state(reader, id)

    found: Page[DestinationView] = page(query, rows(), destination_view)
    return Found(found)


def get_destination(reader: Reader, query: GetDestination) -> Found:
    """A destination, or ``NotFound``."""
    state = in_use(_state(reader, query.destination_id))
    return Found(destination_view(state), state.version)


def list_dead_letters(reader: Reader, query: ListDeadLetters) -> Found:
    """A page of dead letters."""
    after = position(query, _Place)
    state = in_use(_state(reader, query.destination_id))
    letters = sorted((_Place(*place_of(letter.id)), letter) for letter in state.dead)
    rows = ((place, letter) for place, letter in letters if after is None or place > after)
    found: Page[DeadLetterView] = page(query, rows, _letter_view)
    return Found(found)


def list_outboxes(reader: Reader, _: ListOutboxes) -> Found:
    """Every destination of the hospital; there are few."""
    states = [_state(reader, id) for id in filed(reader, "destinations", None)]
    items = [_outbox(state) for state in states if state is not None]
    return Found(OutboxesView(the_hospital(reader).time_zone, items))


def _outbox(state: Destination) -> OutboxView:
    return OutboxView(
        state.id,
        state.version,
        wanted_of(state),
        secret_of(state),
        state.old_secret,
        state.old_until,
        state.paused,
        state.since,
        state.cursor,
        state.open,
        len(state.dead),
    )


def _letter_view(letter: DeadLetter) -> DeadLetterView:
    return DeadLetterView(
        letter.id,
        letter.type,
        letter.subject,
        letter.reason,
        letter.tries,
        calendar.moment(letter.happened_at),
        calendar.moment(letter.given_up_at),
    )


def _state(reader: Reader, destination_id: str) -> Destination | None:
    return cast("Destination | None", reader.look(destination_key(destination_id)))
