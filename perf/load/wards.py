"""A hospital with wards and staff for a load, and what is done with patients there: admit, discharge, clean.

Patients are women and men in equal parts, who do not share a room. One in ten is critical: intensive care, a
ventilator, and a doctor and a nurse who know how.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec

from engine.actors.patient import BirthDate, Gender
from engine.decider import PersonName
from engine.decisions.admissions import AdmitPatient
from engine.decisions.beds import AddBed
from engine.decisions.patients import RegisterPatient
from engine.decisions.staff import AddStaff
from engine.decisions.wards import AddWard
from engine.needs import Acuity
from perf.load.plan import MADE, Site, Step
from perf.load.scenario import Founder

_ACUITIES: Final[tuple[Acuity, ...]] = (
    "critical", "high", "medium", "low", "medium", "high", "low", "medium", "low", "medium",
)  # fmt: skip
_INTENSIVE: Final = "intensive care"
_VENTILATOR: Final = "ventilator"
_BEDS: Final = 50
"""Of a ward."""
_ROOM: Final = 4
"""Beds of a room."""
_EVERY: Final = 5
"""Of so many, one is for intensive care: rooms, doctors, nurses."""

_MAY_BE_DONE: Final = frozenset({200, 409})
"""Whoever waits still cannot be discharged, and a bed in which somebody lies is not cleaned: told at once, no error."""


async def found_wards(
    founder: Founder, hospital: str, *, patients: int, beds: int, doctors: int, nurses: int, doctor_load: int = 20,
    nurse_load: int = 8,
) -> Site:  # fmt: skip
    """A hospital with so many of each, every doctor and nurse on duty."""
    await founder.add(hospital)
    site = Site(hospital)
    site.patients = await founder.make(hospital, [_patient(number) for number in range(patients)])
    count = -(-beds // _BEDS)
    wards = [AddWard(name=f"Ward {number + 1}", specialty="medicine", cleaning_minutes=30) for number in range(count)]
    made = await founder.make(hospital, wards)
    site.beds = await founder.make(hospital, [_bed(made, number) for number in range(beds)])
    await founder.make(hospital, [*_staff("doctor", doctors, doctor_load), *_staff("nurse", nurses, nurse_load)])
    return site


def admission(patient_id: str, number: int) -> AdmitPatient:
    """What this patient needs."""
    acuity = _ACUITIES[number % len(_ACUITIES)]
    needs: dict[str, Any] = {}
    if acuity == "critical":
        needs = {
            "bed_type": _INTENSIVE,
            "equipment": (_VENTILATOR,),
            "doctor_skills": (_INTENSIVE,),
            "nurse_skills": (_INTENSIVE,),
        }
    else:
        needs = {"bed_type": "general"}
    return AdmitPatient(patient_id=patient_id, acuity=acuity, **needs)


def admit(patient_id: str, number: int, op: str) -> Step:
    """The request for it; who waits is answered the same way."""
    return Step(op, "POST", "/admissions/", msgspec.json.encode(admission(patient_id, number)).decode(), MADE,
                made="admissions")  # fmt: skip


def discharge(after: float) -> Step:
    """The patient of this chain leaves, if he or she was given a bed meanwhile."""
    return Step("discharge", "POST", "/admissions/{}/discharge/", "{}", _MAY_BE_DONE, offset=after)


def clean(bed_id: str) -> Step:
    """The bed is clean, if somebody has left it."""
    return Step("clean", "POST", f"/beds/{bed_id}/clean/", "{}", _MAY_BE_DONE)


def _patient(number: int) -> RegisterPatient:
    gender = Gender(("female", "male")[number % 2])
    return RegisterPatient(name=PersonName(f"Asha Rao {number}"), gender=gender, dob=BirthDate("1980-05-17"))


def _bed(wards: list[str], number: int) -> AddBed:
    ward, place = divmod(number, _BEDS)
    intensive = number // _ROOM % _EVERY == 2
    return AddBed(
        ward_id=wards[ward],
        label=f"{place + 1}",
        room=f"{place // _ROOM + 1}",
        type=_INTENSIVE if intensive else "general",
        equipment=("monitor", _VENTILATOR) if intensive else (),
    )


def _staff(role: Any, count: int, max_load: int) -> Iterator[AddStaff]:
    for number in range(count):
        skills = (_INTENSIVE,) if number % _EVERY == 0 else ()
        yield AddStaff(name=PersonName(f"{role.title()} {number + 1}"), role=role, skills=skills, max_load=max_load)
