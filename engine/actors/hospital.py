"""The hospital itself: its name, time zone and policy, and what must be unique in all of it.

Its ``HospitalAdded`` is the first entry of the log. It knows which doctors have which specialization, so that
a decision can find a colleague, and which prefix of ticket codes is whose; nothing of slots, tokens or patients.

R1  A hospital is added once, under a known IANA time zone.
R2  A policy is replaced whole; its ranges are those of its types.
R3  A ticket prefix is the doctor's or service's for ever, also after he has left: a printed code never means another.
R4  A doctor is listed under his present specialization while he is not retired.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated, Any, Literal, assert_never

import msgspec
from msgspec import Meta

from engine import calendar
from engine.decider import At, Decider, Event, Private
from engine.errors import NotFound, Rejected, Stale
from engine.needs import Acuity

HOSPITAL = "hospital:self"

UUID = r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
Id = Annotated[str, Meta(pattern=UUID, max_length=36)]  # without a length, ``$`` lets a final line feed pass
"""The id of a thing in this hospital, as it stands in commands."""

Category = Literal["EMERGENCY", "PRIORITY_PAID", "FOLLOWUP", "ONLINE", "WALKIN"]
Minutes = Annotated[int, Meta(ge=0, le=10_080)]  # up to a week


class Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How one hospital works; every field may be left out. What restricts is off (``None``) by default."""

    double_booking: Literal["day", "doctor_day", "slot", "off"] = "day"
    """Of what a patient may have one active token: the local day, the doctor's day, the slot, or no limit."""
    promotion: Literal["auto", "offer"] = "auto"
    """Whether the next of the waiting list gets a free place at once, or is offered it."""
    offer_minutes: Annotated[int, Meta(ge=1, le=1_440)] = 15
    """How long an offered place is kept, in minutes."""
    no_show_grace_minutes: Annotated[int, Meta(ge=0, le=480)] = 15
    """Minutes after the estimated time at which an absent patient is marked by itself; 0: never."""
    late_minutes: Annotated[int, Meta(ge=0, le=480)] = 30
    """Minutes after the mark within which a late patient gets his old place back if a seat is left."""
    hold_minutes: Annotated[int, Meta(ge=1, le=60)] = 5
    """How long a held seat is kept, in minutes."""
    overbook_pct: Annotated[int, Meta(ge=0, le=100)] = 0
    """Regular tokens beyond a slot's capacity, in percent of it."""
    max_wait_minutes: dict[Category, Annotated[int, Meta(ge=1, le=1_440)]] = {}
    """Per tier, minutes since arrival after which a patient comes next after the emergencies."""
    early_check_in_minutes: Minutes | None = None
    """How many minutes before the slot a patient may check in at the earliest."""
    book_max_days_ahead: Annotated[int, Meta(ge=0, le=1_000)] | None = None
    """How many days before the slot's day it may be booked at the earliest."""
    book_min_minutes_ahead: Minutes | None = None
    """How many minutes before the slot it may be booked at the latest."""
    max_active_tokens_per_patient: Annotated[int, Meta(ge=1, le=1_000)] | None = None
    """Active tokens that one patient may have at a time, those of all days counted together."""
    patient_overlap: bool = False
    """Whether slots of two doctors that overlap in time are refused to one patient."""
    quota_release_minutes: Minutes | None = None
    """Minutes before the slot at which places kept for a tier are open to all."""
    max_reschedules: Annotated[int, Meta(ge=0, le=100)] | None = None
    """How often one token may be rescheduled."""
    undo_minutes: Annotated[int, Meta(ge=0, le=60)] = 2
    """Minutes within which a step can be undone; 0: never."""
    max_calls: Annotated[int, Meta(ge=1, le=100)] = 3
    """Calls without an answer after which a patient is marked as no-show."""
    holidays: Annotated[tuple[date, ...], Meta(max_length=1_000)] = ()
    """Local dates on which no slot is made from a template; a slot opened by hand is allowed."""
    assignment_retry_minutes: Annotated[int, Meta(ge=1, le=240)] = 5
    """Minutes after which an assignment that was not decided in time is tried again; doubles each time, to an hour."""
    assignment_max_retries: Annotated[int, Meta(ge=0, le=100)] = 5
    """Retries in vain after which somebody is told instead."""
    doctor_first: tuple[Acuity, ...] = ("critical", "high")
    """Acuities for which a doctor is looked for before a nurse; for the others the nurse comes first."""
    rest_hours: Annotated[int, Meta(ge=0, le=48)] = 10
    """Hours between two shifts of one member of the staff, at least."""
    shift_end: Literal["warn", "handover"] = "warn"
    """Whether patients of somebody whose shift ends are listed in an alert, or handed over by themselves."""
    bed_reserve_minutes: Annotated[int, Meta(ge=1, le=10_080)] = 60
    """How long a bed is kept for somebody, unless said otherwise."""
    child_age: Annotated[int, Meta(ge=0, le=30)] = 16
    """Under this age (years) a patient counts as a child where children and adults do not share a room."""
    referral_expiry_days: Annotated[int, Meta(ge=1, le=1_000)] | None = 90
    """Days after which a referral that nobody began expires; null: never."""
    result_acknowledge_hours: Annotated[int, Meta(ge=1, le=1_000)] = 24
    """Hours after which a result that the referrer has not acknowledged is an alert."""


class HospitalAdded(Event, frozen=True):
    """R1. ``link_key`` (hex) signs the links of printed tickets."""

    id: str
    name: str
    time_zone: str
    policy: Policy
    link_key: Private
    time: int


class PolicyChanged(Event, frozen=True):
    """R2."""

    policy: Policy


class TicketPrefixGiven(Event, frozen=True):
    """R3, R4: a new doctor."""

    doctor_id: str
    prefix: str
    specialization: str


class ServicePrefixGiven(Event, frozen=True):
    """R3: a new service."""

    service_id: str
    prefix: str


class DoctorSpecialized(Event, frozen=True):
    """R4: a doctor's specialization changed."""

    doctor_id: str
    specialization: str


class DoctorLeft(Event, frozen=True):
    """R4."""

    doctor_id: str


HospitalEvent = HospitalAdded | PolicyChanged | TicketPrefixGiven | ServicePrefixGiven | DoctorSpecialized | DoctorLeft


class HospitalExists(Rejected):
    """R1."""

    code = "hospital_exists"
    rule = "R1"


class PrefixTaken(Rejected):
    """R3: another service or doctor prints its tickets so."""

    code = "prefix_taken"
    rule = "R3"


class CreateHospital(msgspec.Struct, frozen=True):
    """Asked by ``AddHospital``."""

    hospital_id: str
    name: str
    time_zone: str
    policy: Policy


class ReplacePolicy(msgspec.Struct, frozen=True):
    """Asked by ``ChangePolicy``."""

    policy: Policy
    if_version: int | None


class GivePrefix(msgspec.Struct, frozen=True):
    """Asked by ``AddDoctor``: gives one ``TicketPrefixGiven``."""

    doctor_id: str
    specialization: str


class GiveServicePrefix(msgspec.Struct, frozen=True):
    """Asked by ``AddService``: gives one ``ServicePrefixGiven``, of the wanted prefix or, without one, of the name."""

    service_id: str
    name: str
    wanted: str | None


class Specialize(msgspec.Struct, frozen=True):
    """Asked by ``UpdateDoctor``."""

    doctor_id: str
    specialization: str


class ForgetDoctor(msgspec.Struct, frozen=True):
    """Asked by ``RemoveDoctor``."""

    doctor_id: str


HospitalCommand = CreateHospital | ReplacePolicy | GivePrefix | GiveServicePrefix | Specialize | ForgetDoctor


class Hospital(msgspec.Struct):
    """State. ``doctors`` maps a doctor that is not retired to his specialization, oldest first."""

    id: str = ""
    name: str = ""
    time_zone: str = "UTC"
    policy: Policy = Policy()
    link_key: Private = msgspec.field(default_factory=lambda: Private("", ""))
    created_at: int = 0
    prefixes: dict[str, str] = {}
    doctors: dict[str, str] = {}
    version: int = 0
    policy_version: int = 0


class PolicyView(Policy, frozen=True):
    """The policy as answered; ``version`` counts changes of the policy alone."""

    version: int


class HospitalView(msgspec.Struct, frozen=True):
    """The hospital as answered; times in UTC."""

    id: str
    name: str
    time_zone: str
    policy: Policy
    created_at: datetime
    version: int


def hospital_view(state: Hospital) -> HospitalView:
    """What the network's administrator sees of a hospital."""
    return HospitalView(
        state.id, state.name, state.time_zone, state.policy, calendar.moment(state.created_at), state.version
    )


def policy_view(state: Hospital) -> PolicyView:
    """The policy and its version for ``If-Match``."""
    return PolicyView(**msgspec.structs.asdict(state.policy), version=state.policy_version)


def known(state: Hospital | None) -> Hospital:
    """The hospital, if it has been added."""
    if state is None or not state.version:
        raise NotFound("there is no such hospital")
    return state


def colleagues(state: Hospital, doctor_id: str) -> list[str]:
    """R4: the other doctors with this doctor's specialization, oldest first; spelling and case do not matter."""
    wanted = _folded(state.doctors.get(doctor_id, ""))
    if not wanted:
        return []
    return [id for id, special in state.doctors.items() if id != doctor_id and _folded(special) == wanted]


def decide(state: Hospital, command: HospitalCommand, at: At) -> Iterable[HospitalEvent]:
    """The events of a command to the hospital."""
    if isinstance(command, CreateHospital):
        return _create(state, command, at)
    known(state)
    match command:
        case ReplacePolicy():
            if command.if_version is not None and command.if_version != state.policy_version:
                raise Stale("the policy has changed", version=state.policy_version)
            return [PolicyChanged(policy=command.policy)] if command.policy != state.policy else []
        case GivePrefix():
            prefix = _free_prefix(command.specialization, state.prefixes)
            return [
                TicketPrefixGiven(doctor_id=command.doctor_id, prefix=prefix, specialization=command.specialization)
            ]
        case GiveServicePrefix():
            if command.wanted in state.prefixes:
                raise PrefixTaken("this prefix is in use", prefix=command.wanted)
            prefix = command.wanted or _free_prefix(command.name, state.prefixes)
            return [ServicePrefixGiven(service_id=command.service_id, prefix=prefix)]
        case Specialize():
            return [DoctorSpecialized(doctor_id=command.doctor_id, specialization=command.specialization)]
        case ForgetDoctor():
            return [DoctorLeft(doctor_id=command.doctor_id)]
        case _:
            assert_never(command)


def evolve(state: Hospital, event: HospitalEvent) -> None:
    """The state after an event."""
    state.version += 1
    match event:
        case HospitalAdded():
            state.id, state.name, state.time_zone = event.id, event.name, event.time_zone
            state.policy, state.link_key, state.created_at = event.policy, event.link_key, event.time
            state.policy_version = 1
        case PolicyChanged():
            state.policy = event.policy
            state.policy_version += 1
        case TicketPrefixGiven():
            state.prefixes[event.prefix] = event.doctor_id
            state.doctors[event.doctor_id] = event.specialization
        case ServicePrefixGiven():
            state.prefixes[event.prefix] = event.service_id
        case DoctorSpecialized():
            state.doctors[event.doctor_id] = event.specialization
        case DoctorLeft():
            state.doctors.pop(event.doctor_id, None)
        case _:
            assert_never(event)


def _create(state: Hospital, command: CreateHospital, at: At) -> list[HospitalEvent]:
    if state.version:
        raise HospitalExists("the hospital has been added already", hospital_id=state.id)
    calendar.zone(command.time_zone)
    return [
        HospitalAdded(
            id=command.hospital_id,
            name=command.name,
            time_zone=command.time_zone,
            policy=command.policy,
            link_key=Private(at.secret(0).hex(), ""),
            time=at.time,
        )
    ]


def _folded(specialization: str) -> str:
    return " ".join(specialization.casefold().split())


def _free_prefix(specialization: str, taken: dict[str, str]) -> str:
    """R3: ``CAR`` for Cardiology, then ``CA2``..``CA9``, ``C10``..; up to four characters, A-Z and 0-9."""
    plain = unicodedata.normalize("NFKD", specialization).upper()
    stem = "".join(letter for letter in plain if "A" <= letter <= "Z")[:3] or "DOC"
    if stem not in taken:
        return stem
    number = 2
    while True:
        digits = str(number)
        # Four characters hold one letter and three digits of every stem; past that, more digits than letters.
        prefix = stem[: max(1, (3 if number < 100 else 4) - len(digits))] + digits
        if prefix not in taken:
            return prefix
        number += 1


def check(state: Hospital) -> None:
    """What always holds."""
    assert set(state.doctors) <= set(state.prefixes.values()), "a doctor without a prefix"


HOSPITAL_DECIDER: Decider[Any] = Decider(
    kind="hospital",
    events=(HospitalAdded, PolicyChanged, TicketPrefixGiven, ServicePrefixGiven, DoctorSpecialized, DoctorLeft),
    initial=lambda _: Hospital(),
    decide=decide,
    evolve=evolve,
    check=check,
    state=Hospital,
)
