"""What an admitted patient needs, and what others in the room must agree with: the words that wards, the roster and
admissions share.

Nothing here names a person. Gender and age stand as the coarse classes by which beds are given; the record itself,
and with it the date of birth, stays sealed where it is.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from engine.decider import FreeText

Acuity = Literal["critical", "high", "medium", "low"]

RANK: Final[dict[Acuity, int]] = {"critical": 0, "high": 1, "medium": 2, "low": 3}
"""Lower comes first."""

Care = Literal["doctor", "nurse"]
"""The roles that every admitted patient is given one of."""

GenderClass = Literal["", "female", "male", "other"]
"""``""``: nobody knows; fits only where nobody asks."""

AgeGroup = Literal["", "child", "adult"]

Reason = Literal["", "no_staff", "no_skill", "no_bed", "timeout"]
"""Why somebody waits: nobody of the role is free, nobody free has the skill, no bed fits, no decision in time."""


class Because(FreeText):
    """Why somebody overrides what would be done by itself: no mere letter, 10 characters at least."""

    __slots__ = ()
    min_length = 10


class Need(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """What one admission asks for. Patients with equal needs can be served by the same things."""

    doctor_skills: tuple[str, ...] = ()
    nurse_skills: tuple[str, ...] = ()
    needs_bed: bool = True
    ward_id: str = ""
    """``""``: any ward of the hospital that fits."""
    bed_type: str = ""
    equipment: tuple[str, ...] = ()
    """All of it, none missing."""
    isolation: str = ""
    """What the patient is isolated for; shares a room only with those of the same. ``""``: not isolated."""
    gender: GenderClass = ""
    age_group: AgeGroup = ""
    age: int = -1
    """Whole years on the day of the admission; -1: nobody knows."""


class Carers(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, gc=False):
    """Who and what a patient has. ``""``: none (yet, or any more)."""

    doctor_id: str = ""
    nurse_id: str = ""
    ward_id: str = ""
    bed_id: str = ""
