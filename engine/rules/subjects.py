"""A question as rules see it: a wish, a doctor, a patient and a time on the hospital's clocks."""

from __future__ import annotations

from datetime import date, datetime

from engine import calendar
from engine.decider import MINUTE
from engine.rules.hours import DAY_MINUTES
from engine.rules.subject import Subject, Wish

_GENDERS = {
    "female": "female",
    "f": "female",
    "woman": "female",
    "girl": "female",
    "male": "male",
    "m": "male",
    "man": "male",
    "boy": "male",
    "other": "other",
    "x": "other",
    "diverse": "other",
    "non-binary": "other",
    "nonbinary": "other",
}


def subject_of(
    wish: Wish,
    doctor_id: str,
    patient_id: str,
    start: int,
    end: int,
    time_zone: str,
    *,
    gender: str = "",
    birth: str = "",
    last_room: str = "",
) -> Subject:
    """The question of one appointment. ``gender`` and ``birth`` (a date) as the patient's record has them.

    A gender in words that nobody knows stays as it is, and no room for one of the known ones is for it.
    """
    begins, ends = calendar.local_time(start, time_zone), calendar.local_time(end, time_zone)
    day = begins.date()
    told = gender.strip().casefold()
    return Subject(
        wish=wish,
        doctor_id=doctor_id,
        patient_id=patient_id,
        start=start,
        end=end,
        weekday=day.weekday(),
        from_minute=_minute(begins),
        # A minute that has begun counts: hours that close at 17:00 do not hold 17:00:30.
        to_minute=_minute(ends) + (ends.date() - day).days * DAY_MINUTES + (1 if end % MINUTE else 0),
        gender=_GENDERS.get(told, told),
        age=_age(birth, day),
        last_room=last_room,
    )


def _minute(local: datetime) -> int:
    return local.hour * 60 + local.minute


def _age(birth: str, day: date) -> int | None:
    """Whole years on that day; ``None`` where nobody knows. Born on 29 February: a year older on 1 March."""
    if not birth:
        return None
    born = date.fromisoformat(birth)
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
