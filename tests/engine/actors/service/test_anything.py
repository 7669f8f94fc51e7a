"""Whatever is asked of a queue, in whatever order: its invariants hold, no ticket is lost, and every place is exact.

``Live`` checks the state, its snapshot, its files and that decisions change nothing, after every command.
"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.actors.service.commands import (
    CallNext,
    CallTicket,
    Change,
    Command,
    End,
    EndDay,
    Join,
    NoAnswer,
    Park,
    Prioritize,
    Recall,
    Reopen,
    ReplacePatient,
    Resume,
    SetStatus,
    Start,
    Together,
    TransferOut,
    Undo,
    Wake,
)
from engine.actors.service.events import TicketEnded, TicketJoined, TicketStepUndone, TicketTransferred
from engine.actors.service.state import Counter, ServiceSettings, Ticket
from engine.actors.service.steps import ended
from engine.actors.service.view import integrity_view
from engine.errors import Rejected
from tests.engine.actors.service.live import NOW, WHY, Live

NAMES = [f"t{n}" for n in range(9)]
COUNTERS = (Counter(name="1", skills=("ecg",)), Counter(name="2"), Counter(name="3", open=False))

name = st.sampled_from(NAMES)
who = st.sampled_from(["ann", "bob"])
counter = st.sampled_from(["1", "2", "3", "9"])
priority = st.sampled_from(["high", "medium", "low"])
flag = st.booleans()
day = st.sampled_from(["2026-02-02", "2026-02-03"])

joins = st.builds(
    lambda id, of, high, since, day, needs, bypass: Join(
        id, of and f"p{of}", high, NOW - since, day, 600, needs=("ecg",) if needs else (), bypass=bypass
    ),
    name, st.sampled_from(["", "1", "2", "3", "4", "5", "6"]), priority, st.integers(0, 3), day, flag, flag,
)  # fmt: skip
steps: st.SearchStrategy[Command] = st.one_of(
    joins,
    joins,
    st.builds(CallNext, counter, who, st.lists(name, max_size=2).map(tuple)),
    st.builds(CallNext, st.just("1"), who),
    st.builds(CallTicket, name, counter, who, st.sampled_from([WHY, None])),
    st.builds(lambda id, by: CallTicket(id, "", by, direct=True), name, who),
    st.builds(Recall, name, who),
    st.builds(NoAnswer, name, who),
    st.builds(Start, name, who),
    st.builds(
        End, name, st.sampled_from(["completed", "no_show", "cancelled"]), who, st.sampled_from(["", "1"]), flag,
        st.sampled_from([WHY, None]),
    ),
    st.builds(Park, name, who),
    st.builds(Resume, name, who),
    st.builds(Prioritize, name, priority, who),
    st.builds(TransferOut, name, st.just("other"), who),
    st.builds(Undo, name, who, st.just(9)),
    st.builds(ReplacePatient, name, st.sampled_from(["p1", "p2", "p9"])),
)  # fmt: skip
rare: st.SearchStrategy[Command] = st.one_of(
    st.just(Wake()),
    st.builds(EndDay, day, st.just(0)),
    st.builds(SetStatus, st.sampled_from(["active", "active", "paused", "inactive", "emergency", "closed"])),
    st.builds(
        lambda offset, carry, confirm, shares, group: Change("Lab", policy(offset, carry, confirm, shares, group)),
        st.integers(0, 3), flag, flag, flag, st.sampled_from(["", "g"]),
    ),
    st.lists(steps, min_size=2, max_size=4).map(lambda do: Together(tuple(do))),
)  # fmt: skip
asked = st.tuples(st.one_of(steps, steps, steps, rare), st.integers(0, 40))


def policy(offset: int, carry: bool, confirm: bool, shares: bool, group: str) -> ServiceSettings:
    return ServiceSettings(
        counters=COUNTERS,
        requeue_offset=offset,
        carry_over=carry,
        confirm_arrival=confirm,
        shares={"high": 2, "low": 1} if shares else {},
        max_wait_minutes={"low": 30, "medium": 60},
        exclusive_group=group,
        capacity=7,
        recall_seconds=0,
        stale_minutes=20,
        parked_minutes=20,
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(asked, min_size=20, max_size=60), flag)
def test_whatever_is_asked_nothing_is_lost_doubled_or_out_of_place(
    commands: list[tuple[Command, int]], confirm: bool
) -> None:
    queue = Live(policy(2, carry=False, confirm=confirm, shares=False, group=""))
    alive: set[str] = set()
    over: dict[str, Ticket] = {}
    for command, minutes in commands:
        queue.later(minutes)
        if isinstance(command, Undo) and command.ticket_id in over:
            command = Reopen(over[command.ticket_id], command.by, 99)
        before = dict(queue.state.tickets)
        try:
            queue.ask(command)
        except Rejected:
            continue
        for event in queue.events:
            match event:
                case TicketJoined() | TicketStepUndone():
                    alive.add(event.ticket.id)
                    over.pop(event.ticket.id, None)
                case TicketEnded():
                    alive.discard(event.ticket_id)
                    if event.ticket_id in before and not isinstance(command, Together):
                        over[event.ticket_id] = ended(before[event.ticket_id], event)
                case TicketTransferred():
                    alive.discard(event.ticket_id)
        assert queue.state.tickets.keys() == alive
        assert sorted(queue.places().values()) == list(range(1, len(queue.line()) + 1))
        for event in queue.events[-1:]:
            if getattr(event, "waiting", None) is not None:
                assert event.waiting == len(queue.line())
            if getattr(event, "position", 0) and not isinstance(command, Together):
                assert queue.places()[getattr(event, "ticket_id", "") or event.ticket.id] == event.position
        assert integrity_view(queue.state).ok
