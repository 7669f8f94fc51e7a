"""What decisions ask of a facility. None of these is stored: the public command is, and the events are."""

from __future__ import annotations

import msgspec

from engine.actors.facility.state import Branch, LabTest


class Create(msgspec.Struct, frozen=True):
    """A new facility."""

    name: str


class Rename(msgspec.Struct, frozen=True):
    """Another name."""

    name: str
    if_version: int | None = None


class AddBranch(msgspec.Struct, frozen=True):
    """A branch more."""

    branch: Branch


class ReplaceBranch(msgspec.Struct, frozen=True):
    """The branch of the same id is otherwise; its version is given anew."""

    branch: Branch
    if_version: int | None = None


class AddTest(msgspec.Struct, frozen=True):
    """A test more."""

    test: LabTest


class ReplaceTest(msgspec.Struct, frozen=True):
    """The test of the same id is otherwise; its version is given anew."""

    test: LabTest
    if_version: int | None = None


FacilityCommand = Create | Rename | AddBranch | ReplaceBranch | AddTest | ReplaceTest
