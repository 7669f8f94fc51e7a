"""A weekly template: on which days, from when to when on the hospital's clocks, a doctor's slots are made.

It knows which days it has made a slot for, and nothing of what became of those slots.

R1  A template has at least one weekday, ends its validity not before it begins, and names no date twice.
R2  A slot that ends at or before its start on the clock ends on the next day.
R3  A holiday of the hospital wins over an exception, an exception over the week; an exception is a day off, or
    other times, also on a day that the week leaves out.
R4  For one day a template makes a slot once, whatever becomes of it; a change counts for days not yet made.
R5  A removed template stays readable, makes nothing and can no longer be changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Annotated, Any, Literal, assert_never

import msgspec
from msgspec import Meta

from engine import calendar
from engine.actors.hospital import Category
from engine.decider import At, Decider, Event
from engine.errors import Invalid, NotFound, Rejected, Stale

Weekday = Literal["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]
WEEK: tuple[Weekday, ...] = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")

# Without a length, ``$`` lets a final line feed pass.
WallTime = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", max_length=5)]
"""A time on the hospital's clocks, ``HH:MM``."""


class DayException(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A date on which the week does not hold: off when no times are given (R3)."""

    date: date
    start_time: WallTime | None = None
    end_time: WallTime | None = None
    max_capacity: Annotated[int, Meta(ge=1, le=10_000)] | None = None


class WeeklyPlan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When the slots are; times on the hospital's clocks, ``quotas`` regular tokens per tier."""

    weekdays: Annotated[tuple[Weekday, ...], Meta(min_length=1, max_length=7)]
    start_time: WallTime
    end_time: WallTime
    max_capacity: Annotated[int, Meta(ge=1, le=10_000)]
    valid_from: date
    valid_until: date | None = None
    exceptions: Annotated[tuple[DayException, ...], Meta(max_length=1_000)] = ()
    quotas: dict[Category, Annotated[int, Meta(ge=0, le=10_000)]] = {}


class TemplateAdded(Event, frozen=True):
    """A new template of a doctor."""

    id: str
    doctor_id: str
    plan: WeeklyPlan
    time: int


class TemplateChanged(Event, frozen=True):
    """The plan from now on, whole."""

    plan: WeeklyPlan


class TemplateRetired(Event, frozen=True):
    """R5."""

    time: int


class SlotsGenerated(Event, frozen=True):
    """R4: slot ids by day."""

    slots: dict[str, str]


TemplateEvent = TemplateAdded | TemplateChanged | TemplateRetired | SlotsGenerated


class TemplateGone(Rejected):
    """R5."""

    code = "template_retired"
    rule = "R5"


class CreateTemplate(msgspec.Struct, frozen=True):
    """Asked by ``AddSlotTemplate``."""

    doctor_id: str
    plan: WeeklyPlan


class ReviseTemplate(msgspec.Struct, frozen=True):
    """Asked by ``ChangeSlotTemplate``."""

    plan: WeeklyPlan
    if_version: int | None


class RetireTemplate(msgspec.Struct, frozen=True):
    """Asked by ``RemoveSlotTemplate``."""

    if_version: int | None


class NoteGenerated(msgspec.Struct, frozen=True):
    """Asked by ``GenerateSlots``: slot ids by day."""

    slots: dict[str, str]


TemplateCommand = CreateTemplate | ReviseTemplate | RetireTemplate | NoteGenerated


class SlotTemplate(msgspec.Struct):
    """State; times in µs, ``retired_at`` 0 while in use. ``generated`` maps a day to the slot made for it."""

    id: str
    doctor_id: str = ""
    plan: WeeklyPlan | None = None
    created_at: int = 0
    retired_at: int = 0
    generated: dict[str, str] = {}
    version: int = 0


class TemplateView(WeeklyPlan, frozen=True):
    """A template as answered; times in UTC but for the clock's."""

    id: str
    doctor_id: str
    created_at: datetime
    retired: bool
    version: int


class Shift(msgspec.Struct, frozen=True):
    """What one day asks for: an interval in µs and a capacity, or why there is none."""

    start: int = 0
    end: int = 0
    max_capacity: int = 0
    skipped: str = ""


def template_key(template_id: str) -> str:
    """The actor of a template."""
    return f"slot_template:{template_id}"


def template_view(state: SlotTemplate) -> TemplateView:
    """The template as answered."""
    plan = plan_of(state)
    return TemplateView(
        **{name: getattr(plan, name) for name in WeeklyPlan.__struct_fields__},
        id=state.id,
        doctor_id=state.doctor_id,
        created_at=calendar.moment(state.created_at),
        retired=bool(state.retired_at),
        version=state.version,
    )


def plan_of(state: SlotTemplate) -> WeeklyPlan:
    """The plan of a template that exists."""
    assert state.plan is not None, "a template without a plan"
    return state.plan


def in_use(state: SlotTemplate | None) -> SlotTemplate:
    """The template, if known and not removed (R5)."""
    if state is None or not state.version:
        raise NotFound("there is no such slot template")
    if state.retired_at:
        raise TemplateGone("the slot template was removed", template_id=state.id)
    return state


def shift_on(plan: WeeklyPlan, day: date, holidays: frozenset[date], time_zone: str) -> Shift | None:
    """R2, R3: what the plan asks for on a local day, ``None`` when it says nothing about it."""
    if day < plan.valid_from or (plan.valid_until is not None and day > plan.valid_until):
        return None
    exception = next((one for one in plan.exceptions if one.date == day), None)
    if exception is None and WEEK[day.weekday()] not in plan.weekdays:
        return None
    if day in holidays:
        return Shift(skipped="holiday")
    start_time, end_time, capacity = plan.start_time, plan.end_time, plan.max_capacity
    if exception is not None:
        if exception.start_time is None or exception.end_time is None:
            return Shift(skipped="day_off")
        start_time, end_time = exception.start_time, exception.end_time
        capacity = exception.max_capacity or capacity
    last_day = day if end_time > start_time else date.fromordinal(day.toordinal() + 1)
    start = calendar.at_local(day, time.fromisoformat(start_time), time_zone)
    end = calendar.at_local(last_day, time.fromisoformat(end_time), time_zone)
    if start is None or end is None:
        return Shift(skipped="no_such_local_time")
    return Shift(start, end, capacity)


def decide(state: SlotTemplate, command: TemplateCommand, at: At) -> Iterable[TemplateEvent]:
    """The events of a command to a template."""
    if isinstance(command, CreateTemplate):
        assert not state.version, "ids are given once"
        _meaningful(command.plan)
        return [TemplateAdded(id=state.id, doctor_id=command.doctor_id, plan=command.plan, time=at.time)]
    in_use(state)
    match command:
        case NoteGenerated():
            assert not command.slots.keys() & state.generated.keys(), "R4: a day is made once"
            return [SlotsGenerated(slots=command.slots)] if command.slots else []
        case ReviseTemplate():
            _fresh(state, command.if_version)
            _meaningful(command.plan)
            return [TemplateChanged(plan=command.plan)] if command.plan != state.plan else []
        case RetireTemplate():
            _fresh(state, command.if_version)
            return [TemplateRetired(time=at.time)]
        case _:
            assert_never(command)


def _fresh(state: SlotTemplate, if_version: int | None) -> None:
    if if_version is not None and if_version != state.version:
        raise Stale("the slot template has changed", version=state.version)


def _meaningful(plan: WeeklyPlan) -> None:
    """R1, R3."""
    calendar.checked(plan.valid_from, "valid_from")
    if plan.valid_until is not None and calendar.checked(plan.valid_until, "valid_until") < plan.valid_from:
        raise Invalid("valid_until is not before valid_from", field="valid_until")
    if len(set(plan.weekdays)) < len(plan.weekdays):
        raise Invalid("a weekday is named once", field="weekdays")
    seen: set[date] = set()
    for index, one in enumerate(plan.exceptions):
        field = f"exceptions[{index}]"
        if calendar.checked(one.date, f"{field}.date") in seen:
            raise Invalid("a date has one exception", field=f"{field}.date")
        seen.add(one.date)
        if (one.start_time is None) != (one.end_time is None):
            raise Invalid("other times are both given, or neither for a day off", field=field)


def evolve(state: SlotTemplate, event: TemplateEvent) -> None:
    """The state after an event."""
    state.version += 1
    match event:
        case TemplateAdded():
            state.id, state.doctor_id, state.plan, state.created_at = event.id, event.doctor_id, event.plan, event.time
        case TemplateChanged():
            state.plan = event.plan
        case TemplateRetired():
            state.retired_at = event.time
        case SlotsGenerated():
            state.generated.update(event.slots)
        case _:
            assert_never(event)


def _filed(event: TemplateEvent) -> Iterable[tuple[str, str, bool]]:
    return (("templates", event.id, True),) if isinstance(event, TemplateAdded) else ()


SLOT_TEMPLATE: Decider[Any] = Decider(
    kind="slot_template",
    events=(TemplateAdded, TemplateChanged, TemplateRetired, SlotsGenerated),
    initial=SlotTemplate,
    decide=decide,
    evolve=evolve,
    state=SlotTemplate,
    files=lambda state: (("templates", state.id),),
    filed=_filed,
)
