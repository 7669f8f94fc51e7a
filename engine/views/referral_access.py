"""Who may read a referral: who made it, the technicians of the branch where it is, and who watches over the house.

A credential is somebody's where the record of a practitioner or technician names it; its roles say whether it sees all.
"""

from __future__ import annotations

from typing import Final, cast

from engine.actors.practitioner import PRINCIPALS as PRACTITIONERS
from engine.actors.practitioner import Practitioner, practitioner_key
from engine.actors.referral.state import Referral
from engine.actors.technician import PRINCIPALS as TECHNICIANS
from engine.actors.technician import Technician, technician_key
from engine.errors import Invalid, NotFound, Rejected
from engine.views.reader import Reader

ALL: Final = frozenset({"admin", "auditor", "integration", "network", "system"})
"""Roles that see every referral of the hospital."""


class OutOfReach(Rejected):
    """It is there, and whoever asks has nothing to do with it."""

    code = "forbidden"
    family = "forbidden"


def outside(detail: str) -> OutOfReach:
    """A refusal that names nobody."""
    return OutOfReach(detail)


def sees_all(reader: Reader) -> bool:
    """Whether whoever asks may read every referral."""
    return not ALL.isdisjoint(reader.who.role.split("+"))


def must_see_all(reader: Reader) -> None:
    """``OutOfReach`` unless whoever asks may read every referral."""
    if not sees_all(reader):
        raise outside("this list is for those who may see every referral; ask for your own")


def check_readable(reader: Reader, referral: Referral) -> None:
    """``OutOfReach`` unless whoever asks may read this one: where it was before does not count."""
    if sees_all(reader) or reader.who.name == referral.created_by:
        return
    mine = own_practitioner(reader)
    if mine is not None and (mine.id == referral.practitioner_id or _has_left(reader, referral.practitioner_id)):
        return  # whose referrer has left may be taken over by any other
    works = own_technician(reader)
    if works is None or referral.branch_id not in works.profile.branch_ids:
        raise outside("this referral is neither yours nor at a branch of yours")


def known_practitioner(reader: Reader, practitioner_id: str | None) -> Practitioner:
    """The practitioner whose list is asked for: who asks, unless somebody else may be named."""
    mine = own_practitioner(reader)
    if practitioner_id is None:
        if mine is None:
            raise _nameless(reader, "practitioner_id", "you are no practitioner of this hospital")
        return mine
    if mine is not None and mine.id == practitioner_id:
        return mine
    if not sees_all(reader):
        raise outside("these are not your referrals")
    found = cast("Practitioner | None", reader.look(practitioner_key(practitioner_id)))
    if found is None:
        raise NotFound("there is no such practitioner", practitioner_id=practitioner_id)
    return found


def known_technician(reader: Reader, technician_id: str | None) -> Technician:
    """The technician whose list is asked for: who asks, unless somebody else may be named."""
    mine = own_technician(reader)
    if technician_id is None:
        if mine is None:
            raise _nameless(reader, "technician_id", "you are no technician of this hospital")
        return mine
    if mine is not None and mine.id == technician_id:
        return mine
    if not sees_all(reader):
        raise outside("these are not the referrals of your branches")
    found = cast("Technician | None", reader.look(technician_key(technician_id)))
    if found is None:
        raise NotFound("there is no such technician", technician_id=technician_id)
    return found


def own_practitioner(reader: Reader) -> Practitioner | None:
    """The practitioner whose credential asks."""
    key = reader.find(PRACTITIONERS, reader.who.name)
    return None if key is None else cast("Practitioner | None", reader.look(key))


def own_technician(reader: Reader) -> Technician | None:
    """The technician whose credential asks."""
    key = reader.find(TECHNICIANS, reader.who.name)
    return None if key is None else cast("Technician | None", reader.look(key))


def _has_left(reader: Reader, practitioner_id: str) -> bool:
    state = cast("Practitioner | None", reader.look(practitioner_key(practitioner_id)))
    return state is not None and bool(state.retired_at)


def _nameless(reader: Reader, field: str, detail: str) -> Rejected:
    return Invalid("required: this key is nobody's own", field=field) if sees_all(reader) else outside(detail)
