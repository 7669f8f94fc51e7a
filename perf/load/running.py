"""One load on Matron, from an empty folder to the last check: found, serve, send, stop, hold the log against all that.

With a target the server is somebody else's: what a load needs is founded over its interface, and read back over it.
"""

from __future__ import annotations

import os
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import trio

from perf.load.auditing import audit
from perf.load.driver import PER_SENDER, sending
from perf.load.following import following
from perf.load.founding import Caller, engineer
from perf.load.order import Order, Progress
from perf.load.plan import Settings, Site
from perf.load.sampling import Account, watch
from perf.load.scenario import Founder, Load
from perf.profiling import record
from perf.runs import Profile, Repeat, Sample, Spell, moment
from perf.serving import server
from perf.size import Tell
from perf.verify import ward_sums
from perf.verify.answers import read_answers
from perf.verify.log import examine, heads_of
from perf.verify.remote import verify_remote
from perf.verify.room_sums import merged
from perf.verify.weighing import weigh

DEVELOPER: Final = "developer"
"""Who asks where nobody has a key: ``serve --dev``."""

_PROBE_SECONDS: Final = 10.0
_PROBE_CALLERS: Final = 64
_PROFILED: Final = 30.0
"""Seconds that a profiler may take to write down what it saw."""

Watching = Callable[[Progress], None]


class Place(NamedTuple):
    """Where the server is: one of our own where ``pid`` says so."""

    host: str
    port: int
    key: str
    pid: int | None


class Setup(msgspec.Struct, frozen=True, kw_only=True):
    """What does not belong to the scenario. ``target``: (host, port) of a server that runs already."""

    folder: Path
    workers: int = 0
    senders: int = 0
    target: tuple[str, int] | None = None
    key: str = ""
    any_disk: bool = False
    profile: bool = False
    """Whether the server's time is sampled meanwhile; the samples take some of it themselves."""


async def run_load(scenario: Load, settings: Settings, setup: Setup, tell: Tell, watching: Watching) -> Repeat:
    """Once, with everything that was measured and checked; a scenario of a share of saturation measures that first."""
    saturation = 0.0
    if scenario.relative and not settings.saturation:
        tell("how much it can bear: a closed loop")
        seconds = min(_PROBE_SECONDS, max(1.0, settings.seconds / 3))
        probe = msgspec.structs.replace(settings, closed=_PROBE_CALLERS, seconds=seconds, warm=min(1.0, seconds / 4))
        found = await _once(scenario, probe, setup, setup.folder / "saturation", tell, watching)
        if not found.sound:
            return found
        saturation = rate_of(found, probe)
        settings = msgspec.structs.replace(settings, saturation=saturation, rate=saturation * scenario.relative)
    repeat = await _once(scenario, settings, setup, setup.folder / "run", tell, watching)
    repeat.saturation, repeat.rate = settings.saturation, settings.rate
    return repeat


def rate_of(repeat: Repeat, settings: Settings) -> float:
    """Answers per second while requests were sent, the warm-up left out."""
    seconds, end = repeat.measured.by_second, min(repeat.measured.seconds, settings.seconds)
    whole = [second.done for n, second in seconds.items() if n >= settings.warm and n + 1 <= end]
    if not whole:
        return repeat.measured.sent / repeat.measured.seconds if repeat.measured.seconds else 0.0
    return sum(whole) / len(whole)


async def _once(
    scenario: Load, settings: Settings, setup: Setup, folder: Path, tell: Tell, watching: Watching
) -> Repeat:
    folder.mkdir()  # noqa: ASYNC240 - before anything runs
    data = folder / "data"
    tell("founding hospitals")
    prefix = f"perf-{moment().timestamp():.0f}" if setup.target else ""
    heads: dict[str, int] = {}
    if setup.target:
        host, port = setup.target
        sites = await scenario.prepare(Named(Caller(host, port, setup.key, prefix), prefix), settings)
        sites = [msgspec.structs.replace(site, hospital=f"{prefix}-{site.hospital}") for site in sites]
    else:
        async with engineer(data, any_disk=setup.any_disk) as founder:
            sites = await scenario.prepare(founder, settings)
        heads = await heads_of(data)
    orders = _orders(scenario, settings, setup, sites, folder)
    async with _place(setup, data) as place:
        repeat = await _load(scenario, settings, setup, place, orders, data, tell, watching)
        if setup.target:
            tell("reading back what was acknowledged")
            told = read_answers([Path(order.record) for order in orders], "")
            repeat.checks = await verify_remote(place.host, place.port, place.key, sites, told)
    if not setup.target:
        told = read_answers([Path(order.record) for order in orders], DEVELOPER)
        verdicts = await examine(data, told, tell)
        repeat.checks += verdicts.checks()
        repeat.rooms = merged(verdicts.rooms) if verdicts.rooms else None
        repeat.wards = ward_sums.merged(verdicts.wards) if verdicts.wards else None
        repeat.entries = sum((await heads_of(data)).values())
        repeat.log_bytes = os.stat(data / "log" / "data.mdb").st_blocks * 512
        if scenario.weighs:
            tell("weighing the log's states")
            repeat.weight = await weigh(data, heads)
    return repeat


async def _load(
    scenario: Load, settings: Settings, setup: Setup, place: Place, orders: list[Order], data: Path, tell: Tell,
    watching: Watching,
) -> Repeat:  # fmt: skip
    """The load itself, with somebody who looks on."""
    account = Account(place.host, place.port, place.key)
    round_trip = await account.round_trip()
    orders = [msgspec.structs.replace(order, host=place.host, port=place.port) for order in orders]
    count = 0 if setup.target else settings.followers
    async with sending(orders) as senders, following(place.port, orders[0].sites[0], count) as followers:
        tell(f"{scenario.name}: sending")
        before = await account.read()
        samples: list[Sample] = []
        profiles: list[Profile] = []
        spells: list[Spell] = []
        async with trio.open_nursery() as nursery:
            nursery.start_soon(watch, account, place.pid, senders.pids, trio.current_time(), samples)
            if scenario.audited and not setup.target:
                turn = min(scenario.audited, settings.seconds / 6)
                hospital = orders[0].sites[0].hospital
                nursery.start_soon(audit, data, hospital, turn, trio.current_time(), spells)
            if setup.profile:
                nursery.start_soon(record, place.pid, settings.seconds, setup.folder, profiles)
            measured = await senders.run(watching)
            with trio.move_on_after(_PROFILED):
                while setup.profile and not profiles:  # noqa: ASYNC110 - another process knows
                    await trio.sleep(0.1)
            nursery.cancel_scope.cancel()
        after = await account.read()
        await followers.end()
    account.close()
    return Repeat(
        measured=measured, samples=samples, before=before, after=after, round_trip=round_trip,
        heard=followers.heard, spells=spells, profile=profiles[0] if profiles else None,
    )  # fmt: skip


def _orders(
    scenario: Load, settings: Settings, setup: Setup, sites: list[Site], folder: Path
) -> list[Order]:  # fmt: skip
    peak = settings.rate if not settings.closed else 0.0
    parts = setup.senders or max(1, -(-int(peak) // int(PER_SENDER)))
    return [
        Order(
            scenario=scenario.name, settings=settings, sites=sites, host="127.0.0.1", port=0, key=setup.key,
            run=f"{moment().timestamp():.0f}", part=part, parts=parts, record=str(folder / f"answers-{part}.jsonl"),
        )
        for part in range(parts)
    ]  # fmt: skip


@asynccontextmanager
async def _place(setup: Setup, data: Path) -> AsyncGenerator[Place, None]:
    if setup.target:
        yield Place(*setup.target, setup.key, None)
        return
    flags = ["serve", "--data", str(data), "--dev", "--bind", "127.0.0.1:0", "--no-request-log", "--log-level", "error"]
    flags += ["--workers", str(setup.workers)] if setup.workers else []
    async with server("gateway", flags) as served:
        yield Place("127.0.0.1", served.port, "", served.pid)


class Named:
    """Gives every hospital that is founded a name which nobody has used before."""

    def __init__(self, founder: Founder, prefix: str) -> None:
        self._founder = founder
        self._prefix = prefix

    async def add(self, hospital: str, time_zone: str = "UTC") -> None:
        """A new hospital."""
        await self._founder.add(f"{self._prefix}-{hospital}", time_zone)

    async def make(self, hospital: str, commands: list[object], outcome: str = "created") -> list[str]:
        """Have all of these done."""
        return await self._founder.make(f"{self._prefix}-{hospital}", commands, outcome)
