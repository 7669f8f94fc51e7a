"""A destination: where notices go outside the house, how far they have gone, and which were given up.

It knows an address, what is wanted there, and a place in the hospital's log; not how anything is sent, and no
message: those are made from the log again whenever they are needed, under the id ``{position}.{ordinal}``.

R1  A webhook has one URL and no mail addresses, a mailbox has addresses and no URL. A URL is ``http`` or ``https`` in
    plain ASCII, without user, password and fragment; its host is a name, or an address in its one usual spelling.
R2  Everything up to the cursor is settled but for what is listed as open; a new destination gets what happens from
    then on.
R3  A notice that was given up is a dead letter. The latest ``MAX_DEAD`` are kept, older ones are only counted. A
    retry makes one open again, as far as ``MAX_OPEN`` allows.
R4  A paused destination keeps its place; what happened meanwhile follows when it goes on, unless it goes on from now.
R5  The secret is told when it is made. A new one leaves the old one in force beside it for a day.
R6  A removed destination gets nothing, and is not found any more.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from typing import assert_never

from engine.actors.destination.places import is_mail, target_of
from engine.actors.destination.state import (
    MAX_DEAD,
    MAX_OPEN,
    SECRET_OVERLAP,
    Create,
    Destination,
    DestinationAdded,
    DestinationChanged,
    DestinationCommand,
    DestinationEvent,
    DestinationPaused,
    DestinationRemoved,
    DestinationResumed,
    LettersRetried,
    NoticesSettled,
    Remove,
    RenewSecret,
    Retry,
    Revise,
    SecretRenewed,
    Settle,
    TooManyOpen,
    Wanted,
    in_use,
    wanted_of,
)
from engine.decider import At, Private
from engine.errors import Invalid, NotFound, Stale


def decide(state: Destination, command: DestinationCommand, at: At) -> Iterable[DestinationEvent]:
    """The events of a command to a destination."""
    if isinstance(command, Create):
        assert not state.version, "ids are given once"
        _meaningful(command.wanted)
        return [DestinationAdded(id=state.id, wanted=command.wanted, secret=_new_secret(at), time=at.time)]
    in_use(state)
    match command:
        case Revise():
            _fresh(state, command.if_version)
            return _revise(state, command, at)
        case RenewSecret():
            return [SecretRenewed(secret=_new_secret(at), overlap_until=at.time + SECRET_OVERLAP)]
        case Settle():
            return _settle(state, command, at)
        case Retry():
            return _retry(state, command.letter_id)
        case Remove():
            _fresh(state, command.if_version)
            return [DestinationRemoved(id=state.id, time=at.time)]
        case _:
            assert_never(command)


def evolve(state: Destination, event: DestinationEvent) -> None:
    """The state after an event."""
    match event:
        case DestinationAdded():
            state.id, state.wanted, state.secret = event.id, event.wanted, event.secret
            state.created_at = state.since = event.time
        case DestinationChanged():
            state.wanted = event.wanted
        case DestinationPaused():
            state.paused = event.reason
        case DestinationResumed():
            state.paused = ""
            if event.since:
                state.since, state.open = event.since, []
        case SecretRenewed():
            state.old_secret, state.old_until = state.secret, event.overlap_until
            state.secret = event.secret
        case NoticesSettled():
            _note(state, event)
            return  # deliveries are no change of the destination, and an ``If-Match`` need not fail for them
        case LettersRetried():
            chosen = set(event.letters)
            state.dead = [letter for letter in state.dead if letter.id not in chosen]
            state.open = sorted({*state.open, *event.letters}, key=place_of)
            return
        case DestinationRemoved():
            state.removed_at = event.time
            state.open = []
        case _:
            assert_never(event)
    state.version += 1


def check(state: Destination) -> None:
    """What always holds."""
    assert len(state.open) <= MAX_OPEN, "more notices open than may be"
    assert len(state.dead) <= MAX_DEAD, "more dead letters kept than may be"
    assert state.open == sorted(set(state.open), key=place_of), "open notices out of order"
    assert not set(state.open) & {letter.id for letter in state.dead}, "a notice both open and given up"


def place_of(notice_id: str) -> tuple[int, int]:
    """Position and ordinal of a notice's id."""
    position, _, ordinal = notice_id.partition(".")
    return int(position), int(ordinal)


def _note(state: Destination, event: NoticesSettled) -> None:
    done = {*event.settled, *(letter.id for letter in event.dead)}
    state.cursor = max(state.cursor, event.cursor)
    state.open = sorted({*state.open, *event.opened} - done, key=place_of)
    state.dead = [*state.dead, *event.dead]
    over = max(0, len(state.dead) - MAX_DEAD)
    state.dead, state.dead_dropped = state.dead[over:], state.dead_dropped + over
    state.delivered += event.delivered
    state.left_out += event.left_out


def _settle(state: Destination, command: Settle, at: At) -> list[DestinationEvent]:
    kept = {letter.id for letter in state.dead}
    # What was noted before is noted again when its answer was lost: nothing is given up twice.
    dead = tuple(letter for letter in command.dead if letter.id not in kept)
    left = {*state.open, *command.opened} - set(command.settled) - {letter.id for letter in dead}
    if len(left) > MAX_OPEN:
        raise TooManyOpen("too many notices are open", destination_id=state.id)
    events: list[DestinationEvent] = []
    if command.cursor > state.cursor or left != set(state.open) or dead:
        events.append(
            NoticesSettled(
                cursor=max(command.cursor, state.cursor),
                opened=command.opened,
                settled=command.settled,
                dead=dead,
                delivered=command.delivered,
                left_out=command.left_out,
            )
        )
    if command.gone and not state.paused:
        events.append(DestinationPaused(reason="gone", time=at.time))
    return events


def _retry(state: Destination, letter_id: str | None) -> list[DestinationEvent]:
    wanted = [letter.id for letter in state.dead if letter_id in (None, letter.id)]
    if letter_id is not None and not wanted:
        raise NotFound("there is no such dead letter", letter_id=letter_id)
    room = MAX_OPEN - len(state.open)
    if wanted and not room:
        raise TooManyOpen("too many notices are open; try again when some are delivered", destination_id=state.id)
    return [LettersRetried(letters=tuple(wanted[:room]))] if wanted else []


def _revise(state: Destination, command: Revise, at: At) -> list[DestinationEvent]:
    _meaningful(command.wanted)
    if command.wanted.channel != wanted_of(state).channel:
        raise Invalid("a destination keeps its channel: add another one", field="channel")
    events: list[DestinationEvent] = []
    if command.wanted != state.wanted:
        events.append(DestinationChanged(wanted=command.wanted))
    if command.active and (state.paused or command.from_now):
        events.append(DestinationResumed(since=at.time if command.from_now else 0, time=at.time))
    elif not command.active and not state.paused:
        events.append(DestinationPaused(reason="asked", time=at.time))
    return events


def _meaningful(wanted: Wanted) -> None:
    """R1."""
    if wanted.channel == "webhook":
        if wanted.url is None:
            raise Invalid("a webhook needs a url", field="url")
        if wanted.addresses:
            raise Invalid("a webhook has no addresses", field="addresses")
        target_of(wanted.url.text)
    else:
        if wanted.url is not None:
            raise Invalid("a mailbox has no url", field="url")
        if not wanted.addresses:
            raise Invalid("a mailbox needs an address at least", field="addresses")
        for index, address in enumerate(wanted.addresses):
            if not is_mail(address.text):
                raise Invalid("must be a plain mail address in ASCII", field=f"addresses[{index}]")
    if (wanted.quiet_from is None) != (wanted.quiet_to is None):
        raise Invalid("quiet hours have a beginning and an end", field="quiet_to")
    if wanted.quiet_from is not None and wanted.quiet_from == wanted.quiet_to:
        raise Invalid("quiet hours end at another time than they begin", field="quiet_to")


def _fresh(state: Destination, if_version: int | None) -> None:
    if if_version is not None and if_version != state.version:
        raise Stale("the destination has changed", version=state.version)


def _new_secret(at: At) -> Private:
    """R5: 32 random bytes, in the form in which receivers of Standard Webhooks expect them."""
    return Private("whsec_" + b64encode(at.secret(0) + at.secret(1)).decode("ascii"), "")
