"""Pages of referrals of a hospital that has a hundred, and of one that has a hundred thousand, side by side.

A technician looks through three branches, a practitioner through what is his, by time, by status and by doctor; now
and then somebody refers. Requests alternate between the two hospitals, so that what slows the machine slows both.
Source 003's own load is a thousand requests, ten at a time: ``--closed 10 --attempts 1000``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from perf.figures import Target
from perf.load.chains import instants
from perf.load.plan import MADE, Chain, Settings, Site, Step
from perf.load.referring import PRACTITIONERS, found_laboratory
from perf.load.scenario import Figure, Founder, Goal, Load
from perf.runs import Repeat

SHORT: Final = 100
_ROWS: Final = 20
"""Of a page: the shorter lists have as many."""

_REFERS: Final = 50
"""One request in so many; the short list grows by that, too."""

LISTS: Final = {
    "technician": "/referrals/technician/?technician_id={technician}&limit={rows}",
    "technician, pending": "/referrals/technician/?technician_id={technician}&limit={rows}&status=Pending",
    "technician, by doctor": "/referrals/technician/?technician_id={technician}&limit={rows}&sort=doctor",
    "practitioner": "/referrals/practitioner/?practitioner_id={practitioner}&limit={rows}",
}
"""What is looked at."""


async def prepare(founder: Founder, settings: Settings) -> list[Site]:
    """Two hospitals that differ in how many referrals they have."""
    many = settings.referrals
    return [
        await found_laboratory(founder, "short", referrals=SHORT, patients=50),
        await found_laboratory(founder, "long", referrals=many, patients=max(50, many // 50)),
    ]


def plan(sites: list[Site], settings: Settings) -> Iterator[Chain]:
    """Each list of the one hospital, then of the other."""
    short, long = sites
    asked = [(name, path, site, word) for name, path in LISTS.items() for site, word in ((short, SMALL), (long, LARGE))]
    for number, start in enumerate(instants(settings, settings.rate)):
        if number % _REFERS == _REFERS - 1:
            site = sites[number // _REFERS % len(sites)]  # in turn: a read waits for what was just written beside it
            yield Chain(start, site.hospital, (_refer(site, number),))
            continue
        name, path, site, word = asked[number % len(asked)]
        lab = site.laboratory
        turn = number // len(asked) % PRACTITIONERS
        address = path.format(technician=lab.technician, practitioner=lab.practitioners[turn], rows=_ROWS)
        yield Chain(start, site.hospital, (Step(f"{name}, {word}", "GET", address),))


SMALL, LARGE = "short", "long"


def _refer(site: Site, number: int) -> Step:
    lab = site.laboratory
    body = {
        "patient_id": site.patients[number % len(site.patients)],
        "branch_id": lab.branches[number % len(lab.branches)],
        "practitioner_id": lab.practitioners[number % PRACTITIONERS],
        "tests": [lab.tests[number % len(lab.tests)]],
    }
    return Step("refer", "POST", "/referrals/", msgspec.json.encode(body).decode(), MADE)


def figures(repeat: Repeat, settings: Settings) -> list[Figure]:
    """How much longer a page of the long list takes, of each kind and of all together."""
    ops, made = repeat.measured.ops, []
    for share, word in ((0.5, "p50"), (0.95, "p95")):
        ratios = []
        for name in LISTS:
            small, large = ops.get(f"{name}, {SMALL}"), ops.get(f"{name}, {LARGE}")
            if small is None or large is None or not small.percentile(share):
                continue
            ratios.append(large.percentile(share) / small.percentile(share))
            made.append(Figure(f"{name}, long by short, {word}", "times", ratios[-1]))
        if ratios:
            note = f"the most of all lists; {SHORT} and {settings.referrals:,} referrals, pages of {_ROWS}"
            made.append(Figure(f"long by short, {word}", "times", max(ratios), note))
    return made


SCENARIO: Final = Load(
    name="referral-lists",
    objective="A page of a hundred thousand referrals costs what a page of a hundred costs, summary included.",
    expected=(
        "a page of the long list under 1.5 times a page of the short one",
        "a page within 20 ms (p95)",
        "every referral's status derived from its tests, every step of a test legal",
    ),
    defaults=Settings(rate=40.0, seconds=60.0, connections=10, referrals=100_000),
    quick=Settings(rate=80.0, seconds=2.0, connections=10, warm=0.3, referrals=500),
    prepare=prepare,
    plan=plan,
    figures=figures,
    goals=(
        Goal("long by short, p50", Target("most", 1.5), "the same page of a list of 100,000 and of 100"),
        *(
            Goal(f"{name}, {LARGE}, p95", Target("most", 20.0), "source: 200 to 500")
            for name in ("technician", "practitioner")
        ),
        Goal("errors", Target("most", 0.1), "of all requests"),
    ),
)
