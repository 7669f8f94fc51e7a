"""A token and its ticket: from check-in on the queue governs the order, and whatever becomes of one becomes of both.

The ticket has the token's id and code, in the queue of the slot's doctor, whose service has the doctor's id and opens
itself at his first patient. Both change in one decision, or neither does.

R1  Who checks in, however late, joins the doctor's queue; who is promoted and is here already, too.
R2  Calls, consultations and completions of a token are its ticket's while that is in the doctor's own queue; one that
    was transferred elsewhere, to a laboratory for instance, is left alone until it comes back.
R3  A token that ends or leaves takes its ticket out of line, wherever that is; one that moves to another doctor's slot
    takes it along.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from engine import calendar
from engine.actors.hospital import Category, Hospital
from engine.actors.service import service_key
from engine.actors.service.commands import (
    CallTicket,
    Command,
    End,
    Join,
    Open,
    Park,
    Prioritize,
    Recall,
    Reopen,
    ReplacePatient,
    Resume,
    Start,
    Together,
    TransferOut,
    Undo,
)
from engine.actors.service.events import ServiceEvent, TicketEnded, TicketStepUndone, TicketTransferred
from engine.actors.service.state import Ended, Priority, Service, ServiceSettings, Ticket
from engine.actors.service_day import (
    ChangeServiceDay,
    CountTransfer,
    DayChange,
    FileTicket,
    UnfileTicket,
    filed_ticket,
    service_day_key,
)
from engine.actors.slot import slot_key
from engine.actors.slot.commands import SlotCommand
from engine.actors.slot.correcting import called_from_line
from engine.actors.slot.events import (
    CategoryChanged,
    ConsultCompleted,
    ConsultStarted,
    EntryPromoted,
    NoShowMarked,
    PatientArrived,
    PatientReturned,
    SlotEvent,
    StepUndone,
    TokenCalled,
    TokenCancelled,
    TokenMovedIn,
    TokenRepointed,
)
from engine.actors.slot.state import Slot, Token
from engine.decider import At, Find, FreeText, Look, Propose
from engine.decisions.finding import Deciding

PRIORITY: Final[dict[Category, Priority]] = {
    "EMERGENCY": "high", "PRIORITY_PAID": "medium", "FOLLOWUP": "medium", "ONLINE": "low", "WALKIN": "low",
}  # fmt: skip
"""Where a tier stands in the doctor's queue."""

_ANY_TIME: Final = 1_000_000
"""Minutes: whether a step may still be undone the token has decided."""


def follow(hospital: Hospital, at: At, changed: Iterable[tuple[Slot, Sequence[SlotEvent]]]) -> Deciding[None]:
    """R1, R2, R3: what these events of slots mean for the tickets. The slots are as before the events."""
    queues = Queues(hospital, at)
    for slot, events in changed:
        for event in events:
            yield from _follow(queues, slot, event)
    yield from queues.propose()


class Queues:
    """What one decision asks of several services: each is asked once, at the end, and what ended is filed."""

    __slots__ = ("at", "days", "hospital", "steps")

    def __init__(self, hospital: Hospital, at: At) -> None:
        self.hospital = hospital
        self.at = at
        self.steps: dict[str, list[Command]] = {}
        self.days: dict[str, list[DayChange]] = {}

    def ask(self, service_id: str, *commands: Command) -> None:
        """Add steps for a service."""
        self.steps.setdefault(service_id, []).extend(commands)

    def join(self, slot: Slot, token: Token, category: Category, code: str, arrived_at: int) -> Deciding[None]:
        """R1; a queue that is not there yet is opened, and a ticket that was over is alive again.

        One that is alive is elsewhere, at a laboratory: it stays there until somebody sends it back (R2).
        """
        if (yield from live_ticket(token.id)) is None:
            yield from self.unfile(token.id)
            yield from self.place(slot, token, category, code, arrived_at)

    def place(self, slot: Slot, token: Token, category: Category, code: str, arrived_at: int) -> Deciding[None]:
        """The ticket in line at the slot's doctor."""
        service: Service | None = yield Look(service_key(slot.doctor_id))
        if (service is None or not service.version) and slot.doctor_id not in self.steps:
            settings = ServiceSettings()
            name = self.hospital.doctors.get(slot.doctor_id, slot.prefix)
            self.ask(slot.doctor_id, Open(slot.doctor_id, name, slot.prefix, settings, slot.doctor_id))
        local = calendar.local_time(self.at.time, self.hospital.time_zone)
        self.ask(
            slot.doctor_id,
            Join(
                ticket_id=token.id,
                patient_id=token.patient_id,
                priority=PRIORITY[category],
                arrived_at=arrived_at,
                day=local.date().isoformat(),
                minute=local.hour * 60 + local.minute,
                code=code,
                token_id=token.id,
                bypass=True,
            ),
        )

    def unfile(self, ticket_id: str) -> Deciding[None]:
        """A ticket that was over is alive again, or about to be."""
        key: str | None = yield Find("tickets", ticket_id)
        if key is not None and key.startswith("service_day:"):
            self.days.setdefault(key, []).append(UnfileTicket(ticket_id))

    def propose(self) -> Deciding[dict[str, Sequence[ServiceEvent]]]:
        """Ask every service once, then every service's day for what ended, left or came back; gives the events."""
        given: dict[str, Sequence[ServiceEvent]] = {}
        for service_id, commands in self.steps.items():
            before: Service | None = yield Look(service_key(service_id))
            command = commands[0] if len(commands) == 1 else Together(tuple(commands))
            given[service_id] = events = yield Propose(service_key(service_id), command)
            for event in events:
                match event:
                    case TicketEnded():
                        assert before is not None
                        ended = filed_ticket(before.tickets[event.ticket_id], event)
                        day = self._day(service_id, event.happened_at or event.at)
                        self.days.setdefault(day, []).append(FileTicket(ended))
                    case TicketTransferred():
                        assert before is not None
                        day = self._day(service_id, event.at)
                        self.days.setdefault(day, []).append(CountTransfer(before.tickets[event.ticket_id]))
                    case TicketStepUndone():
                        yield from self.unfile(event.ticket.id)
        for key, changes in self.days.items():
            yield Propose(key, ChangeServiceDay(tuple(changes)))
        return given

    def _day(self, service_id: str, time: int) -> str:
        """Where the service's day files what happened then."""
        return service_day_key(service_id, calendar.local_day(time, self.hospital.time_zone))


def ask_service(service_id: str, command: Command, hospital: Hospital, at: At) -> Deciding[Sequence[ServiceEvent]]:
    """Ask one service alone."""
    queues = Queues(hospital, at)
    queues.ask(service_id, command)
    return (yield from queues.propose())[service_id]


def ask_slot(slot: Slot, command: SlotCommand, hospital: Hospital, at: At) -> Deciding[None]:
    """Ask one slot alone; the ticket follows."""
    events = yield Propose(slot_key(slot.id), command)
    yield from follow(hospital, at, [(slot, events)])


def live_ticket(ticket_id: str) -> Deciding[tuple[Service, Ticket] | None]:
    """A ticket that is alive and the service it is in."""
    key: str | None = yield Find("tickets", ticket_id)
    if key is None or not key.startswith("service:"):
        return None
    service: Service = yield Look(key)
    return service, service.tickets[ticket_id]


def _follow(queues: Queues, slot: Slot, event: SlotEvent) -> Deciding[None]:
    match event:
        case PatientArrived() | PatientReturned():
            token = slot.tokens[event.token_id]
            yield from queues.join(slot, token, token.category, _code(slot, token.number), event.arrived_at)
        case EntryPromoted():
            entry = slot.tokens[event.entry_id]
            if entry.arrived_at:
                code = _code(slot, entry.number or event.number)
                yield from queues.join(slot, entry, entry.category, code, entry.arrived_at)
        case TokenMovedIn():
            yield from _moved(queues, slot, event)
        case StepUndone():
            yield from _undone(queues, slot, event)
        case (
            TokenCalled() | ConsultStarted() | ConsultCompleted() | TokenCancelled() | NoShowMarked()
            | CategoryChanged() | TokenRepointed()
        ):  # fmt: skip
            found = yield from live_ticket(event.token_id)
            if found is not None:
                service, ticket = found
                for command in _same_step(service, ticket, slot, event, queues.at.who):
                    queues.ask(service.id, command)
        case _:
            pass  # nobody who is here is concerned


def _same_step(service: Service, ticket: Ticket, slot: Slot, event: SlotEvent, by: str) -> Iterable[Command]:
    """What the ticket is asked because of the token."""
    match event:
        case TokenCancelled():
            return (End(ticket.id, "cancelled", by, reason=event.reason, happened_at=event.happened_at),)
        case CategoryChanged():
            priority = PRIORITY[event.category]
            return (Prioritize(ticket.id, priority, by, event.reason),) if priority != ticket.priority else ()
        case TokenRepointed():
            return (ReplacePatient(ticket.id, event.patient_id),)
    if service.id != slot.doctor_id:
        return ()  # R2
    match event:
        case TokenCalled():
            if ticket.status == "called":
                return (Recall(ticket.id, by, direct=True),)
            counter = free_counter(service)
            return (CallTicket(ticket.id, counter, by, direct=True, happened_at=event.happened_at),)
        case ConsultStarted():
            return (Start(ticket.id, by, event.happened_at),)
        case ConsultCompleted():
            force = ticket.status != "consulting"
            return (_end(ticket, "completed", by, event, force=force),)
        case NoShowMarked():
            return (_end(ticket, "no_show", by, event, force=True),)
    return ()


def _end(ticket: Ticket, status: Ended, by: str, event: ConsultCompleted | NoShowMarked, *, force: bool) -> End:
    return End(ticket.id, status, by, force=force, reason=_why(event.reason), happened_at=event.happened_at)


def free_counter(service: Service) -> str:
    """The first counter that could serve somebody now, ``""`` when there is none."""
    for counter in service.settings.counters:
        if counter.open and counter.name not in service.by_counter:
            return counter.name
    return ""


def _moved(queues: Queues, slot: Slot, event: TokenMovedIn) -> Deciding[None]:
    """R3."""
    found = yield from live_ticket(event.token_id)
    if found is None:
        return
    service, ticket = found
    by = queues.at.who
    if not event.arrived_at:
        queues.ask(service.id, End(ticket.id, "cancelled", by))
    elif service.id == slot.doctor_id:
        if ticket.status == "called":  # the call was to a slot that is no more
            queues.ask(service.id, Park(ticket.id, by), Resume(ticket.id, by))
    elif ticket.status != "consulting":
        if ticket.status == "called":
            queues.ask(service.id, Park(ticket.id, by))
        queues.ask(service.id, TransferOut(ticket.id, slot.doctor_id, by))
        left: Slot | None = yield Look((yield Find("tokens", event.token_id)))
        token = None if left is None else left.tokens.get(event.token_id)
        assert token is not None, "a token that moves is still where it was"
        yield from queues.place(slot, token, event.category, _code(slot, event.number), event.arrived_at)


def _undone(queues: Queues, slot: Slot, event: StepUndone) -> Deciding[None]:
    key: str | None = yield Find("tickets", event.token_id)
    if key is None:
        return
    by = queues.at.who
    if key.startswith("service:"):
        service: Service = yield Look(key)
        if event.step == "check_in":
            queues.ask(service.id, End(event.token_id, "cancelled", by))
        elif service.id == slot.doctor_id and (event.step == "start" or _called_from_line(slot.tokens[event.token_id])):
            queues.ask(service.id, Undo(event.token_id, by, _ANY_TIME))
    elif event.step in ("complete", "no_show", "cancel"):
        service_id = key.split(":")[1]
        ticket: Ticket | None = (yield Look(key)).tickets.get(event.token_id)
        # What ended at a laboratory ended there for reasons of its own, except when the token was cancelled.
        here = slot.tokens[event.token_id].arrived_at  # else it ended when the check-in was taken back
        if (
            ticket is not None
            and here
            and ticket.last == event.step
            and (event.step == "cancel" or service_id == slot.doctor_id)
        ):
            queues.ask(service_id, Reopen(ticket, by, _ANY_TIME))


def _called_from_line(token: Token) -> bool:
    """Whether its last step is a call that took it out of the line: calling again has nothing to take back."""
    return token.last == "call" and (token.calls <= 1 or called_from_line(token))


def _code(slot: Slot, number: int) -> str:
    return f"{slot.prefix}-{number:03d}"


def _why(reason: FreeText | None) -> FreeText:
    return reason if reason is not None else FreeText("as the token", "")
