"""The day of ``days`` with all that comes in between: delays, pauses, transfers, forced steps, undoing, offers."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import msgspec
import trio

from engine.actors.service.state import ServiceStatus, Ticket
from engine.actors.slot.state import Token
from engine.decider import FreeText
from engine.decisions.call_next import CallTicket
from engine.decisions.change_category import ChangeCategory
from engine.decisions.change_slot import ChangeSlot
from engine.decisions.delay_slot import DelaySlot
from engine.decisions.hospital import ChangePolicy
from engine.decisions.reschedule_token import RescheduleToken
from engine.decisions.serve_ticket import (
    CancelTicket,
    CompleteTicket,
    PrioritizeTicket,
    RecallTicket,
    StartTicket,
)
from engine.decisions.services import ChangeService, EndServiceDay, SetServiceStatus
from engine.decisions.transfer_ticket import TransferTicket
from engine.decisions.undo_ticket import UndoTicket
from engine.decisions.undo_token import UndoToken
from engine.decisions.waiting_list import AcceptOffer
from engine.runtime import Engine
from tests.engine.living import CLERK
from tests.replay.days import DOCTOR, LABORATORY, SAMPLES, TIERS, Hospital, ask, tried

REASON = FreeText("it has to be")


class Disturbed(Hospital):
    """Somebody steps in every four minutes or so."""

    def _work(self, engine: Engine, ends: float) -> list[Callable[[], Any]]:
        random = Random(self._random.random())
        return [*super()._work(engine, ends), lambda: self._disturb(engine, random, ends)]

    async def _disturb(self, engine: Engine, random: Random, ends: float) -> None:
        policy = ChangePolicy(
            max_wait_minutes={"WALKIN": 15},
            no_show_grace_minutes=10,
            promotion=random.choice(("auto", "offer")),
            offer_minutes=5,
            double_booking="off",
        )
        await ask(engine, policy, CLERK)
        settings = msgspec.structs.replace(
            LABORATORY,
            shares={"high": 2, "medium": 1, "low": 1},
            max_wait_minutes={"low": 10},
            confirm_arrival=random.random() < 0.8,
        )
        await tried(engine, ChangeService(service_id=self.laboratory, settings=settings), CLERK)
        while trio.current_time() < ends:
            await trio.sleep(random.expovariate(1 / 240))
            made = random.choice((self._slot, self._service, self._ticket, self._ticket, self._token))
            command, who = made(engine, random)
            if command is not None:
                await tried(engine, command, who)

    def _slot(self, engine: Engine, random: Random) -> Any:
        slot = random.choice(self.slots)
        changes = (
            DelaySlot(slot_id=slot, delay_minutes=random.choice((0, 5, 15))),
            ChangeSlot(slot_id=slot, paused=random.random() < 0.5),
            ChangeSlot(slot_id=slot, max_capacity=random.randrange(1, 12)),
        )
        return random.choice(changes), CLERK

    def _service(self, engine: Engine, random: Random) -> Any:
        if random.random() < 0.1:
            return EndServiceDay(service_id=self.laboratory), CLERK
        status: ServiceStatus = random.choice(("paused", "active", "active", "active", "emergency"))
        return SetServiceStatus(service_id=random.choice((self.laboratory, *self.doctors)), status=status), CLERK

    def _ticket(self, engine: Engine, random: Random) -> Any:
        tickets: list[Ticket] = _held(engine, "service", "tickets")
        if not tickets:
            return None, CLERK
        id, to = random.choice(tickets).id, random.choice((self.laboratory, *self.doctors))
        steps = (
            (TransferTicket(ticket_id=id, to_service=to), CLERK),
            (PrioritizeTicket(ticket_id=id, priority=random.choice(("high", "medium", "low")), reason=REASON), CLERK),
            (CancelTicket(ticket_id=id), CLERK),
            (CallTicket(ticket_id=id, counter=random.choice("12"), reason=REASON), DOCTOR),
            (RecallTicket(ticket_id=id), CLERK),
            (StartTicket(ticket_id=id), DOCTOR),
            (CompleteTicket(ticket_id=id, force=True, reason=REASON), DOCTOR),
            (UndoTicket(ticket_id=id), random.choice((DOCTOR, SAMPLES))),
        )
        return random.choice(steps)

    def _token(self, engine: Engine, random: Random) -> Any:
        tokens: list[Token] = _held(engine, "slot", "tokens")
        if not tokens:
            return None, CLERK
        id = random.choice(tokens).id
        steps = (
            ChangeCategory(token_id=id, category=random.choice(TIERS), reason=REASON),
            UndoToken(token_id=id),
            RescheduleToken(token_id=id, slot_id=random.choice(self.slots)),
            AcceptOffer(entry_id=id),
        )
        return random.choice(steps), CLERK


def _held(engine: Engine, kind: str, field: str) -> list[Any]:
    """All tickets of services or tokens of slots, in a fixed order."""
    book = engine.partitions["main"].book
    cells = [book.cell(key) for key in sorted(book.cells) if key.startswith(f"{kind}:")]
    return [one for cell in cells if cell is not None for one in getattr(cell.state, field).values()]
