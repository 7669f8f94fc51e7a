"""A hospital without an engine: decisions run against a dictionary of states, under a clock that the test moves.

Nothing is replaced by a stand-in: the same generators, rule books and registries as in service. Every command and
event goes through its bytes once, every state through its snapshot, and each rule book's ``check`` runs after every
decision. A refusal must leave all states as they were.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import msgspec

from engine import calendar
from engine.actors import KINDS
from engine.actors.hospital import Policy
from engine.actors.patient_day import PatientDay, patient_day_key
from engine.actors.slot.state import Slot, Token
from engine.decider import MINUTE, At, Deciding, Done, Find, FreeText, Look, Members, PersonName, Private, Propose
from engine.decisions import DECISIONS, WAKE
from engine.decisions.book_token import BookToken
from engine.decisions.doctors import AddDoctor
from engine.decisions.hospital import AddHospital
from engine.decisions.open_slot import OpenSlot
from engine.decisions.patients import RegisterPatient
from engine.errors import Rejected

NINE = calendar.instant(datetime(2026, 2, 1, 9, tzinfo=UTC), "start")
"""2026-02-01 09:00 UTC, when slots start unless a test says otherwise."""
EIGHT = NINE - 60 * MINUTE


def encode(value: Any) -> bytes:
    """The bytes of a command, an event or a snapshot."""
    return msgspec.msgpack.encode(value, enc_hook=_plain)


def decode(data: bytes, type: Any) -> Any:
    """What the bytes mean."""
    return msgspec.msgpack.decode(data, type=type, dec_hook=lambda kind, item: kind(*item))


def _plain(item: Any) -> Any:
    assert isinstance(item, Private)
    return [item.text, item.subject]


class World:
    """One hospital, its states, its clock. ``outcome`` and ``events`` are of the last decision."""

    def __init__(self, *, zone: str = "UTC", time: int = EIGHT, **policy: Any) -> None:
        self.time = time
        self.who = "desk"
        self.states: dict[str, Any] = {}
        self.tables: dict[str, dict[str, str]] = {}
        self.groups: dict[str, list[str]] = {}
        self.outcome = ""
        self.events: list[tuple[str, Any]] = []
        self.history: list[tuple[str, Any]] = []
        self._ordinal = 0
        self.ask(AddHospital(hospital_id="main", name="Main", time_zone=zone, policy=Policy(**policy)))

    # -- what a test says --------------------------------------------------------------------------------------

    def doctor(self, specialization: str = "Cardiology") -> str:
        """A new doctor's id."""
        id: str = self.ask(AddDoctor(name=PersonName("Dr. John Smith"), specialization=specialization)).id
        return id

    def patient(self) -> str:
        """A new patient's id."""
        id: str = self.ask(RegisterPatient(name=PersonName("Jane Doe"))).id
        return id

    def slot(self, seats: int = 2, *, doctor: str = "", start: int = NINE, minutes: int = 60, **more: Any) -> str:
        """A new slot's id."""
        opened = self.ask(
            OpenSlot(
                doctor=doctor or self.doctor(),
                start_time=calendar.moment(start),
                end_time=calendar.moment(start) + timedelta(minutes=minutes),
                max_capacity=seats,
                **more,
            )
        )
        id: str = opened.id
        return id

    def book(self, slot: str, patient: str = "", category: Any = "ONLINE") -> str:
        """The id of a new token or waiting entry."""
        id: str = self.ask(BookToken(slot_id=slot, patient_id=patient or self.patient(), category=category)).id
        return id

    def full_slot(self, seats: int = 2, **more: Any) -> tuple[str, list[str]]:
        """A slot without a free seat, and its tokens."""
        slot = self.slot(seats, **more)
        return slot, [self.book(slot) for _ in range(seats)]

    def refusal(self, command: Any) -> Rejected:
        """The refusal of a command that must be refused, and must change nothing."""
        before = {key: encode(self._frozen(key)) for key in self.states}
        try:
            self.ask(command)
        except Rejected as refused:
            assert before == {key: encode(self._frozen(key)) for key in self.states}
            return refused
        raise AssertionError(f"{command!r} was accepted")

    def later(self, minutes: float) -> None:
        """Time passes, and what is due on the way happens at its instant."""
        until = self.time + int(minutes * MINUTE)
        while True:
            due = min(
                (
                    (at, key)
                    for key, state in self.states.items()
                    if (at := self.decider(key).due(state)) is not None and at <= until
                ),
                default=None,
            )
            if due is None:
                break
            at, key = due
            self.time = max(self.time, at)
            kind, _, id = key.partition(":")
            self.ask(WAKE[kind](id, at))
            following = self.decider(key).due(self.states[key])
            assert following is None or following > self.time, f"{key} wants to be woken again at once"
        self.time = until

    # -- what a test sees --------------------------------------------------------------------------------------

    def state(self, slot: str) -> Slot:
        """A slot."""
        state: Slot = self.states[f"slot:{slot}"]
        return state

    def token(self, token: str) -> Token:
        """A token or entry, wherever it is now."""
        for table in ("tokens", "waiting", "waiting_past"):
            key = self.tables.get(table, {}).get(token)
            if key is not None:
                found: Token = self.states[key].tokens[token]
                return found
        raise KeyError(token)

    def patient_day(self, patient: str, day: str = "2026-02-01") -> PatientDay:
        """A patient's day."""
        state: PatientDay = self.states[patient_day_key(patient, day)]
        return state

    def named(self, name: str) -> list[Any]:
        """The last decision's events of this name."""
        return [event for _, event in self.events if type(event).__name__ == name]

    def line(self, slot: str) -> list[str]:
        """Ids of active tokens in order of their place."""
        state = self.state(slot)
        return [token.id for token in (*state.pinned, *state.line)]

    def decider(self, key: str) -> Any:
        """The rule book behind a key."""
        return KINDS[key.partition(":")[0]]

    # -- how it runs -------------------------------------------------------------------------------------------

    def ask(self, command: Any) -> Any:
        """Decide, evolve, answer; each decision is a microsecond after the one before."""
        command = decode(encode(command), type(command))
        decision = DECISIONS[type(command)]
        self._ordinal += 1
        self.time += 1
        command_id = sha256(self._ordinal.to_bytes(4, "big")).digest()[:16]
        at = At(self.time, command_id, lambda: command_id, self.who)
        decision.home(command, self._find)
        accepted: dict[str, tuple[Any, ...]] = {}
        done = self._run(decision.run(command, at), at, accepted)
        self.events = []
        for key, events in accepted.items():
            self._apply(key, events)
        for key in accepted:
            self._look_over(key)
        self.outcome = done.outcome
        return done.answer(self.states.get) if done.answer else None

    def _run(self, steps: Deciding, at: At, accepted: dict[str, tuple[Any, ...]]) -> Done:
        try:
            step = next(steps)
            while True:
                try:
                    given = self._take(step, at, accepted)
                except Rejected as refused:
                    step = steps.throw(refused)
                else:
                    step = steps.send(given)
        except StopIteration as stop:
            done: Done = stop.value
            return done

    def _take(self, step: Any, at: At, accepted: dict[str, tuple[Any, ...]]) -> Any:
        match step:
            case Look(key):
                return self.states.get(key)
            case Find(table, id):
                return self._find(table, id)
            case Members(group):
                return list(self.groups.get(group, ()))
            case Propose(key, command):
                decider = self.decider(key)
                state = self.states.get(key)
                if state is None:
                    state = decider.initial(key.partition(":")[2])
                before = encode(decider.freeze(state))
                events = tuple(decider.decide(state, command, at))
                assert encode(decider.freeze(state)) == before, "decide changed the state"
                if events:
                    assert key not in accepted, f"{key} accepted two proposals"
                    accepted[key] = events
                return events
        raise AssertionError(step)

    def _find(self, table: str, id: str) -> str | None:
        return self.tables.get(table, {}).get(id)

    def _apply(self, key: str, events: tuple[Any, ...]) -> None:
        decider = self.decider(key)
        if key not in self.states:
            self.states[key] = decider.initial(key.partition(":")[2])
            for group in decider.groups(key.partition(":")[2]):
                self.groups.setdefault(group, []).append(key)
        state = self.states[key]
        for event in events:
            assert type(event) in decider.events
            read = decode(encode(event), type(event))
            assert read == event
            decider.evolve(state, read)
            self.events.append((key, read))
            self.history.append((key, read))
            for table, id, present in decider.filed(read):
                ids = self.tables.setdefault(table, {})
                if present:
                    ids[id] = key
                elif ids.get(id) == key:
                    del ids[id]

    def _look_over(self, key: str) -> None:
        decider = self.decider(key)
        state = self.states[key]
        decider.check(state)
        again = decider.thaw(decode(encode(decider.freeze(state)), decider.state))
        assert again == state, f"the snapshot of {key} is not its state"
        for table, id in decider.files(state):
            assert self.tables[table][id] == key, f"{id} is not filed in {table}"
        filed = {(table, id) for table, ids in self.tables.items() for id, at in ids.items() if at == key}
        assert filed == set(decider.files(state)), f"{key} is filed otherwise than a restart would"

    def _frozen(self, key: str) -> Any:
        return self.decider(key).freeze(self.states[key])


def reason(text: str = "as the patient wished") -> FreeText:
    """Free text as a command has it."""
    return FreeText(text)
