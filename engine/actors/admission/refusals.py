"""Why an admission says no. The rules they name are listed in the package's docstring."""

from __future__ import annotations

from typing import ClassVar

from engine.errors import InvalidTransition, Rejected


class IllegalStep(InvalidTransition):
    """R2. Facts ``admission_id``, ``from_state`` and ``to_state``."""

    rule: ClassVar[str] = "R2"


class NotWaiting(Rejected):
    """R2. The patient has all that was asked for, or the admission is over. Facts ``admission_id``, ``status``."""

    code = "not_waiting"
    rule = "R2"


class BeforeAdmission(Rejected):
    """R5. Nobody leaves before he came. Facts ``admission_id``, ``admitted_at`` (µs)."""

    code = "before_admission"
    rule = "R5"
