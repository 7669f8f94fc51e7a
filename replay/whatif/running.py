"""The same arrivals once more: a world that lives through what came from outside, whose counters call by themselves.

Three things move it, in order of time: timers of slots and services, commands from outside as the log has them, and
what counters do: call when they can and are at work, then let the patient take the time that he took.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from itertools import count
from typing import Any, Final

import msgspec

from engine import calendar
from engine.actors.slot.events import EntryOffered, EntryPromoted, TokenBooked
from engine.decider import FreeText
from engine.decisions import WAKE
from engine.errors import Rejected
from engine.stepping import Accepted
from replay.whatif.recorded import ASKED, Came, Recorded, Root, Shift, Step, Stint
from replay.whatif.recording import touched, waits_since
from replay.whatif.variation import Variation
from replay.whatif.waiting import callable_at, called, first_arrived, service_of
from replay.whatif.world import COMMANDS, TEXT, World, own_id

_TIMED: Final = frozenset({"slot", "service"})
_WHO: Final = "what-if"
_ASSUMED: Final = Came()


class Assumed(msgspec.Struct):
    """For how many patients something had to be assumed, because the log does not know what they would have done."""

    check_ins: int = 0
    """Got a place that they did not have in the log: they come when it begins, or at once."""
    acceptances: int = 0
    """Were offered a seat: they accept after the usual time."""
    services: int = 0
    """Were never served in the log: they take the median time of their queue."""


class Outcome(msgspec.Struct):
    """What became of the commands from outside."""

    refused: Counter[str] = msgspec.field(default_factory=Counter)
    """Arrivals that were refused, by code."""
    otherwise: int = 0
    """Commands that were taken where the log refused them, or the other way round."""
    without_effect: int = 0
    """Other commands of the log that had no place here: what they were about had not happened, or otherwise."""
    assumed: Assumed = msgspec.field(default_factory=Assumed)
    drifted: int = 0


class Run:
    """One world from its beginning to ``until`` (µs)."""

    def __init__(self, world: World, recorded: Recorded, variation: Variation, until: int) -> None:
        self.world = world
        self.outcome = Outcome(refused=Counter(recorded.lost))
        self._recorded = recorded
        self._variation = variation
        self._until = until
        self._shifts = _shifts(recorded)
        self._agenda: list[tuple[int, int, Any]] = []
        self._numbers = count()
        self._since: dict[tuple[str, str], int | None] = {}
        self._armed: dict[tuple[str, str], int] = {}
        self._calls: Counter[tuple[str, str, str]] = Counter()
        self._chances: Counter[tuple[str, str, str]] = Counter()
        self._stints: Counter[tuple[str, str]] = Counter()
        self._offers: Counter[str] = Counter()
        self._guessed: set[str] = set()

    def go(self) -> Outcome:
        """Live through all of it."""
        self._variation.begin(self.world, self._change)
        for key in sorted(key for key in self.world.book.cells if key.startswith("service:")):
            self._look(key.partition(":")[2], self.world.time)
        roots, at = self._recorded.roots, 0
        while True:
            timer = self.world.next_timer(_TIMED)
            candidates = [
                (timer[0], 0) if timer is not None else None,
                (roots[at].time, 1) if at < len(roots) else None,
                (self._agenda[0][0], 2) if self._agenda else None,
            ]
            time, kind = min(one for one in (*candidates, (self._until, 3)) if one is not None)
            if kind == 3:
                break
            if kind == 0:
                self._wake(*timer)  # type: ignore[misc]
            elif kind == 1:
                self._root(roots[at])
                at += 1
            else:
                _, _, (act, *what) = heapq.heappop(self._agenda)
                act(time, *what)
        self.outcome.drifted = len(self.world.drifted)
        return self.outcome

    # What moves it

    def _wake(self, due: int, key: str) -> None:
        heapq.heappop(self.world.book.timers)
        came = self._recorded.wakes.get((key, due), due)
        if came > max(due, self.world.time):  # in the log it came later: the engine was busy, or stood still
            self._at(came, self._fire, due, key)
        else:
            self._fire(max(due, self.world.time), due, key)

    def _fire(self, time: int, due: int, key: str) -> None:
        kind, _, id = key.partition(":")
        with suppress(Rejected):  # it was due under other circumstances
            self._done(self.world.ask(WAKE[kind](id, due), time, own_id(key, due), "timer"), time)

    def _root(self, root: Root) -> None:
        if root.command is None:
            self.world.follow(root.changes, root.time)
            self._changed([event for change in root.changes for event in change.events], root.time)
            return
        try:
            accepted = self.world.ask(root.command, root.time, root.id, root.who)
        except Rejected as refusal:
            self._refused(root, refusal)
            return
        if root.refused:
            self.outcome.otherwise += 1
        self._done(accepted, root.time)
        stint = self._recorded.after_root.get(root.position)
        if stint is not None:
            self._stints[stint.ticket_id, stint.service_id] += 1
            self._play(stint.steps, root.time, stint.ticket_id, stint.service_id)

    def _refused(self, root: Root, refusal: Rejected) -> None:
        if root.name in ASKED:
            self.outcome.refused[refusal.code] += 1
        if root.refused:
            self.outcome.otherwise += root.refused != refusal.code
            return
        if root.name in ASKED:
            self.outcome.otherwise += 1
            return
        self.outcome.without_effect += 1
        if root.name == "CheckIn" and refusal.code == "too_early":  # he waits until he is let in
            self._at(refusal.facts["from_time"], self._check_in, root.command.token_id)

    # What follows

    def _done(self, accepted: Accepted, time: int) -> None:
        """After a decision: the variation, the patients it concerns, and the counters that may call now."""
        events = [event for _, some in accepted.values() for event in some]
        for key, (_, some) in accepted.items():
            self._variation.again(self.world, key, some)
        self._changed(events, time)
        for service_id in touched(self.world.book, accepted):
            self._look(service_id, time)

    def _changed(self, events: Iterable[Any], time: int) -> None:
        self._variation.follow(self.world, events, self._change)
        for event in events:
            match event:
                case TokenBooked():
                    self._placed(event.token_id, time)
                case EntryPromoted():
                    self._placed(event.entry_id, time)
                case EntryOffered():
                    self._offered(event.entry_id, time, event.expires_at)

    def _placed(self, token_id: str, time: int) -> None:
        """Somebody has a place. Whether and when he comes the log says, where he had one there too."""
        came = self._recorded.came.get(token_id, _ASSUMED)
        if any(one > time for one in (*came.checked_in, *came.tried)):
            return
        if came.checked_in or (came.tried and not came.placed):
            self._at(time, self._check_in, token_id)  # he was here before there was a place
        elif not came.placed:
            self.outcome.assumed.check_ins += 1
            slot = self.world.state(self.world.book.directory.find("tokens", token_id) or "")
            self._at(max(time, slot.start if slot is not None else time), self._check_in, token_id)

    def _offered(self, entry_id: str, time: int, expires_at: int) -> None:
        came = self._recorded.came.get(entry_id, _ASSUMED)
        if came.answers:  # as often before; beyond that as the last time
            number = self._offers[entry_id]
            self._offers[entry_id] += 1
            answer = came.answers[min(number, len(came.answers) - 1)]
            if answer is not None:
                self._at(time + answer.after, self._answer, answer)
        elif came.checked_in or not came.placed:
            self.outcome.assumed.acceptances += 1
            after = min(self._recorded.usual_accept, expires_at - time - 1)
            self._at(time + after, self._answer, Step(after, COMMANDS["AcceptOffer"](entry_id=entry_id), _WHO))

    def _check_in(self, time: int, token_id: str) -> None:
        self._ask(COMMANDS["CheckIn"](token_id=token_id), time, _WHO)

    def _answer(self, time: int, answer: Step) -> None:
        self._ask(answer.command, time, answer.who)

    def _change(self, command: Any) -> None:
        """What the variation itself asks for."""
        self._ask(command, self.world.time, _WHO)

    def _ask(self, command: Any, time: int, who: str) -> Accepted | None:
        number = next(self._numbers)
        try:
            accepted = self.world.ask(command, time, own_id("derived", number, time), who)
        except Rejected:
            return None
        self._done(accepted, time)
        return accepted

    # Counters

    def _look(self, service_id: str, time: int) -> None:
        """Which counters can call now, and when they will."""
        service = service_of(self.world.book, service_id)
        if service is None:
            return
        free = dict(callable_at(self.world.book, service, time))
        for counter in service.settings.counters:
            here = (service_id, counter.name)
            before = self._since.get(here)
            since = self._since[here] = waits_since(before, free.get(counter.name), time)
            if before is not None and before <= time and since != before:
                self._chances[*here, calendar.local_day(before, self._recorded.zone)] += 1
            if since is None:
                self._armed.pop(here, None)
            elif since != before or here not in self._armed:
                self._arm(here, since, time)

    def _arm(self, here: tuple[str, str], since: int, time: int) -> None:
        day = calendar.local_day(since, self._recorded.zone)
        shift = self._shift(*here, day)
        when = shift.when(self._chances[*here, day], since) if shift is not None else None
        if when is not None:
            number = next(self._numbers)
            self._armed[here] = number
            self._at(max(when, time), self._call, here, number, day)

    def _call(self, time: int, here: tuple[str, str], number: int, day: str) -> None:
        if self._armed.get(here) != number:
            return  # there was nobody any more, or somebody else since
        del self._armed[here]
        service_id, counter = here
        service = service_of(self.world.book, service_id)
        assert service is not None, "a counter of a service that is not there"
        turn = self._calls[service_id, counter, day]
        shift = self._shift(service_id, counter, day)
        known = shift.calls[turn] if shift is not None and turn < len(shift.calls) else None
        who = known.who if known is not None else shift.calls[-1].who if shift is not None and shift.calls else _WHO
        chosen = known.chosen if known is not None else _usual(shift)
        wanted = ""
        if chosen == "slot":
            wanted = first_arrived(self.world.book, service, day)
        elif chosen == "named" and known is not None:
            wanted = known.ticket_id
        ticket = service.tickets.get(wanted)
        accepted, self._since[here] = None, None
        if ticket is not None and ticket.status == "waiting":
            by_name = COMMANDS["CallTicket"](ticket_id=wanted, counter=counter, reason=FreeText(TEXT))
            accepted = self._ask(by_name, time, who)
        if accepted is None:
            accepted = self._ask(COMMANDS["CallNext"](service_id=service_id, counter=counter), time, who)
        call = called(accepted, service_id) if accepted is not None else None
        self._chances[service_id, counter, day] += 1
        if call is None:
            self._look(service_id, time)
            return
        self._calls[service_id, counter, day] += 1
        self._play(self._script(call.ticket_id, service_id), time, call.ticket_id, service_id)

    def _script(self, ticket_id: str, service_id: str) -> list[Step]:
        """What happens at the counter after this call: as it did after the same call in the log."""
        stints: list[Stint] = self._recorded.stints.get((ticket_id, service_id), [])
        number = self._stints[ticket_id, service_id]
        self._stints[ticket_id, service_id] += 1
        if number < len(stints):
            return stints[number].steps
        served = next((one for one in reversed(stints) if any(_completes(step) for step in one.steps)), None)
        if served is not None:
            return served.steps
        if stints:
            return stints[-1].steps
        if ticket_id not in self._guessed:
            self._guessed.add(ticket_id)
            self.outcome.assumed.services += 1
        start = _usually(self._recorded.usual_start, service_id, 0)
        service = service_of(self.world.book, service_id)
        expected = service.average if service is not None else 0
        took = _usually(self._recorded.usual_service, service_id, expected)
        return [
            Step(start, COMMANDS["StartTicket"](ticket_id=ticket_id), _WHO),
            Step(start + took, COMMANDS["CompleteTicket"](ticket_id=ticket_id), _WHO),
        ]

    def _play(self, steps: Iterable[Step], time: int, ticket_id: str, service_id: str) -> None:
        stint = self._stints[ticket_id, service_id]
        for step in steps:
            self._at(time + step.after, self._step, step, ticket_id, service_id, stint)

    def _step(self, time: int, step: Step, ticket_id: str, service_id: str, stint: int) -> None:
        if self._stints[ticket_id, service_id] != stint:
            return
        service = service_of(self.world.book, service_id)
        ticket = service.tickets.get(ticket_id) if service is not None else None
        if ticket is None or not ticket.counter:
            return
        forced = getattr(step.command, "force", False)
        if _completes(step) and ticket.status == "called" and not forced:  # here a call waits for the patient to come
            self._ask(COMMANDS["StartTicket"](ticket_id=ticket_id), time, step.who)
        command = step.command
        if getattr(command, "counter", None) not in (None, ticket.counter):
            command = msgspec.structs.replace(command, counter=ticket.counter)  # another counter was quicker here
        self._ask(command, time, step.who)

    def _shift(self, service_id: str, counter: str, day: str) -> Shift | None:
        """When a counter works; one that the log does not have works while the others of its service do."""
        if (service_id, counter) in self._recorded.seen:
            return self._shifts.get((service_id, counter, day))
        return self._shifts.get((service_id, "", day))

    def _at(self, time: int, act: Any, *what: Any) -> None:
        heapq.heappush(self._agenda, (max(time, self.world.time), next(self._numbers), (act, *what)))


def _shifts(recorded: Recorded) -> Mapping[tuple[str, str, str], Shift]:
    """Shifts in which somebody was called; under the name ``""`` what a further counter of that service would do."""
    worked = {key: shift for key, shift in recorded.shifts.items() if shift.calls}
    together: dict[tuple[str, str], list[Shift]] = {}
    for (service_id, _, day), shift in worked.items():
        together.setdefault((service_id, day), []).append(shift)
    more = {}
    for (service_id, day), shifts in together.items():
        ends = [shift.ends for shift in shifts]
        more[service_id, "", day] = Shift(
            begins=min(shift.begins for shift in shifts),
            ends=None if None in ends else max(one for one in ends if one is not None),
            reaction=max(shift.reaction for shift in shifts),
        )
    return {**worked, **more}


def _usual(shift: Shift | None) -> str:
    """How a counter mostly chooses."""
    modes = Counter(one.chosen for one in shift.calls if one.chosen != "named") if shift is not None else Counter()
    return modes.most_common(1)[0][0] if modes else "queue"


def _completes(step: Step) -> bool:
    return type(step.command).__name__.startswith("Complete")


def _usually(times: Mapping[str, int], service_id: str, else_: int) -> int:
    return times.get(service_id) or times.get("") or else_
