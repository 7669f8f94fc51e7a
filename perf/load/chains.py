"""What users do, as chains of requests: book, take a token back, come and be served, join a queue, look things up.

Scenarios put these together. A ``Supply`` hands out patients, seats and counters, so that nothing that is asked for is
refused by a rule: no patient twice on a day, no counter that is still busy. Knows no time but the chain's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Final

from perf.load.plan import MADE, Chain, Settings, Site, Step

SERVED: Final = 0.8
"""Seconds from a call to the end of what it began, as the plans have it."""

_REST: Final = 2.0
"""Seconds for which a counter is left alone after that, so that a slow answer does not find it busy."""

_CATEGORIES: Final = ("ONLINE", "WALKIN", "FOLLOWUP", "WALKIN", "PRIORITY_PAID")
_PRIORITIES: Final = ("low", "medium", "low", "high", "low")


class Supply:
    """Of one hospital. Bookings go to each patient once a day, and to slot after slot in turn."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._booked = 0
        self._today = 0
        self._by_day: dict[int, int] = {}
        self._counters = [(service, str(n + 1)) for n in range(site.counters) for service in site.services]
        self._turn = 0
        self._free: dict[str, float] = {}

    @property
    def left(self) -> bool:
        """Whether anybody can still be booked."""
        return self._booked < len(self.site.patients) * len(self.site.days)

    def seat(self) -> tuple[str, str]:
        """(slot, patient): day after day, all patients on each."""
        site = self.site
        day, turn = divmod(self._booked, len(site.patients))
        self._booked += 1
        slots = site.days[day]
        return slots[turn % len(slots)], site.patients[turn]

    def seat_on(self, day: int) -> tuple[str, str]:
        """(slot, patient) on this day; for plans that take their days in no order."""
        site = self.site
        turn = self._by_day.get(day, 0)
        self._by_day[day] = turn + 1
        slots = site.days[day]
        return slots[turn % len(slots)], site.patients[turn % len(site.patients)]

    def seat_today(self) -> tuple[str, str, str]:
        """(slot, patient, the doctor whose slot it is)."""
        site, turn = self.site, self._today
        self._today += 1
        place = turn % len(site.today)
        return site.today[place], site.patients[turn % len(site.patients)], site.doctors[place % len(site.doctors)]

    @property
    def today_left(self) -> bool:
        """Whether somebody can still get a token for today."""
        return bool(self.site.today) and self._today < len(self.site.patients)

    def counter(self) -> tuple[str, str]:
        """(service, counter), in turn."""
        self._turn += 1
        return self._counters[self._turn % len(self._counters)]

    def doctor_free(self, doctor: str, at: float) -> float:
        """From when on this doctor can call somebody; he is busy from then on."""
        begins = max(at, self._free.get(doctor, 0.0))
        self._free[doctor] = begins + SERVED + _REST
        return begins


def booking(supply: Supply, start: float, number: int, day: int | None = None) -> Chain:
    """One token, for a day far ahead."""
    slot, patient = supply.seat() if day is None else supply.seat_on(day)
    return Chain(start, supply.site.hospital, (book(slot, patient, number),))


def book(slot: str, patient: str, number: int, good: frozenset[int] = MADE) -> Step:
    """The request for a token."""
    category = _CATEGORIES[number % len(_CATEGORIES)]
    body = f'{{"slot_id":"{slot}","patient_id":"{patient}","category":"{category}"}}'
    return Step("book", "POST", "/tokens/", body, good, made="tokens")


def booking_taken_back(supply: Supply, start: float, number: int, after: float = 3.0) -> Chain:
    """A token, and its cancellation some seconds later."""
    slot, patient = supply.seat()
    cancel = Step("cancel", "DELETE", "/tokens/{}/", offset=after)
    return Chain(start, supply.site.hospital, (book(slot, patient, number), cancel))


def visit(supply: Supply, start: float, number: int, *, comes: bool = True) -> Chain:
    """A token for today; the patient comes, the doctor calls the next, sees him, and is done."""
    slot, patient, doctor = supply.seat_today()
    asked = book(slot, patient, number)
    if not comes:
        return Chain(start, supply.site.hospital, (asked,))
    called = supply.doctor_free(doctor, start + 2.0) - start
    steps = (asked, Step("check-in", "POST", "/tokens/{}/check-in/", offset=1.0), *calls(doctor, "1", called))
    return Chain(start, supply.site.hospital, steps)


def calls(service: str, counter: str, offset: float = 0.0) -> tuple[Step, Step, Step]:
    """Whoever is next is called to this counter, begins and ends."""
    at = f'{{"counter":"{counter}"}}'
    return (
        Step("call-next", "POST", f"/services/{service}/call-next/", at, offset=offset, made="tickets"),
        Step("start", "POST", "/tickets/{}/start/", "{}", offset=offset + SERVED / 2),
        Step("complete", "POST", "/tickets/{}/complete/", at, offset=offset + SERVED),
    )


def join(supply: Supply, start: float, number: int) -> Chain:
    """Somebody at a kiosk gets in line."""
    services = supply.site.services
    body = f'{{"priority":"{_PRIORITIES[number % len(_PRIORITIES)]}"}}'
    path = f"/services/{services[number % len(services)]}/tickets/"
    return Chain(start, supply.site.hospital, (Step("join", "POST", path, body, MADE, made="tickets"),))


def serving(supply: Supply, start: float) -> Chain:
    """A counter calls the next, and serves him."""
    return Chain(start, supply.site.hospital, calls(*supply.counter()))


def look(supply: Supply, start: float, random: Random) -> Chain:
    """Somebody looks something up."""
    site = supply.site
    slots = site.today or site.days[0]
    kinds = ["slot", "slots"] + (["board", "queue", "integrity"] if site.services else [])
    match random.choice(kinds):
        case "slot":
            step = Step("read slot", "GET", f"/slots/{random.choice(slots)}/")
        case "slots":
            step = Step("read tokens", "GET", f"/slots/{random.choice(slots)}/tokens/?limit=20")
        case "board":
            step = Step("read board", "GET", f"/services/{random.choice(site.services)}/board/")
        case "queue":
            step = Step("read queue", "GET", f"/services/{random.choice(site.services)}/queue/?limit=20")
        case _:
            step = Step("read statistics", "GET", f"/services/{random.choice(site.services)}/statistics/")
    return Chain(start, site.hospital, (step,))


def instants(settings: Settings, rate: float, begin: float = 0.0, seconds: float | None = None) -> Iterator[float]:
    """When chains begin: at random, as people come who know nothing of each other, ``rate`` a second on average."""
    random = Random(f"{settings.seed}/instants/{begin}")  # noqa: S311  it guards nothing
    at, end = begin, begin + (settings.seconds if seconds is None else seconds)
    while settings.closed or (at := at + random.expovariate(rate)) < end:
        yield at
