"""The report's account of rooms: who got one, who was refused, and what the rules and the index had to do with it."""

from __future__ import annotations

from perf.load.histogram import Histogram, together
from perf.report import number
from perf.reporting.account import POLICIES, hits
from perf.runs import Run
from perf.verify.log import OVERLAPS
from perf.verify.room_sums import RoomSums, merged
from replay.reporting.document import Block, Heading, Listing, Table, Text

_REFUSED = ", refused"
_OFFERED = "book the offered room"


def rooms(run: Run) -> list[Block]:
    """Of a run in which rooms were asked for; nothing of any other."""
    parts = [repeat.rooms for repeat in run.repeats if repeat.rooms is not None]
    if not parts:
        return []
    sums = merged(parts)
    blocks: list[Block] = [Heading(4, "Room assignment"), Listing(_assignment(run, sums))]
    if sums.rules:
        blocks += [Heading(4, "Rules"), Listing(_rules(run, sums)), _kinds(sums)]
        blocks.append(Text("Rooms left out count under the first reason that was met; hard rules are asked in order."))
    return blocks


def _assignment(run: Run, sums: RoomSums) -> str:
    codes = ", ".join(f"{count:,} {code}" for code, count in sorted(sums.refused.items())) or "none"
    refused = _refusals(run)
    taken, asked = _offered(run)
    checks = [check for repeat in run.repeats for check in repeat.checks if check.name == OVERLAPS]
    found = "; ".join(check.detail for check in checks if not check.ok)
    looked = sum(check.count for check in checks)
    lines = [
        ("Booking attempts", f"{sums.attempts:,}"),
        ("Successful bookings", f"{sums.booked:,} ({100 * sums.booked / max(sums.attempts, 1):.1f} %)"),
        ("Conflicts detected", f"{sums.conflicts:,}"),
        ("Refusals by code", codes),
        ("Alternative rooms assigned", f"{taken:,} of {asked:,} that asked for what was offered" if asked else "none"),
        ("Conflict told, average", f"{1000 * refused.mean:,.1f} ms" if refused.count else "no conflict"),
        ("Conflict told, p95", f"{1000 * refused.percentile(0.95):,.1f} ms" if refused.count else "no conflict"),
        ("Appointments without rooms", f"{sums.without_room:,} when they were booked"),
        ("  given one later", f"{sums.freed:,}, when one freed up"),
        ("  waiting at the end", f"{sums.waiting:,}, each with an escalation"),
        ("Double bookings found", found or f"0 in {looked:,} appointments, looked at after every entry of the log"),
        ("Deadlocks", "none: rooms take no locks"),
    ]
    return _columns(lines)


def _rules(run: Run, sums: RoomSums) -> str:
    caches = [found for repeat in run.repeats for found in hits(repeat) if found[0] == POLICIES]
    hit, asked = sum(found[1] for found in caches), sum(found[1] + found[2] for found in caches)
    left_out = sum(sums.failed.values())
    saved = 100 * (1 - sums.asked / max(sums.considered, 1))
    lines = [
        ("Total rule evaluations", f"{sums.hard_judged + sums.soft_judged:,} at the most, rules by rooms"),
        ("Policy cache hit rate", f"{hit / asked:.1%} of {asked:,}" if asked else "not told"),
        ("Rules by choice", f"{sums.rules / max(sums.choices, 1):.1f}"),
        ("Hard constraints evaluated", f"{sums.hard_judged:,} at the most: the first one that is not met ends it"),
        ("Soft preferences evaluated", f"{sums.soft_judged:,}"),
        ("Rooms filtered out", f"{left_out:,} of {sums.considered:,}"),
        ("Best room leads the next by", f"{sums.lead / 1000 / max(sums.led, 1):.2f} points, on average"),
        ("Rooms looked at", f"{sums.considered:,} in the clinic's index: no look-up for each of them"),
        ("Rooms asked themselves", f"{sums.asked:,}, best first, until one agreed ({number(saved)} % less)"),
    ]
    return _columns(lines)


def _kinds(sums: RoomSums) -> Table:
    """Hard: rooms left out; soft: what the chosen room had of it."""
    rows = [("left out", kind, f"{count:,}", "") for kind, count in sorted(sums.failed.items(), key=_most)]
    rows += [
        ("gave points", kind, f"{count:,}", f"{sums.points.get(kind, 0) / 1000 / count:+.2f}")
        for kind, count in sorted(sums.given.items(), key=_most)
    ]
    return Table(
        ("", "Kind of rule, or what the room is", "Rooms", "Points on average"), tuple(rows), frozenset({2, 3})
    )


def _most(item: tuple[str, int]) -> tuple[int, str]:
    return -item[1], item[0]


def _refusals(run: Run) -> Histogram:
    """Waits of all bookings that a rule refused."""
    return together([one for repeat in run.repeats for op, one in repeat.measured.ops.items() if op.endswith(_REFUSED)])


def _offered(run: Run) -> tuple[int, int]:
    """How many asked for what they were offered: those who got it, and all."""
    statuses = [repeat.measured.statuses.get(_OFFERED, {}) for repeat in run.repeats]
    return sum(one.get("201", 0) for one in statuses), sum(sum(one.values()) for one in statuses)


def _columns(lines: list[tuple[str, str]]) -> str:
    width = max(len(name) for name, _ in lines) + 1
    return "\n".join(f"{name + ':':<{width}}  {value}" for name, value in lines)
