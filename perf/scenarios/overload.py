"""Three times what the server can bear, for five minutes: it must say so in time, lose nothing, and recover at once.

What it can bear is measured first. Then ten seconds at half of that, the overload, and half a minute at half again.
Requests come whether or not the ones before were answered, each on a connection of its own when the others are busy:
more connections than the server lets in, so that it must turn some away, and none of them may wait for that.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec

from perf.figures import Target
from perf.load.chains import Supply, booking, instants
from perf.load.histogram import percentile
from perf.load.plan import MADE, Chain, Settings, Site
from perf.load.scenario import Figure, Founder, Goal, Load
from perf.runs import Repeat
from perf.scenarios import booking_storm

_LEAD: Final = 10.0
_TAIL: Final = 30.0
"""Seconds at half of saturation before and after; shorter where the whole is."""

_REFUSED: Final = MADE | {503, 504}
"""During the overload a definite refusal is an answer."""

_NORMAL_MS: Final = 25.0
"""Below this a p99 is normal, whatever it was before."""

_TIMES: Final = 2.0
"""It is normal again when it is no more than so many times what it was."""


async def prepare(founder: Founder, settings: Settings) -> list[Site]:
    """A hospital with a seat for each request, those of the lead and the tail included."""
    lead, tail = _around(settings)
    extra = settings.saturation / 2 * (lead + tail) / max(settings.rate, 1.0)
    seconds = settings.seconds + (0.0 if settings.closed else extra)
    return await booking_storm.prepare(founder, msgspec.structs.replace(settings, seconds=seconds))


def plan(sites: list[Site], settings: Settings) -> Iterator[Chain]:
    """Half of saturation, the overload, half again."""
    if settings.closed:
        yield from booking_storm.plan(sites, settings)
        return
    lead, tail = _around(settings)
    supply = Supply(sites[0])
    number = 0
    for rate, begin, seconds in (
        (settings.saturation / 2, 0.0, lead),
        (settings.rate, lead, settings.seconds),
        (settings.saturation / 2, lead + settings.seconds, tail),
    ):
        for start in instants(settings, rate, begin, seconds):
            if not supply.left:
                return
            chain = booking(supply, start, number)
            yield chain._replace(steps=tuple(step._replace(good=_REFUSED) for step in chain.steps))
            number += 1


def figures(repeat: Repeat, settings: Settings) -> list[Figure]:
    """How long the longest answer took, and how long it took until all was as before."""
    lead, _ = _around(settings)
    over = lead + settings.seconds
    seconds = repeat.measured.by_second
    p99 = {
        n: percentile(one.counts, sum(one.counts.values()), 0.99, one.most) * 1000
        for n, one in seconds.items()
        if one.counts
    }
    before = sorted(value for n, value in p99.items() if lead * 0.2 <= n < int(lead))
    usual = before[len(before) // 2] if before else 0.0
    bound = max(_TIMES * usual, _NORMAL_MS)
    late = [n for n, value in p99.items() if n >= int(over) and value > bound]
    codes = repeat.measured.statuses.get("book", {})
    sent = max(sum(codes.values()), 1)
    return [
        Figure("p99 before", "ms", usual, "median of its seconds"),
        Figure(
            "back to normal after",
            "s",
            max(late) + 1 - over if late else 0.0,
            f"p99 of a second at most {bound:.0f} ms",
        ),
        Figure("booked", "%", 100 * codes.get("201", 0) / sent, "of all requests"),
        Figure(
            "refused", "%", 100 * (codes.get("503", 0) + codes.get("504", 0)) / sent, "503 or 504, each with its reason"
        ),
    ]


def _around(settings: Settings) -> tuple[float, float]:
    return min(_LEAD, settings.seconds / 2), min(_TAIL, settings.seconds)


SCENARIO: Final = Load(
    name="overload",
    objective="Three times saturation: every request is answered in time, what is refused was not done, and it passes.",
    expected=(
        "each request is answered within 10.5 s of being sent",
        "nothing that was answered not_applied is in the log",
        "back to normal within 10 s",
    ),
    defaults=Settings(seconds=300.0, connections=18_000, warm=2.0),
    quick=Settings(seconds=3.0, connections=200, warm=0.3),
    prepare=prepare,
    plan=plan,
    figures=figures,
    relative=3.0,
    goals=(
        Goal("longest answer", Target("most", 10.5), "every request is answered"),
        Goal("unanswered", Target("most", 0.0), "every request is answered"),
        Goal("violations", Target("most", 0.0), "no false not_applied"),
        Goal("back to normal after", Target("most", 10.0)),
    ),
)
