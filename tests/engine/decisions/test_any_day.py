"""Any sequence of commands keeps every invariant: after each one, what the tokens say is what all indexes say.

``World`` checks each rule book, snapshot and directory after every decision; this machine adds what no single actor
can see: patients' days against slots, seats against the capacity, and that nobody eligible waits for a free seat.
"""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine.actors.patient_day import refusal
from engine.actors.slot.state import Slot, effective_end, free_seats
from engine.decider import MINUTE, FreeText
from engine.decisions.book_token import BookToken
from engine.decisions.cancel_slot import CancelSlot
from engine.decisions.cancel_token import CancelToken
from engine.decisions.change_category import ChangeCategory
from engine.decisions.change_slot import ChangeSlot
from engine.decisions.check_in import CheckIn
from engine.decisions.consult import CallToken, CompleteConsult, StartConsult
from engine.decisions.delay_slot import DelaySlot
from engine.decisions.hold_seat import ConfirmHold, HoldSeat, ReleaseHold
from engine.decisions.insert_emergency import InsertEmergency
from engine.decisions.no_show import MarkNoShow
from engine.decisions.reschedule_token import RescheduleToken
from engine.decisions.undo_token import UndoToken
from engine.decisions.waiting_list import AcceptOffer, DeclineOffer, LeaveWaitingList
from engine.errors import Rejected
from tests.engine.deciding import NINE, World

CATEGORIES = ("EMERGENCY", "PRIORITY_PAID", "FOLLOWUP", "ONLINE", "WALKIN")


class AnyDay(RuleBasedStateMachine):
    """Five patients, three slots of two doctors with two seats each: everything collides."""

    @initialize(
        double_booking=st.sampled_from(("day", "doctor_day", "slot", "off")),
        promotion=st.sampled_from(("auto", "offer")),
        overbook_pct=st.sampled_from((0, 50)),
        overlap=st.booleans(),
        lift=st.booleans(),
        limit=st.sampled_from((None, 2)),
        quota=st.booleans(),
    )
    def begin(
        self, double_booking: str, promotion: str, overbook_pct: int, overlap: bool, lift: bool, limit: Any, quota: bool
    ) -> None:
        self.world = World(
            double_booking=double_booking,
            promotion=promotion,
            overbook_pct=overbook_pct,
            patient_overlap=overlap,
            max_wait_minutes={"WALKIN": 20, "ONLINE": 30} if lift else {},
            max_active_tokens_per_patient=limit,
        )
        cardiologist, dentist = self.world.doctor(), self.world.doctor("Dentistry")
        quotas = {"WALKIN": {"max": 1}} if quota else {}
        self.slots = [
            self.world.slot(2, doctor=cardiologist, quotas=quotas),
            self.world.slot(2, doctor=cardiologist, start=NINE + 60 * MINUTE),
            self.world.slot(1, doctor=dentist, start=NINE + 30 * MINUTE),
        ]
        self.patients = [self.world.patient() for _ in range(5)]
        self.holds: list[str] = []

    def attempt(self, command: Any) -> Any:
        """A refusal is an answer too."""
        try:
            return self.world.ask(command)
        except Rejected:
            return None

    def token(self, n: int) -> str | None:
        ids = sorted({id for name in ("tokens", "waiting", "waiting_past") for id in self.world.tables.get(name, {})})
        return ids[n % len(ids)] if ids else None

    @rule(slot=st.integers(0, 2), patient=st.integers(0, 4), category=st.sampled_from(CATEGORIES))
    def book(self, slot: int, patient: int, category: Any) -> None:
        self.attempt(BookToken(slot_id=self.slots[slot], patient_id=self.patients[patient], category=category))

    @rule(slot=st.integers(0, 2), patient=st.integers(0, 4))
    def emergency(self, slot: int, patient: int) -> None:
        before = self.world.state(self.slots[slot])
        running = before.status in ("ACTIVE", "DELAYED") and self.world.time + 1 < effective_end(before)
        given = self.attempt(InsertEmergency(slot_id=self.slots[slot], patient_id=self.patients[patient]))
        assert (given is not None) == running, "an emergency is refused by a slot that is over, and by nothing else"
        if given is not None:
            assert (given.status, given.category) == ("CONFIRMED", "EMERGENCY")

    @rule(n=st.integers(0, 30), step=st.sampled_from((CancelToken, CallToken, StartConsult, CheckIn, UndoToken)))
    def act(self, n: int, step: Any) -> None:
        if token := self.token(n):
            self.attempt(step(token_id=token))

    @rule(n=st.integers(0, 30), force=st.booleans())
    def no_show(self, n: int, force: bool) -> None:
        if token := self.token(n):
            self.attempt(MarkNoShow(token_id=token, force=force, reason=FreeText("left")))

    @rule(n=st.integers(0, 30), force=st.booleans())
    def complete(self, n: int, force: bool) -> None:
        if token := self.token(n):
            self.attempt(CompleteConsult(token_id=token, force=force, reason=FreeText("seen")))

    @rule(n=st.integers(0, 30), slot=st.integers(0, 2))
    def reschedule(self, n: int, slot: int) -> None:
        if token := self.token(n):
            self.attempt(RescheduleToken(token_id=token, slot_id=self.slots[slot]))

    @rule(n=st.integers(0, 30), category=st.sampled_from(CATEGORIES))
    def recategorize(self, n: int, category: Any) -> None:
        if token := self.token(n):
            self.attempt(ChangeCategory(token_id=token, category=category, reason=FreeText("paid")))

    @rule(n=st.integers(0, 30), step=st.sampled_from((AcceptOffer, DeclineOffer, LeaveWaitingList)))
    def entry(self, n: int, step: Any) -> None:
        if entry := self.token(n):
            self.attempt(step(entry_id=entry))

    @rule(
        slot=st.integers(0, 2), capacity=st.sampled_from((None, 1, 2, 3)), paused=st.sampled_from((None, True, False))
    )
    def change_slot(self, slot: int, capacity: Any, paused: Any) -> None:
        self.attempt(ChangeSlot(slot_id=self.slots[slot], max_capacity=capacity, paused=paused))

    @rule(slot=st.integers(0, 2), client=st.sampled_from((None, "a", "b")))
    def hold(self, slot: int, client: Any) -> None:
        if held := self.attempt(HoldSeat(slot_id=self.slots[slot], client_hold_id=client)):
            self.holds.append(held.id)

    @precondition(lambda self: bool(getattr(self, "holds", ())))
    @rule(
        n=st.integers(0, 30), patient=st.integers(0, 4), category=st.sampled_from(CATEGORIES), give_back=st.booleans()
    )
    def end_hold(self, n: int, patient: int, category: Any, give_back: bool) -> None:
        hold = self.holds[n % len(self.holds)]
        if give_back:
            self.attempt(ReleaseHold(hold_id=hold))
        else:
            self.attempt(ConfirmHold(hold_id=hold, patient_id=self.patients[patient], category=category))

    @rule(slot=st.integers(0, 2), minutes=st.sampled_from((0, 10, 45)))
    def delay(self, slot: int, minutes: int) -> None:
        self.attempt(DelaySlot(slot_id=self.slots[slot], delay_minutes=minutes))

    @rule(slot=st.integers(0, 2), sure=st.sampled_from((False, False, False, True)))
    def cancel_slot(self, slot: int, sure: bool) -> None:
        self.attempt(CancelSlot(slot_id=self.slots[slot], dry_run=not sure))

    @rule(minutes=st.sampled_from((1, 4, 15, 16, 31, 90)))
    def later(self, minutes: int) -> None:
        self.world.later(minutes)

    @invariant()
    def days_and_slots_agree(self) -> None:
        if not hasattr(self, "patients"):
            return
        seen: dict[tuple[str, str], str] = {}
        for key, state in self.world.states.items():
            if key.startswith("slot:"):
                for token in state.tokens.values():
                    stands = {"CONFIRMED": "active", "WAITING": "waiting", "OFFERED": "offered"}
                    seen[token.patient_id, token.id] = stands.get(token.status, "over")
        for key, day in self.world.states.items():
            if key.startswith("patient_day:"):
                for one in day.commitments:
                    assert seen.pop((key.split(":")[1], one.token_id)) == one.state
                    assert one.state == "over" or one.token_id in self.world.state(one.slot_id).tokens
        assert not seen, "a token stands in no patient's day"

    @invariant()
    def nobody_eligible_waits_for_a_free_seat(self) -> None:
        if not hasattr(self, "patients"):
            return
        policy = self.world.states["hospital:self"].policy
        if policy.max_active_tokens_per_patient is not None or policy.patient_overlap:
            return  # these reach beyond the day that a change of it looks at again
        for slot_id in self.slots:
            slot: Slot = self.world.state(slot_id)
            if slot.quotas or free_seats(slot, policy.overbook_pct) <= 0:
                continue
            for entry in slot.waiting:
                day = self.world.patient_day(entry.patient_id)
                wanted = next(one for one in day.commitments if one.token_id == entry.id)
                active = [one for one in day.commitments if one.state == "active"]
                assert any(one.slot_id == slot_id for one in active) or refusal(active, wanted, policy), (
                    "a seat is idle"
                )


AnyDay.TestCase.settings = settings(max_examples=30, stateful_step_count=30)
TestAnyDay = AnyDay.TestCase
