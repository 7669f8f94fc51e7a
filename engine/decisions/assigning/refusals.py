"""Why a doctor, a nurse or a bed cannot be had, where somebody asked for it and would rather be told than wait."""

from __future__ import annotations

from engine.errors import Rejected
from engine.needs import Reason


class NoStaff(Rejected):
    """Nobody of the role is free. Facts ``admission_id``, ``role``."""

    code = "no_staff"


class NoSkill(Rejected):
    """Nobody who is free has the skills. Facts ``admission_id``, ``role``."""

    code = "no_skill"


class NoBed(Rejected):
    """No bed fits that is free. Fact ``admission_id``."""

    code = "no_bed"


class NotInBed(Rejected):
    """The patient lies in no bed. Facts ``admission_id``, ``status``."""

    code = "not_in_bed"


def lacking(reason: Reason, admission_id: str, role: str = "") -> Rejected:
    """The refusal for what is missing."""
    if reason == "no_bed":
        return NoBed("no bed that fits is free", admission_id=admission_id)
    if reason == "no_skill":
        return NoSkill("nobody who is free has the skills", admission_id=admission_id, role=role)
    return NoStaff("nobody is free", admission_id=admission_id, role=role)
