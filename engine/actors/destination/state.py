"""What a destination is: what it wants, how far it has come, what can have happened to it, and what it can be asked.

Instants are µs, 0 where nothing happened yet. A notice is known by its id, ``{position}.{ordinal}``: where in the
hospital's log it comes from. No message is kept here.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from engine import calendar
from engine.actors.destination.places import MailAddress, Url
from engine.decider import DAY, Event, Private
from engine.errors import NotFound, Rejected

MAX_DESTINATIONS: Final = 50
"""Destinations of one hospital at a time."""
MAX_OPEN: Final = 256
"""Notices of one destination that are open behind its cursor."""
MAX_DEAD: Final = 500
"""Dead letters that one destination keeps."""
SECRET_OVERLAP: Final = DAY
"""How long the secret before the present one is still used beside it (µs)."""

NoticeType = Literal[
    "ticket_near",
    "patient_called",
    "queue_position_update",
    "ticket_update",
    "service_update",
    "token_update",
    "slot_update",
    "room_update",
    "room_change",
    "clinic_update",
    "rules_update",
    "ward_update",
    "bed_update",
    "admission_update",
    "referral_update",
    "admin_alert",
]
Channel = Literal["webhook", "email"]
# Without a length, ``$`` lets a final line feed pass.
Clock = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", max_length=5)]
ServiceId = Annotated[
    str,
    Meta(pattern=r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$", max_length=36),
]


class Wanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What goes where."""

    name: Annotated[str, Meta(min_length=1, max_length=80)]
    channel: Channel
    url: Url | None = None
    addresses: Annotated[tuple[MailAddress, ...], Meta(max_length=20)] = ()
    events: Annotated[tuple[NoticeType, ...], Meta(min_length=1, max_length=20)] = ("ticket_near", "patient_called")
    services: Annotated[tuple[ServiceId, ...], Meta(max_length=500)] = ()
    """Only notices of these services (ids); empty: of all."""
    quiet_from: Clock | None = None
    """From this local time until ``quiet_to`` nothing but alerts is sent; what happens then is left out."""
    quiet_to: Clock | None = None
    expire_minutes: Annotated[int, Meta(ge=1, le=10_080)] | None = None
    """A notice that could not be sent for so many minutes is left out: nobody needs to hear of yesterday's call."""


class DeadLetter(msgspec.Struct, frozen=True, gc=False):
    """A notice that was given up: its id, what it was about, and why. Times in µs."""

    id: str
    type: str
    subject: str
    reason: str
    tries: int
    happened_at: int
    given_up_at: int


class DestinationAdded(Event, frozen=True):
    """R1, R2: what happens after ``time`` is sent."""

    id: str
    wanted: Wanted
    secret: Private
    time: int


class DestinationChanged(Event, frozen=True):
    """Replaced whole."""

    wanted: Wanted


class DestinationPaused(Event, frozen=True):
    """R4. ``reason``: ``asked``, or ``gone`` when the receiver said that it wants no more."""

    reason: str
    time: int


class DestinationResumed(Event, frozen=True):
    """R4. ``since``: what happened until then (µs) is left out, 0 when nothing is."""

    since: int
    time: int


class SecretRenewed(Event, frozen=True):
    """R5: the old one is used until ``overlap_until`` (µs)."""

    secret: Private
    overlap_until: int


class NoticesSettled(Event, frozen=True):
    """R2, R3: how far a destination has come. ``opened`` are new ones that lag behind the cursor."""

    cursor: int
    opened: tuple[str, ...] = ()
    settled: tuple[str, ...] = ()
    dead: tuple[DeadLetter, ...] = ()
    delivered: int = 0
    left_out: int = 0


class LettersRetried(Event, frozen=True):
    """R3: these dead letters are open again."""

    letters: tuple[str, ...]


class DestinationRemoved(Event, frozen=True):
    """R6."""

    id: str
    time: int


DestinationEvent = (
    DestinationAdded
    | DestinationChanged
    | DestinationPaused
    | DestinationResumed
    | SecretRenewed
    | NoticesSettled
    | LettersRetried
    | DestinationRemoved
)


class TooManyDestinations(Rejected):
    """A hospital has ``MAX_DESTINATIONS`` of them."""

    code = "too_many_destinations"


class TooManyOpen(Rejected):
    """R3: as many notices are open as may be."""

    code = "too_many_open_notices"
    rule = "R3"


class Create(msgspec.Struct, frozen=True):
    """Asked by ``AddDestination``."""

    wanted: Wanted


class Revise(msgspec.Struct, frozen=True):
    """Asked by ``ChangeDestination``."""

    wanted: Wanted
    active: bool
    from_now: bool
    if_version: int | None


class RenewSecret(msgspec.Struct, frozen=True):
    """Asked by ``RotateSecret``."""


class Settle(msgspec.Struct, frozen=True):
    """Asked by ``AdvanceCursor``. ``gone``: the receiver wants no more."""

    cursor: int
    opened: tuple[str, ...]
    settled: tuple[str, ...]
    dead: tuple[DeadLetter, ...]
    delivered: int
    left_out: int
    gone: bool


class Retry(msgspec.Struct, frozen=True):
    """Asked by ``RetryDeadLetter`` and ``RetryDeadLetters`` (``None``: as many as may be, the oldest first)."""

    letter_id: str | None


class Remove(msgspec.Struct, frozen=True):
    """Asked by ``RemoveDestination``."""

    if_version: int | None


DestinationCommand = Create | Revise | RenewSecret | Settle | Retry | Remove


class Destination(msgspec.Struct):
    """State. ``open`` are ids behind the cursor, in order; ``version`` counts no deliveries."""

    id: str
    wanted: Wanted | None = None
    # No text as a default: the one value would be sealed with the key of whichever hospital comes first.
    secret: Private | None = None
    old_secret: Private | None = None
    old_until: int = 0
    paused: str = ""
    since: int = 0
    cursor: int = 0
    open: list[str] = []
    dead: list[DeadLetter] = []
    dead_dropped: int = 0
    delivered: int = 0
    left_out: int = 0
    created_at: int = 0
    removed_at: int = 0
    version: int = 0


class DestinationView(Wanted, frozen=True):
    """A destination as answered: never with its secret. ``paused``: why nothing is sent, ``null`` while active."""

    id: str
    active: bool
    paused: str | None
    cursor: int
    open: int
    dead_letters: int
    dead_letters_dropped: int
    delivered: int
    left_out: int
    created_at: datetime
    version: int


class SecretView(DestinationView, frozen=True):
    """The one answer in which a secret is told."""

    secret: Private


def destination_key(destination_id: str) -> str:
    """The actor of a destination."""
    return f"destination:{destination_id}"


def destination_view(state: Destination) -> DestinationView:
    """The destination as answered."""
    return DestinationView(**_shown(state))


def secret_view(state: Destination) -> SecretView:
    """The same, with the secret that was just made."""
    return SecretView(**_shown(state), secret=secret_of(state))


def secret_of(state: Destination) -> Private:
    """The secret of a destination that exists."""
    assert state.secret is not None, "a destination without a secret"
    return state.secret


def _shown(state: Destination) -> dict[str, Any]:
    return {
        **msgspec.structs.asdict(wanted_of(state)),
        "id": state.id,
        "active": not state.paused,
        "paused": state.paused or None,
        "cursor": state.cursor,
        "open": len(state.open),
        "dead_letters": len(state.dead),
        "dead_letters_dropped": state.dead_dropped,
        "delivered": state.delivered,
        "left_out": state.left_out,
        "created_at": calendar.moment(state.created_at),
        "version": state.version,
    }


def wanted_of(state: Destination) -> Wanted:
    """What a destination that exists wants."""
    assert state.wanted is not None, "a destination that wants nothing"
    return state.wanted


def in_use(state: Destination | None) -> Destination:
    """The destination, if known and not removed (R6)."""
    if state is None or not state.version or state.removed_at:
        raise NotFound("there is no such destination")
    return state
