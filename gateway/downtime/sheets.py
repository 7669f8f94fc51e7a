"""What stands on the lists of a day: asked of a running gateway, one sheet per doctor, queue, clinic and ward.

Knows what is asked and what a person at a desk needs on paper; knows nothing of pages and files. Looking at a list is a
look at patients, and is written down as such.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from gateway.client import GatewayClient, Refusal

COLUMNS: Final = (
    "what", "id", "day", "time", "code", "place", "patient_id", "name", "phone", "dob", "arrived", "called", "started",
    "ended", "outcome", "counter", "reason",
)  # fmt: skip
"""Of a sheet as a table, and of what is entered afterwards: the same file goes out and comes back."""

OPEN: Final = ("CONFIRMED",)
TO_COME: Final = ("held", "booked", "checked_in", "in_progress")


class Line(msgspec.Struct, frozen=True):
    """One line: whom to expect. ``what``: ``token``, ``ticket``, ``appointment`` or ``bed``; times are local."""

    what: str
    id: str
    time: str = ""
    code: str = ""
    place: str = ""
    patient_id: str = ""
    name: str = ""
    phone: str = ""
    dob: str = ""
    arrived: str = ""
    called: str = ""
    started: str = ""
    note: str = ""


class Sheet(msgspec.Struct, frozen=True):
    """One page: of a doctor, a queue, a clinic or a ward."""

    kind: str
    name: str
    title: str
    day: str
    lines: list[Line]
    enters: str = ""
    """What a line added by hand is: ``walk-in`` or ``join``, nothing where none is."""
    place: str = ""
    """The id where it goes: the slot's or the service's."""


class Asking:
    """One hospital, asked for its sheets; patients are asked for once each."""

    def __init__(self, gateway: GatewayClient, hospital: Mapping[str, Any]) -> None:
        self._gateway = gateway
        self.hospital = hospital
        self.zone = ZoneInfo(hospital["time_zone"])
        self._patients: dict[str, Mapping[str, Any]] = {}

    async def sheets(self, day: date, now: datetime | None) -> AsyncIterator[Sheet]:
        """The sheets of a day. ``now``: it is today, which alone has queues, wards, and what goes on over midnight."""
        async for sheet in self._doctors(day, now):
            yield sheet
        async for sheet in self._clinics(day, now):
            yield sheet
        if now is not None:
            async for sheet in self._queues(day):
                yield sheet
            async for sheet in self._wards(day):
                yield sheet

    async def _doctors(self, day: date, now: datetime | None) -> AsyncIterator[Sheet]:
        doctors = {one["id"]: one for one in await self._all("/doctors/")}
        for slot in await self._of_day("/slots/?", day, now):
            if slot["status"] == "CANCELLED":
                continue
            lines = []
            for token in await self._all(f"/slots/{slot['id']}/tokens/?status=CONFIRMED"):
                about = await self._person(token["patient_id"])
                lines.append(
                    Line(
                        "token", token["id"], self._clock(token["estimated_time"]), token["ticket_code"] or "",
                        patient_id=token["patient_id"], arrived=self._known(token["arrived_at"], day),
                        called=self._known(token["called_at"], day), started=self._known(token["actual_time"], day),
                        note=token["category"], **about,
                    )
                )  # fmt: skip
            doctor = doctors.get(slot["doctor_id"], {"name": "?", "specialization": ""})
            hours = f"{self._clock(slot['start_time'])}-{self._clock(slot['end_time'])}"
            title = f"{doctor['name']}, {doctor['specialization']}, {hours}"
            yield Sheet("doctor", f"{doctor['name']} {hours}", title, day.isoformat(), lines, "walk-in", slot["id"])

    async def _clinics(self, day: date, now: datetime | None) -> AsyncIterator[Sheet]:
        for clinic in await self._all("/clinics/"):
            lines = []
            found = await self._of_day(f"/appointments/?clinic_id={clinic['id']}&", day, now)
            for one in sorted(found, key=lambda one: str(one["start_time"])):
                if one["status"] in TO_COME:
                    about = await self._person(one["patient_id"])
                    hours = f"{self._clock(one['start_time'])}-{self._clock(one['end_time'])}"
                    lines.append(
                        Line(
                            "appointment", one["id"], hours, place=one["room_name"] or "no room",
                            patient_id=one["patient_id"], arrived=self._known(one["checked_in_at"], day),
                            started=self._known(one["started_at"], day), **about,
                        )
                    )  # fmt: skip
            yield Sheet("clinic", clinic["name"], clinic["name"], day.isoformat(), lines)

    async def _queues(self, day: date) -> AsyncIterator[Sheet]:
        for service in await self._all("/services/"):
            queue = await self._gateway.ask("GET", f"/services/{service['id']}/queue/?limit=1000")
            lines = []
            for ticket in (*queue["serving"], *queue["items"], *queue["parked"]):
                about = await self._person(ticket["patient_id"])
                lines.append(
                    Line(
                        "ticket", ticket["id"], code=ticket["code"], place=ticket["counter"] or "",
                        patient_id=ticket["patient_id"] or "", arrived=self._known(ticket["arrived_at"], day),
                        called=self._known(ticket["called_at"], day), started=self._known(ticket["started_at"], day),
                        note=ticket["priority"], **about,
                    )
                )  # fmt: skip
            yield Sheet("queue", service["name"], service["name"], day.isoformat(), lines, "join", service["id"])

    async def _wards(self, day: date) -> AsyncIterator[Sheet]:
        for ward in await self._all("/wards/"):
            lines = []
            for bed in await self._all(f"/beds/?ward_id={ward['id']}"):
                about = await self._person(bed["patient_id"])
                place = f"{bed['room']} {bed['label']}".strip()
                lines.append(
                    Line("bed", bed["id"], place=place, patient_id=bed["patient_id"] or "", note=bed["state"], **about)
                )
            yield Sheet("ward", ward["name"], ward["name"], day.isoformat(), lines)

    async def _person(self, patient_id: str | None) -> dict[str, str]:
        """What tells a patient apart on paper."""
        if patient_id is None:
            return {}
        if patient_id not in self._patients:
            try:
                self._patients[patient_id] = await self._gateway.ask("GET", f"/patients/{patient_id}/")
            except Refusal:
                self._patients[patient_id] = {}
        patient = self._patients[patient_id]
        return {name: patient.get(name) or "" for name in ("name", "phone", "dob")}

    async def _of_day(self, path: str, day: date, now: datetime | None) -> list[dict[str, Any]]:
        """What begins on this day; behind what began the day before and is not over ``now``."""
        found = await self._all(f"{path}date={day.isoformat()}")
        if now is None:
            return found
        before = await self._all(f"{path}date={(day - timedelta(days=1)).isoformat()}")
        return [one for one in before if datetime.fromisoformat(one["end_time"]) > now] + found

    async def _all(self, path: str) -> list[dict[str, Any]]:
        return [item async for page in self._gateway.rows(path) for item in page if not item.get("retired")]

    def _known(self, moment: str | None, day: date) -> str:
        """A time as it is entered again: in full where it is of another day than its line."""
        local = None if moment is None else datetime.fromisoformat(moment).astimezone(self.zone)
        return self._clock(moment) if local is None or local.date() == day else local.isoformat(timespec="minutes")

    def _clock(self, moment: str | None) -> str:
        return "" if moment is None else datetime.fromisoformat(moment).astimezone(self.zone).strftime("%H:%M")


def rows(sheet: Sheet, blank: int = 0) -> list[list[str]]:
    """A sheet as a table under ``COLUMNS``; ``blank`` lines at the end are for who was not expected."""
    made = []
    for line in sheet.lines:
        told = {**msgspec.structs.asdict(line), "day": sheet.day}
        made.append([str(told.get(name, "")) for name in COLUMNS])
    if sheet.enters:
        empty = {"what": sheet.enters, "id": sheet.place, "day": sheet.day}
        made += [[empty.get(name, "") for name in COLUMNS] for _ in range(blank)]
    return made
