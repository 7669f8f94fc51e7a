"""What wards and room mates ask of a patient, from the patient's own record: no more than the coarse classes.

R1  female, f, w, woman → ``female``; male, m, man → ``male``; any other word → ``other``; no word → unknown.
R2  The age is in whole years on the local day; under ``policy.child_age`` a patient is a child.
"""

from __future__ import annotations

from datetime import date
from typing import Final, NamedTuple

from engine import calendar
from engine.actors.hospital import Hospital
from engine.actors.patient import Patient, in_use, patient_key
from engine.decider import Look
from engine.decisions.finding import Deciding
from engine.needs import AgeGroup, GenderClass

_WORDS: Final[dict[str, GenderClass]] = {
    "": "",
    **dict.fromkeys(("female", "f", "w", "woman"), "female"),
    **dict.fromkeys(("male", "m", "man"), "male"),
}


class Traits(NamedTuple):
    """What is known of a patient; the names of the fields are those of ``Need``."""

    gender: GenderClass
    age_group: AgeGroup
    age: int


def traits(patient_id: str, hospital: Hospital, time: int) -> Deciding[Traits]:
    """R1, R2. Refuses an unknown patient, and a record that was removed or merged into another."""
    state: Patient | None = yield Look(patient_key(patient_id))
    known = in_use(state)
    gender = known.gender.text if known.gender is not None else ""
    dob = known.dob.text if known.dob is not None else ""
    return of_record(gender, dob, calendar.local_day(time, hospital.time_zone), hospital.policy.child_age)


def of_record(gender: str, dob: str, today: str, child_age: int) -> Traits:
    """R1, R2."""
    folded = _WORDS.get(gender.strip().casefold(), "other")
    if not dob:
        return Traits(folded, "", -1)
    born, now = date.fromisoformat(dob), date.fromisoformat(today)
    age = now.year - born.year - ((now.month, now.day) < (born.month, born.day))
    return Traits(folded, "child" if age < child_age else "adult", age)
