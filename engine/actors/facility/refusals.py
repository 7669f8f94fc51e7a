"""Why a facility says no."""

from __future__ import annotations

from engine.errors import Rejected


class NameTaken(Rejected):
    """R2. Fact ``id``: what has the name."""

    code = "name_taken"
    rule = "R2"


class TooMany(Rejected):
    """R5. Fact ``limit``."""

    code = "too_many"
    rule = "R5"
