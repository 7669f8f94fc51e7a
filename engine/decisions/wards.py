"""Wards: opened, changed, closed for good. What may lie in them is the ward's own to know.

R1  A ward that takes others than before, or lets others share rooms, takes who waits, in the same decision. Whom it
    would not take any more stays.
R2  A ward in which somebody lies, is expected, or for which somebody waits, is not closed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

from msgspec import Meta

from engine.actors.hospital import Id
from engine.actors.intake.state import INTAKE, Intake
from engine.actors.ward.commands import Create, Retire, Revise
from engine.actors.ward.decide import in_use
from engine.actors.ward.state import Ward, WardProfile, ward_key
from engine.actors.ward.view import WardView, ward_view
from engine.decider import At, Deciding, Decision, Done, Look, Propose, Value
from engine.decisions import finding
from engine.decisions.assigning.plan import Plan
from engine.errors import Invalid, NotFound, Rejected

Name = Annotated[str, Meta(min_length=1, max_length=120, pattern=r"\A[^\x00-\x1f\x7f]+\Z")]
Text = Annotated[str, Meta(max_length=120, pattern=r"\A[^\x00-\x1f\x7f]*\Z")]
Age = Annotated[int, Meta(ge=0, le=150)]


class WardFields(Value, frozen=True, kw_only=True):
    """What a ward is. What restricts nothing is left out."""

    name: Name
    specialty: Text = ""
    gender: Literal["female", "male"] | None = None
    mixed_rooms: bool = False
    min_age: Age | None = None
    max_age: Age | None = None
    mixed_ages: bool = False
    cleaning_minutes: Annotated[int, Meta(ge=0, le=1_440)] = 0


class AddWard(WardFields, frozen=True, kw_only=True):
    """Open a ward, without beds."""


class ChangeWard(WardFields, frozen=True, kw_only=True):
    """Replace what a ward is; who lies there stays."""

    ward_id: Id
    if_version: int | None = None


class RemoveWard(Value, frozen=True):
    """Close a ward for good, with its beds."""

    ward_id: Id
    if_version: int | None = None


class WardAwaited(Rejected):
    """R2. Facts ``ward_id``, and up to ten ``admission_ids`` of those who wait for a bed there."""

    code = "in_use"
    rule = "R2"


def add(command: AddWard, at: At) -> Deciding:
    """A new ward frees nothing before it has beds."""
    yield from finding.the_hospital()
    key = ward_key(at.new_id(0))
    yield Propose(key, Create(_profile(command)))
    return as_it_is(key, "created")


def change(command: ChangeWard, at: At) -> Deciding:
    """R1."""
    plan = Plan((yield from finding.the_hospital()), at)
    ward = yield from the_ward(command.ward_id)
    yield from plan.ward(ward.id, Revise(_profile(command), command.if_version))
    yield from plan.drain()
    yield from plan.propose()
    return as_it_is(ward_key(ward.id))


def remove(command: RemoveWard, at: At) -> Deciding:
    """R2."""
    yield from finding.the_hospital()
    ward = yield from the_ward(command.ward_id)
    in_use(ward, command.if_version)
    intake: Intake | None = yield Look(INTAKE)
    waiting = intake.waiting.values() if intake is not None else ()
    here = sorted(one.admission_id for one in waiting if ward.id in (one.need.ward_id, one.ward_id))
    if here:
        raise WardAwaited("somebody waits for the ward", ward_id=ward.id, admission_ids=here[:10])
    yield Propose(ward_key(ward.id), Retire(command.if_version))
    return Done(outcome="removed")


def the_ward(ward_id: str) -> finding.Deciding[Ward]:
    """The ward of this id, a closed one too."""
    ward: Ward | None = yield Look(ward_key(ward_id))
    if ward is None or not ward.version:
        raise NotFound("there is no such ward", field="ward_id", ward_id=ward_id)
    return ward


def as_it_is(key: str, outcome: str = "ok") -> Done:
    """The ward as the decision leaves it."""

    def answer(look: Callable[[str], Any]) -> WardView:
        return ward_view(look(key))

    return Done(answer, outcome)


def tidy(text: str, field: str) -> str:
    """Without blanks about it or doubled in it; ``Invalid`` when nothing is left."""
    words = " ".join(text.split())
    if not words:
        raise Invalid(f"{field} must not be blank", field=field)
    return words


def _profile(fields: WardFields) -> WardProfile:
    if fields.min_age is not None and fields.max_age is not None and fields.min_age > fields.max_age:
        raise Invalid("min_age is not above max_age", field="min_age")
    return WardProfile(
        name=tidy(fields.name, "name"),
        specialty=" ".join(fields.specialty.split()),
        gender=fields.gender or "",
        mixed_rooms=fields.mixed_rooms,
        min_age=fields.min_age,
        max_age=fields.max_age,
        mixed_ages=fields.mixed_ages,
        cleaning_minutes=fields.cleaning_minutes,
    )


def _home(command: Any, find: Callable[[str, str], str | None]) -> str | None:
    return find("wards", command.ward_id)


ADD_WARD = Decision(command=AddWard, run=add)
CHANGE_WARD = Decision(command=ChangeWard, run=change, home=_home)
REMOVE_WARD = Decision(command=RemoveWard, run=remove, home=_home)
