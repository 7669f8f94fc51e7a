"""A new hospital, and its policy."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from engine.actors.hospital import (
    HOSPITAL,
    CreateHospital,
    Policy,
    ReplacePolicy,
    hospital_view,
    known,
    policy_view,
)
from engine.decider import At, Deciding, Decision, Done, Look, Propose, Value


class AddHospital(Value, frozen=True):
    """Make a hospital: the first entry of its own log."""

    hospital_id: Annotated[str, Meta(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$(?!\n)")]
    """Short and lower case: it stands in the header ``Hospital-Id``."""
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    time_zone: Annotated[str, Meta(min_length=1, max_length=100)]
    """The IANA name, such as ``Asia/Kolkata``."""
    policy: Policy = Policy()


class ChangePolicy(Policy, frozen=True):
    """Replace the policy; a field that is left out takes its default."""

    if_version: int | None = None


def add(command: AddHospital, at: At) -> Deciding:
    """Add the hospital, unless it is there."""
    yield Propose(HOSPITAL, CreateHospital(command.hospital_id, command.name, command.time_zone, command.policy))
    return Done(lambda look: hospital_view(look(HOSPITAL)), "created")


def change_policy(command: ChangePolicy, at: At) -> Deciding:
    """Replace the policy."""
    known((yield Look(HOSPITAL)))
    policy = Policy(**{name: getattr(command, name) for name in Policy.__struct_fields__})
    yield Propose(HOSPITAL, ReplacePolicy(policy, command.if_version))
    return Done(lambda look: policy_view(look(HOSPITAL)))


ADD_HOSPITAL = Decision(command=AddHospital, run=add)
CHANGE_POLICY = Decision(command=ChangePolicy, run=change_policy)
