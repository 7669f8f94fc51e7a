"""What can happen to a clinic. Names and fields are for ever; new fields carry defaults. Times are µs."""

from __future__ import annotations

from engine.actors.clinic.state import ClinicSettings
from engine.decider import Event
from engine.rules.kinds import Rule
from engine.rules.subject import RoomProfile


class ClinicOpened(Event, frozen=True):
    """A clinic of the hospital."""

    name: str
    settings: ClinicSettings
    time: int
    id: str = ""


class ClinicChanged(Event, frozen=True):
    """Its name and settings, replaced whole."""

    name: str
    settings: ClinicSettings


class ClinicRetired(Event, frozen=True):
    """It is no longer used; its history stays."""


class RoomListed(Event, frozen=True):
    """A room is the clinic's, or is not what it was."""

    profile: RoomProfile


class RoomDelisted(Event, frozen=True):
    """A room was retired."""

    room_id: str


class RulesDrafted(Event, frozen=True):
    """A draft was begun from the version in force (0: from nothing)."""

    from_version: int


class RuleDrafted(Event, frozen=True):
    """A rule of the draft, new or in place of the one of the same id."""

    rule: Rule


class RuleDropped(Event, frozen=True):
    """A rule left the draft."""

    rule_id: str


class DraftDiscarded(Event, frozen=True):
    """The draft is gone; what is in force stays."""


class RulesActivated(Event, frozen=True):
    """These rules are in force from now on, the version before is archived; the draft, if it was one, is gone."""

    number: int
    rules: tuple[Rule, ...]
    time: int
    by: str = ""
    from_draft: bool = True


class RuleFailed(Event, frozen=True):
    """A rule could not be evaluated for some rooms, which therefore could not be had; noted once for a decision."""

    rule_id: str
    rule_version: int
    rooms: int
    first_room: str
    error: str = ""
    """The kind of error, no text of it."""
    time: int = 0


ClinicEvent = (
    ClinicOpened
    | ClinicChanged
    | ClinicRetired
    | RoomListed
    | RoomDelisted
    | RulesDrafted
    | RuleDrafted
    | RuleDropped
    | DraftDiscarded
    | RulesActivated
    | RuleFailed
)
