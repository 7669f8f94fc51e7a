"""Who asks: whether the credential is a practitioner's or a technician's, and what that lets its owner do.

A record names the credential of the person it stands for. A credential that no record names (an administrator's, a
clerk's, another system's, the engine's own) is let pass: its role was asked at the door.

R1  A practitioner refers, changes, cancels and acknowledges for himself or herself, and for nobody else.
R2  A technician does the tests of his or her branches, and of no other.
R3  Where a practitioner has left, any other may take over what is open of the referrals.
"""

from __future__ import annotations

from typing import NamedTuple

from engine.actors import practitioner as practitioners
from engine.actors import technician as technicians
from engine.actors.practitioner import Practitioner, practitioner_key
from engine.actors.referral.state import Referral
from engine.actors.technician import Technician
from engine.decider import Find, Look
from engine.decisions.finding import Deciding
from engine.errors import Rejected


class Forbidden(Rejected):
    """R1, R2: somebody else may do this."""

    code = "forbidden"
    family = "forbidden"
    rule = "R1"


class Asker(NamedTuple):
    """The records that name the credential; none of them: nobody's own."""

    practitioner: Practitioner | None
    technician: Technician | None

    @property
    def linked(self) -> bool:
        """Whether it is known who this is."""
        return self.practitioner is not None or self.technician is not None


def the_asker(principal: str) -> Deciding[Asker]:
    """The records of this principal."""
    practitioner: Practitioner | None = None
    technician: Technician | None = None
    key: str | None = yield Find(practitioners.PRINCIPALS, principal)
    if key is not None:
        practitioner = yield Look(key)
    key = yield Find(technicians.PRINCIPALS, principal)
    if key is not None:
        technician = yield Look(key)
    return Asker(practitioner, technician)


def is_referrer(asker: Asker, practitioner_id: str) -> Deciding[bool]:
    """R1, R3."""
    if not asker.linked:
        return True
    if asker.practitioner is None:
        return False
    if asker.practitioner.id == practitioner_id:
        return True
    referrer: Practitioner | None = yield Look(practitioner_key(practitioner_id))
    return referrer is not None and bool(referrer.retired_at)


def works_at(asker: Asker, branch_id: str) -> bool:
    """R2."""
    return not asker.linked or (asker.technician is not None and branch_id in asker.technician.profile.branch_ids)


def must_be_referrer(asker: Asker, referral: Referral) -> Deciding[None]:
    """R1, R3."""
    if not (yield from is_referrer(asker, referral.practitioner_id)):
        raise Forbidden("the referral is another practitioner's", referral_id=referral.id)


def must_work_there(asker: Asker, referral: Referral) -> None:
    """R2."""
    if not works_at(asker, referral.branch_id):
        raise Forbidden("the referral is at a branch where you do not work", referral_id=referral.id)


def must_be_concerned(asker: Asker, referral: Referral) -> Deciding[None]:
    """R1, R2: the referrer, or somebody of the branch."""
    if not works_at(asker, referral.branch_id):
        yield from must_be_referrer(asker, referral)
