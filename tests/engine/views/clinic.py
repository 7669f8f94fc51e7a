"""A small hospital made of events, and a reader over it that counts what a query asks."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable
from typing import Any

from engine import calendar
from engine.actors import KINDS
from engine.actors.doctor import DoctorAdded
from engine.actors.doctor_day import PlannedSlot, SlotsPlanned
from engine.actors.hospital import HOSPITAL, Category, HospitalAdded, Policy, TicketPrefixGiven
from engine.actors.patient import PatientRegistered
from engine.actors.patient_day import Committed
from engine.actors.slot.events import EntryEnded, PatientWaitlisted, SlotOpened, TokenBooked, TokenCancelled
from engine.decider import HOUR, MINUTE, Contact, Event, PersonName, Private, Value
from engine.eventlog.entry import Principal
from engine.views import QUERIES
from engine.views.reader import Found

NINE = 1_790_586_000_000_000  # 2026-09-28T09:00:00Z
DAY = "2026-09-28"


class Clinic:
    """The states, directory and groups of one hospital, as a runtime would show them to a query."""

    def __init__(self, time_zone: str = "UTC") -> None:
        self.time = NINE
        self.who = Principal("test", "admin")
        self.time_zone = time_zone
        self.states: dict[str, Any] = {}
        self.tables: dict[str, dict[str, str]] = {}
        self.grouped: dict[str, list[str]] = {}
        self.asked: Counter[str] = Counter()
        self.log: list[tuple[str, Event]] = []
        self.made = 0
        self.happen(
            HOSPITAL,
            HospitalAdded(
                id="main",
                name="Main",
                time_zone=time_zone,
                policy=Policy(),
                link_key=Private("00", ""),
                time=NINE,
            ),
        )

    # What happens

    def happen(self, key: str, *events: Event) -> None:
        """Let an actor evolve, and file it as it says."""
        kind, _, id = key.partition(":")
        decider = KINDS[kind]
        if key not in self.states:
            self.states[key] = decider.initial(id)
            for group in decider.groups(id):
                self.grouped.setdefault(group, []).append(key)
        for event in events:
            self.log.append((key, event))
            decider.evolve(self.states[key], event)
            for table, filed, present in decider.filed(event):
                rows = self.tables.setdefault(table, {})
                if present:
                    rows[filed] = key
                elif rows.get(filed) == key:
                    del rows[filed]

    def replayed(self) -> Clinic:
        """Another clinic, made from what happened in this one."""
        again = Clinic(self.time_zone)
        for key, event in self.log[1:]:
            again.happen(key, event)
        return again

    def new_id(self) -> str:
        """Ids rise like those of commands."""
        self.made += 1
        return f"{self.made:08x}-0000-7000-8000-000000000000"

    def add_doctor(self, name: str = "Asha Rao", specialization: str = "Cardiology") -> str:
        """A doctor with a prefix of his own."""
        id = self.new_id()
        prefix = f"D{self.made}"
        self.happen(HOSPITAL, TicketPrefixGiven(doctor_id=id, prefix=prefix, specialization=specialization))
        self.happen(
            f"doctor:{id}",
            DoctorAdded(id=id, name=PersonName(name, ""), specialization=specialization, prefix=prefix, time=NINE),
        )
        return id

    def add_patient(self, name: str = "Ravi Iyer", phone: str | None = None, email: str | None = None) -> str:
        """A patient's record."""
        id = self.new_id()
        self.happen(
            f"patient:{id}",
            PatientRegistered(
                id=id,
                name=PersonName(name, id),
                time=NINE,
                phone=Contact(phone, id) if phone is not None else None,
                email=Contact(email, id) if email is not None else None,
            ),
        )
        return id

    def open_slot(self, doctor: str, start: int = NINE, capacity: int = 10, length: int = HOUR) -> str:
        """A slot on the doctor's day."""
        id, day = self.new_id(), calendar.local_day(start, self.time_zone)
        number = 1_000 * self.made
        self.happen(
            f"doctor_day:{doctor}:{day}",
            SlotsPlanned(
                slots=(PlannedSlot(id, start, start + length, number, 1_000),),
                day_end=calendar.day_bounds(day, self.time_zone).end,
            ),
        )
        self.happen(
            f"slot:{id}",
            SlotOpened(
                id=id,
                doctor_id=doctor,
                day=day,
                start=start,
                end=start + length,
                max_capacity=capacity,
                prefix=self.states[f"doctor:{doctor}"].prefix,
                first_number=number,
                numbers=1_000,
                at=NINE,
            ),
        )
        return id

    def book(self, slot: str, patient: str = "", category: Category = "ONLINE", *, override: bool = False) -> str:
        """A token of a patient, of a new one unless named."""
        id, patient = self.new_id(), patient or self.add_patient()
        state = self.states[f"slot:{slot}"]
        self.happen(
            f"slot:{slot}",
            TokenBooked(
                token_id=id,
                patient_id=patient,
                category=category,
                booked_at=NINE - HOUR + self.made * MINUTE,
                at=NINE,
                number=state.next_number,
                override=override,
            ),
        )
        self.commit(slot, patient, id, "active")
        return id

    def wait(self, slot: str, patient: str = "", category: Category = "ONLINE") -> str:
        """An entry of the slot's waiting list."""
        id, patient = self.new_id(), patient or self.add_patient()
        self.happen(
            f"slot:{slot}",
            PatientWaitlisted(
                entry_id=id, patient_id=patient, category=category, booked_at=NINE + self.made * MINUTE, at=NINE
            ),
        )
        self.commit(slot, patient, id, "waiting")
        return id

    def end_one(self) -> str | None:
        """Cancel the oldest token, or have the oldest entry leave its list."""
        for key, slot in self.states.items():
            for row in slot.tokens.values() if key.startswith("slot:") else ():
                if row.status == "CONFIRMED":
                    self.happen(key, TokenCancelled(token_id=row.id, patient_id=row.patient_id, at=self.time))
                    return str(row.id)
                if row.status == "WAITING":
                    left = EntryEnded(entry_id=row.id, patient_id=row.patient_id, status="CANCELLED", at=self.time)
                    self.happen(key, left)
                    return str(row.id)
        return None

    def commit(self, slot: str, patient: str, id: str, state: Any) -> None:
        """Note a token or entry on the patient's day."""
        of = self.states[f"slot:{slot}"]
        self.happen(
            f"patient_day:{patient}:{of.day}",
            Committed(token_id=id, slot_id=slot, doctor_id=of.doctor_id, start=of.start, end=of.end, state=state),
        )

    # What a query may ask

    def look(self, key: str) -> Any | None:
        self.asked["look"] += 1
        return self.states.get(key)

    def find(self, table: str, id: str) -> str | None:
        self.asked["find"] += 1
        return self.tables.get(table, {}).get(id)

    def ids(self, table: str, after: str | None, limit: int, *, descending: bool = False) -> list[str]:
        self.asked["ids"] += 1
        order = sorted(self.tables.get(table, {}))
        if descending:
            end = len(order) if after is None else bisect_left(order, after)
            return order[max(0, end - limit) : end][::-1]
        start = 0 if after is None else bisect_right(order, after)
        return order[start : start + limit]

    def count(self, table: str, low: str = "", high: str = "") -> int:
        self.asked["count"] += 1
        return sum(low <= id and (not high or id < high) for id in self.tables.get(table, {}))

    def members(self, group: str) -> list[str]:
        self.asked["members"] += 1
        return list(self.grouped.get(group, []))


def ask(clinic: Clinic, query: Value) -> Found:
    """What a query finds."""
    return QUERIES[type(query)](clinic, query)


def found(clinic: Clinic, query: Value) -> list[str]:
    """The ids on the page that a query finds."""
    return ids(ask(clinic, query).body.items)


def ids(items: Iterable[Any]) -> list[str]:
    """The ids of a page's items."""
    return [item.id for item in items]
