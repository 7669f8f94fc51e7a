"""What a clinic keeps: its settings, its rooms as rules see them, and its rules in all their versions.

Of time it knows nothing: what is booked stands in the clinic's days. The profiles are those of the rooms themselves,
changed in the same decisions, so that a choice looks at one state and not at a thousand.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from engine.rules.caching import PolicyCache
from engine.rules.kinds import Rule
from engine.rules.subject import RoomProfile

MAX_ROOMS: Final = 2_000
"""Rooms of one clinic."""
MAX_RULES: Final = 200
"""Rules of one version."""
MAX_NAMED: Final = 20_000
"""Ids and words that the rules of one version name together; every version is an event of its own."""
KEPT_VERSIONS: Final = 50
"""Versions whose rules the state has; those before them stand in the log."""

Minutes = Annotated[int, Meta(ge=1, le=1_440)]


class ClinicSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the clinic books. Every field may be left out."""

    hold_minutes: Annotated[int, Meta(ge=1, le=60)] = 5
    """How long a held room is kept."""
    release_minutes: Annotated[int, Meta(ge=1, le=480)] | None = 15
    """Minutes from the start to when a patient who has not come counts as absent, and the room is free; null: never."""
    early_check_in_minutes: Minutes | None = None
    """How early a patient may check in; null: any time."""
    escalation_minutes: Minutes = 30
    """Within which somebody should have seen to an appointment without a room."""
    longest_minutes: Minutes = 720
    """Of one appointment."""
    alternatives: Annotated[int, Meta(ge=1, le=10)] = 3
    """How many are offered, of each kind."""
    search_hours: Annotated[int, Meta(ge=1, le=168)] = 24
    """How far from the wanted time other times are looked for."""


class RuleVersion(msgspec.Struct, frozen=True, kw_only=True):
    """The rules as they were put in force together; ``number`` counts from 1.

    Of a version older than ``KEPT_VERSIONS`` the state knows when it was in force; its ``rules`` stand in the log.
    """

    number: int
    rules: tuple[Rule, ...]
    count: int
    """How many rules it had."""
    activated_at: int
    activated_by: str = ""
    archived_at: int = 0
    """When the next one took its place; 0: in force."""


class ClinicRecord(msgspec.Struct):
    """State as it is stored. ``active``: number of the version in force, 0: none; ``draft``: None: nobody edits."""

    id: str
    name: str = ""
    settings: ClinicSettings = ClinicSettings()
    rooms: dict[str, RoomProfile] = {}
    """By id, retired ones left out."""
    versions: list[RuleVersion] = []
    """Oldest first, number 1 at the front; the last one is in force."""
    active: int = 0
    draft: dict[str, Rule] | None = None
    """By id, in the order in which they were added."""
    rule_ids: list[str] = []
    """Of all rules that there ever were, so that each is found for ever."""
    failed_at: int = 0
    """When a rule last failed."""
    rule_errors: int = 0
    """Rules that failed when a room was looked at, ever."""
    created_at: int = 0
    retired: bool = False
    version: int = 0
    """Of what somebody wrote; failures of rules do not count."""


class Clinic(ClinicRecord):
    """State with what can be made again from it."""

    by_patient: set[str] = set()
    """Rooms that are for some patients only, by gender or age."""
    policies: PolicyCache = msgspec.field(default_factory=PolicyCache)
    """Compiled rules."""

    @property
    def wants_patient(self) -> bool:
        """Whether some room is for some patients only."""
        return bool(self.by_patient)


RuleStatus = Literal["draft", "active", "archived"]


def clinic_key(clinic_id: str) -> str:
    """The actor of a clinic."""
    return f"clinic:{clinic_id}"
