"""What decisions ask of a clinic. None of these is stored."""

from __future__ import annotations

import msgspec

from engine.actors.clinic.state import ClinicSettings
from engine.rules.kinds import AnyRule
from engine.rules.subject import RoomProfile


class OpenClinic(msgspec.Struct, frozen=True):
    """Begin a clinic."""

    name: str
    settings: ClinicSettings


class ReplaceClinic(msgspec.Struct, frozen=True):
    """Another name and other settings."""

    name: str
    settings: ClinicSettings
    if_version: int | None = None


class RetireClinic(msgspec.Struct, frozen=True):
    """Use it no longer; refused (``in_use``) while it lists a room."""


class ListRoom(msgspec.Struct, frozen=True):
    """Have this room, or have it as it is now; refused (``clinic_full``) over ``MAX_ROOMS``."""

    profile: RoomProfile


class DelistRoom(msgspec.Struct, frozen=True):
    """Have this room no longer."""

    room_id: str


class DraftRule(msgspec.Struct, frozen=True):
    """Put a rule in the draft, which is begun if there is none. Checked for meaning: ``Invalid`` names the field."""

    rule_id: str
    spec: AnyRule
    new: bool
    """``False``: it must be in the draft, or in the version in force while there is none."""
    if_version: int | None = None
    """The clinic's."""


class DropRule(msgspec.Struct, frozen=True):
    """Take a rule out of the draft, which is begun if there is none."""

    rule_id: str
    if_version: int | None = None


class DiscardDraft(msgspec.Struct, frozen=True):
    """Forget the draft (``no_draft`` where there is none)."""


class Activate(msgspec.Struct, frozen=True):
    """Put the draft in force, or with ``version`` the rules of an earlier version as a new one."""

    by: str
    version: int | None = None


class NoteFailures(msgspec.Struct, frozen=True):
    """Write down that rules failed: (rule id, how many rooms, the first of them, the kind of error)."""

    rule_version: int
    failures: tuple[tuple[str, int, str, str], ...]


ClinicCommand = (
    OpenClinic
    | ReplaceClinic
    | RetireClinic
    | ListRoom
    | DelistRoom
    | DraftRule
    | DropRule
    | DiscardDraft
    | Activate
    | NoteFailures
)
