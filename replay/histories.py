"""All that happened to one patient, over all actors, in order: told of everything that was ever his or hers.

A ticket's call names the ticket and no patient. So first whatever belongs to the patient is gathered (tokens, tickets,
appointments, admissions, referrals, and records that were merged), then every event that names any of it is told.
"""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any, Final

import msgspec

from engine.actors.patient import PatientAbsorbed
from engine.eventlog.entry import checked
from replay.selecting import Reading, Wanted
from replay.showing import Showing

_UUID: Final = re.compile(rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")

_OWNED: Final = ("token_id", "entry_id", "ticket_id", "appointment_id", "admission_id", "referral_id", "hold_id")
"""Fields that name something of the patient whose id stands beside them."""
_OWN: Final = ("slot", "clinic_day", "service", "service_day", "admission", "referral", "intake")
"""Kinds of actors whose events about something of a patient name the patient too."""


class Happened(msgspec.Struct, frozen=True):
    """One entry as far as it is about the patient: ``events`` are (actor, event)."""

    entry: Any
    events: tuple[tuple[str, Any], ...]


class Owned:
    """What belongs to one patient: ``ids`` are all of it, ``patients`` the records that are he or she."""

    def __init__(self, patient_id: str) -> None:
        self.patients = [patient_id]
        self.ids = {patient_id}

    async def gather(self, reading: Reading, until: int, advance: Callable[[int], None] = lambda _: None) -> None:
        """Go through the log once for each record of the patient."""
        for patient_id in self.patients:  # grows while merged records are met
            async with aclosing(reading.entries(Wanted(patient=patient_id), 1, until, advance)) as entries:
                async for entry in entries:
                    for change in entry.changes:
                        for event in change.events:
                            self._note(patient_id, change.actor, event)

    def _note(self, patient_id: str, actor: str, event: Any) -> None:
        kind, _, id = actor.partition(":")
        if isinstance(event, PatientAbsorbed):
            if id == patient_id and event.patient_id not in self.ids:
                self.patients.append(event.patient_id)
                self.ids.add(event.patient_id)
            return
        if kind in ("patient_day", "patient_referrals"):  # whose it is stands in the key
            if id.startswith(patient_id):
                self.ids.update(found for name in _OWNED if (found := getattr(event, name, "")))
            return
        if kind not in _OWN:
            return
        for thing in (event, *(getattr(event, name, None) for name in ("ticket", "appointment", "waiter", "turn"))):
            if getattr(thing, "patient_id", None) == patient_id:
                self.ids.update(found for name in _OWNED if (found := getattr(thing, name, "")))
                if thing is not event:
                    self.ids.add(getattr(thing, "id", patient_id))
                elif kind in ("admission", "referral"):
                    self.ids.add(id)


async def history(
    reading: Reading, patient_id: str, until: int, advance: Callable[[int], None] = lambda _: None
) -> AsyncGenerator[Happened, None]:
    """Every entry that is about the patient or anything of his or hers, in order; refused commands too."""
    owned = Owned(patient_id)
    await owned.gather(reading, until, advance)
    ids = {id.encode() for id in owned.ids}
    async with aclosing(reading.records(1, until, advance)) as records:
        async for _, record in records:
            if ids.isdisjoint(_UUID.findall(record)):
                continue
            entry = reading.codec.decode(checked(record))
            events = tuple(
                (change.actor, event)
                for change in entry.changes
                for event in change.events
                if not ids.isdisjoint(_UUID.findall(change.actor.encode() + reading.codec.freeze(event)))
            )
            if events or entry.refusal is not None:
                yield Happened(entry, events)


async def shown(showing: Showing, happened: Happened) -> dict[str, Any]:
    """For JSON and for ``lines``: the entry, with the events that are about the patient alone."""
    whole = await showing.entry(happened.entry)
    whole.pop("changes", None)
    events = [{"actor": actor, "event": await showing.value(event)} for actor, event in happened.events]
    return {**whole, "events": events}
