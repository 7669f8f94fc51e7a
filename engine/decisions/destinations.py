"""Where notices go outside the house: added, changed, paused, removed; and what is noted of how far they have gone.

R1  A hospital has ``MAX_DESTINATIONS`` at a time.
R2  The services whose patients it hears of are there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from engine.actors.destination.state import (
    MAX_DEAD,
    MAX_DESTINATIONS,
    MAX_OPEN,
    Create,
    DeadLetter,
    Destination,
    Remove,
    RenewSecret,
    Retry,
    Revise,
    Settle,
    TooManyDestinations,
    Wanted,
    destination_key,
    destination_view,
    in_use,
    secret_view,
)
from engine.actors.hospital import HOSPITAL, Id, known
from engine.decider import At, Deciding, Decision, Done, Look, Members, Propose, Value
from engine.decisions import finding
from engine.decisions.services import the_service

NoticeId = Annotated[str, Meta(pattern=r"^[0-9]{1,15}\.[0-9]{1,6}$", max_length=22)]
"""Position in the hospital's log, and ordinal of the message in its entry."""
LetterId = Annotated[str, Meta(pattern=r"^[0-9A-Za-z.-]+$", max_length=64)]
"""Whatever stands in a path; only an id that is there is found."""


class AddDestination(Wanted, frozen=True):
    """Add a webhook or a mailbox; the answer is the only one with its secret."""


class ChangeDestination(Wanted, frozen=True):
    """Replace what a destination wants; ``active`` pauses it or lets it go on.

    With ``from_now`` it goes on with what happens from now on; what is open is left out.
    """

    destination_id: Id
    active: bool = True
    from_now: bool = False
    if_version: int | None = None


class RotateSecret(Value, frozen=True):
    """Make a new secret; for a day messages are signed with the old one too."""

    destination_id: Id


class RemoveDestination(Value, frozen=True):
    """Send nothing there any more."""

    destination_id: Id
    if_version: int | None = None


class RetryDeadLetter(Value, frozen=True):
    """Send one notice again that was given up."""

    destination_id: Id
    letter_id: LetterId


class RetryDeadLetters(Value, frozen=True):
    """Send all notices again that were given up, as far as there is room: the oldest first."""

    destination_id: Id


class AdvanceCursor(Value, frozen=True):
    """Note how far a destination has come: Matron asks this of itself, and nobody else can."""

    destination_id: Id
    cursor: int
    opened: Annotated[tuple[NoticeId, ...], Meta(max_length=MAX_OPEN)] = ()
    settled: Annotated[tuple[NoticeId, ...], Meta(max_length=2 * MAX_OPEN)] = ()
    dead: Annotated[tuple[DeadLetter, ...], Meta(max_length=MAX_DEAD)] = ()
    delivered: int = 0
    left_out: int = 0
    gone: bool = False


class RetriedView(msgspec.Struct, frozen=True):
    """How many notices are open again, and how many dead letters are left."""

    destination_id: str
    open: int
    dead_letters: int


def add(command: AddDestination, at: At) -> Deciding:
    """R1, R2."""
    known((yield Look(HOSPITAL)))
    yield from _their_services(command)
    there = 0
    for member in (yield Members("destinations")):
        other: Destination | None = yield Look(member)
        there += other is not None and not other.removed_at
    if there >= MAX_DESTINATIONS:
        raise TooManyDestinations(f"a hospital has {MAX_DESTINATIONS} destinations at most")
    key = destination_key(at.new_id(0))
    yield Propose(key, Create(_wanted(command)))
    return Done(lambda look: secret_view(look(key)), "created")


def change(command: ChangeDestination, at: At) -> Deciding:
    """Replace it whole (R2)."""
    key = destination_key(command.destination_id)
    in_use((yield Look(key)))
    yield from _their_services(command)
    yield Propose(key, Revise(_wanted(command), command.active, command.from_now, command.if_version))
    return Done(lambda look: destination_view(look(key)))


def rotate(command: RotateSecret, at: At) -> Deciding:
    """A new secret, told once."""
    key = destination_key(command.destination_id)
    in_use((yield Look(key)))
    yield Propose(key, RenewSecret())
    return Done(lambda look: secret_view(look(key)))


def remove(command: RemoveDestination, at: At) -> Deciding:
    """It is not found any more."""
    key = destination_key(command.destination_id)
    in_use((yield Look(key)))
    yield Propose(key, Remove(command.if_version))
    return Done(outcome="removed")


def retry(command: RetryDeadLetter | RetryDeadLetters, at: At) -> Deciding:
    """Dead letters are open again."""
    key = destination_key(command.destination_id)
    in_use((yield Look(key)))
    yield Propose(key, Retry(command.letter_id if isinstance(command, RetryDeadLetter) else None))

    def answer(look: Callable[[str], Any]) -> RetriedView:
        state: Destination = look(key)
        return RetriedView(state.id, len(state.open), len(state.dead))

    return Done(answer)


def advance(command: AdvanceCursor, at: At) -> Deciding:
    """The place in the log; nothing is answered."""
    key = destination_key(command.destination_id)
    in_use((yield Look(key)))
    settle = Settle(
        command.cursor,
        command.opened,
        command.settled,
        command.dead,
        command.delivered,
        command.left_out,
        command.gone,
    )
    yield Propose(key, settle)
    return Done()


def _their_services(command: Wanted) -> finding.Deciding[None]:
    """R2: the id of a service of another hospital is nobody's here."""
    for service_id in command.services:
        yield from the_service(service_id.lower())


def _wanted(command: Wanted) -> Wanted:
    """What is wanted, its addresses sealed with the hospital's key."""
    fields = {name: getattr(command, name) for name in Wanted.__struct_fields__}
    fields["url"] = None if command.url is None else command.url.about("")
    fields["addresses"] = tuple(address.about("") for address in command.addresses)
    fields["services"] = tuple(service.lower() for service in command.services)
    return Wanted(**fields)


def _home(command: Any, find: Callable[[str, str], str | None]) -> str | None:
    return find("destinations", command.destination_id)


ADD_DESTINATION = Decision(command=AddDestination, run=add)
CHANGE_DESTINATION = Decision(command=ChangeDestination, run=change, home=_home)
ROTATE_SECRET = Decision(command=RotateSecret, run=rotate, home=_home)
REMOVE_DESTINATION = Decision(command=RemoveDestination, run=remove, home=_home)
RETRY_DEAD_LETTER = Decision(command=RetryDeadLetter, run=retry, home=_home)
RETRY_DEAD_LETTERS = Decision(command=RetryDeadLetters, run=retry, home=_home)
ADVANCE_CURSOR = Decision(command=AdvanceCursor, run=advance, home=_home)
