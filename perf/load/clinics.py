"""A clinic for a load, with rooms that differ and rules in force; made by the engine's own commands."""

from __future__ import annotations

from typing import Final

from engine.decisions.clinics import AddClinic
from engine.decisions.room_rules import ActivateRules, AddRule
from engine.decisions.rooms import AddRoom
from engine.rules.kinds import AnyRule, Continuity, EquipmentParsimony, LeastBusy
from perf.load.clinic_rules import hard_rules, room, soft_rules
from perf.load.founding import found_site
from perf.load.plan import Site
from perf.load.scenario import Founder

_FIRST: Final = (EquipmentParsimony, LeastBusy, Continuity)
"""The soft rules that a clinic with few of them has."""


async def found_clinic(
    founder: Founder, hospital: str, *, rooms: int, doctors: int, patients: int, hard: int = 1, soft: int = 2,
) -> Site:  # fmt: skip
    """A hospital with one clinic, so many rooms in it, and the first so many hard and soft rules in force."""
    site = await found_site(founder, hospital, doctors=doctors, patients=patients)
    await equip(founder, site, rooms, hard, soft)
    return site


async def equip(founder: Founder, site: Site, rooms: int, hard: int, soft: int) -> None:
    """A clinic for a hospital that has doctors."""
    [site.clinic] = await founder.make(site.hospital, [AddClinic(name="Clinic")])
    new = [AddRoom(clinic_id=site.clinic, **room(number)) for number in range(rooms)]
    site.rooms = await founder.make(site.hospital, new)
    specs = [*hard_rules()[:hard], *chosen_soft(site, soft)]
    if specs:
        await founder.make(site.hospital, [AddRule(clinic_id=site.clinic, rule=spec) for spec in specs])
        await founder.make(site.hospital, [ActivateRules(clinic_id=site.clinic)], "ok")


def chosen_soft(site: Site, count: int) -> list[AnyRule]:
    """So many soft rules; where they are few, one of each kind that weighs most on where a patient goes."""
    rules = soft_rules(site.rooms, site.doctors)
    leading = [next(rule for rule in rules if isinstance(rule, kind)) for kind in _FIRST]
    return [*leading, *(rule for rule in rules if rule not in leading)][:count]
