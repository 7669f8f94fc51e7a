"""An emergency surge: a thousand patients admitted at the same instant, with beds and staff for all, then without.

Three hospitals of one network, one after the other. In the first, patients come as on any day, one at a time, and
leave again: how long a doctor, a nurse and a bed take then. In the second a thousand come at one instant, and there is
enough of everything. In the third a thousand come at one instant and there are beds for one in three: the others
wait, and are given the beds that discharges and cleaning free, the most urgent first.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import merge
from typing import Final

from perf.figures import Incorrect, Target
from perf.load.chains import instants
from perf.load.plan import Chain, Settings, Site
from perf.load.scenario import Figure, Founder, Goal, Load
from perf.load.wards import admit, clean, discharge, found_wards
from perf.runs import Repeat

TYPICAL: Final = "assign"
ENOUGH: Final = "admit at once"
SHORT: Final = "admit at once, too few beds"

_USUAL: Final = 0.45
"""Share of the run that is an ordinary day,"""
_SURGE: Final = 0.5
"""when the thousand come,"""
_SHORTAGE: Final = 0.6
"""and when they come where beds are short."""
_ROUNDS: Final = (0.68, 0.78, 0.88)
"""When patients leave there; beds are cleaned behind them."""
_LASTS: Final = 0.05
"""Share of the run that such a round takes, and again for the cleaning."""

_BEDS_EACH: Final = 0.36
"""Beds for each patient where they are short; four in five of them are for those who are not critical."""
_SPARE: Final = 1.6
"""Beds for each patient where there is enough: intensive care is a fifth of them, and rooms fill unevenly."""
_STAYS: Final = 4.0
"""Seconds for which a patient of the ordinary day stays."""


async def prepare(founder: Founder, settings: Settings) -> list[Site]:
    """The three hospitals; a surge is of an instant, which a closed loop does not know."""
    if settings.closed:
        raise Incorrect("a surge is sent in an open loop: everybody comes at one instant")
    crowd, usual = settings.users, round(settings.rate * settings.seconds * _USUAL * 1.3) + 20
    short = max(8, round(crowd * _BEDS_EACH))
    return [
        await found_wards(founder, name, patients=patients, beds=beds, doctors=doctors, nurses=nurses)
        for name, patients, beds, doctors, nurses in (
            ("usual", usual, round(usual * _SPARE) + 60, usual // 8 + 10, usual // 3 + 20),
            ("surge", crowd, round(crowd * _SPARE) + 60, crowd // 8 + 10, crowd // 3 + 20),
            ("shortage", crowd, short, crowd // 8 + 10, crowd // 3 + 20),
        )
    ]


def plan(sites: list[Site], settings: Settings) -> Iterator[Chain]:
    """An ordinary day, a surge, and one with too few beds."""
    usual, surge, shortage = sites
    yield from merge(
        _usual(usual, settings),
        _at_once(surge, settings),
        _too_few(shortage, settings),
        _cleaning(shortage, settings),
        key=lambda chain: chain.start,
    )


def _usual(site: Site, settings: Settings) -> Iterator[Chain]:
    for number, start in enumerate(instants(settings, settings.rate, seconds=settings.seconds * _USUAL)):
        if number == len(site.patients):
            return
        steps = (admit(site.patients[number], number, TYPICAL), discharge(_STAYS))
        yield Chain(start, site.hospital, steps)


def _at_once(site: Site, settings: Settings) -> Iterator[Chain]:
    for number, patient in enumerate(site.patients):
        yield Chain(settings.seconds * _SURGE, site.hospital, (admit(patient, number, ENOUGH),))


def _too_few(site: Site, settings: Settings) -> Iterator[Chain]:
    """Each asks to leave in every round; who waits then is told so, and asks again in the next."""
    start, count = settings.seconds * _SHORTAGE, len(site.patients)
    for number, patient in enumerate(site.patients):
        later = number / count * _LASTS
        leaves = (discharge((at - _SHORTAGE + later) * settings.seconds) for at in _ROUNDS)
        yield Chain(start, site.hospital, (admit(patient, number, SHORT), *leaves))


def _cleaning(site: Site, settings: Settings) -> Iterator[Chain]:
    for at in _ROUNDS:
        for number, bed in enumerate(site.beds):
            start = (at + _LASTS + number / len(site.beds) * _LASTS) * settings.seconds
            yield Chain(start, site.hospital, (clean(bed),))


def figures(repeat: Repeat, settings: Settings) -> list[Figure]:
    """What became of those who came, as the log has it."""
    sums = repeat.wards
    if sums is None:
        return []
    return [
        Figure("admitted", "", float(sums.admitted), "in the log"),
        Figure("assigned at once", "", float(sums.at_once), "doctor, nurse and bed in the same commit"),
        Figure("waited", "", float(sums.waited), "for a bed or for somebody"),
        Figure("served when something freed up", "", float(sums.served), "in the commit that freed it"),
        Figure("waiting at the end", "", float(sums.waiting)),
        Figure("longest wait", "s", sums.longest / 1e6, "until there was a bed"),
        Figure("timed out", "%", 100 * sums.timeouts / max(sums.admitted, 1), "of all admissions"),
    ]


SCENARIO: Final = Load(
    name="surge",
    objective="A thousand patients are admitted at one instant: each gets doctor, nurse and bed, or waits in order.",
    expected=(
        "nobody waits for an answer longer than the 10 s limit; aimed at 3 s",
        "on an ordinary day an assignment takes less than 100 ms (p95); aimed at 15 ms",
        "no bed given twice, nobody over the maximum, nothing given in part, nobody served out of turn",
        "whatever is freed goes to the right patient in the same commit",
    ),
    defaults=Settings(rate=10.0, seconds=60.0, connections=1_000, users=1_000),
    quick=Settings(rate=20.0, seconds=6.0, connections=40, users=40, warm=0.3),
    prepare=prepare,
    plan=plan,
    figures=figures,
    goals=(
        Goal(f"{TYPICAL}, p95", Target("most", 15.0), "an ordinary day; source: 100"),
        Goal(f"{ENOUGH}, max", Target("most", 3_000.0), "the slowest of those who came at one instant; limit: 10 s"),
        Goal(f"{SHORT}, max", Target("most", 3_000.0), "the slowest, where most have to wait"),
        Goal("timed out", Target("most", 0.0), "no assignment beyond the limit", optional=True),
        Goal("errors", Target("most", 0.1), "of all requests; a definite refusal is none"),
    ),
)
