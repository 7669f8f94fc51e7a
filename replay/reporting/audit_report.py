"""The audit report as a document: what was looked at, whether it holds, what happened. It names no patient.

It draws up what ``material`` brought together; it reads no log.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Final

from engine.decider import MINUTE
from replay.reporting.document import BROKEN, HOLDS, OPEN, Block, Figure, Heading, Listing, Points, Table, Text, html
from replay.reporting.gathering import LISTED, Deed, Waited
from replay.reporting.material import Material
from replay.reporting.plots import Axis, Line, plot
from replay.showing import clock
from replay.whatif.figures import nearest_rank
from replay.whatif.page import blocks as what_if_blocks

_ROWS: Final = 30
_LONGEST: Final = 20


def report(material: Material) -> str:
    """The page."""
    return html(f"Audit report: {material.hospital}", blocks(material))


def blocks(material: Material) -> list[Block]:
    """All parts, in order."""
    parts = (
        *(_opening, _proof, _integrity, _volumes, _refusals, _accounts, _waits, _overrides, _late, _erasures),
        *(_looks, _door),
    )
    made = [block for part in parts for block in part(material)]
    if material.what_if is not None:
        made += [Heading(2, "What if"), *(_lower(block) for block in what_if_blocks(material.what_if)[1:])]
    return made


def _opening(material: Material) -> list[Block]:
    days, gathered = material.range.days, material.gathered
    stretch = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
    verified = all(one.sound for one in material.verified) and not material.proof.fault
    signed = material.proof.proven and material.signatures_asked
    rows = (
        ("the log is what was written: hashes, version chains, tree", HOLDS if verified else BROKEN),
        ("the stretch is covered by a signed checkpoint", HOLDS if signed else OPEN),
        ("what must hold in a hospital", HOLDS if material.integrity.sound else BROKEN),
    )
    return [
        Heading(1, f"Audit report: {material.hospital}, {stretch}"),
        Text(
            f"Times are those of {material.zone}. The stretch has {gathered.entries:,} entries, from "
            f"{clock(gathered.first_time, material.zone)} to {clock(gathered.last_time, material.zone)}. "
            "Patients stand here by id only; who they are the hospital knows."
        ),
        Table(("question", "answer"), rows),
    ]


def _proof(material: Material) -> list[Block]:
    proof, stretch = material.proof, material.range
    rows = [
        ("positions of the stretch", f"{stretch.first:,} to {stretch.last:,} of {material.head:,}"),
        ("newest checkpoint", f"{proof.size:,} entries" if proof.size else "none: the log is not signed"),
        ("its root", proof.root or "–"),
        ("signed and witnessed by", ", ".join(proof.signers) or "–"),
        ("first and last entry are in that tree", "proven" if proof.proven else proof.fault or "not covered yet"),
    ]
    rows += [
        (f"leaf of entry {at}", leaf) for at, leaf in zip((stretch.first, stretch.last), proof.leaves, strict=False)
    ]
    rows.append(("rule books", ", ".join(f"version {one}" for one in sorted(material.gathered.rulebooks))))
    made: list[Block] = [Heading(2, "The log and its proof"), Table(("", ""), tuple(rows))]
    if proof.checkpoint:
        made.append(Listing(proof.checkpoint.rstrip()))
    if not material.signatures_asked:
        made.append(Text("No key was given and none lies beside the log: signatures were not checked."))
    made.append(Heading(3, "Verification of the whole log"))
    logs = tuple(
        (
            one.log, f"{one.entries:,}", f"{one.checkpoints:,}", f"{one.signed:,}", f"{one.witnessed:,}",
            ", ".join(one.origins) or "–", HOLDS if one.sound else BROKEN,
        )
        for one in material.verified
    )  # fmt: skip
    head = ("log", "entries", "checkpoints", "signed up to", "witnessed up to", "origins", "verdict")
    made.append(Table(head, logs, frozenset({1, 2, 3, 4})))
    findings = [
        (one.log, f"{found.position:,}", found.kind, found.text) for one in material.verified for found in one.findings
    ]
    if findings:
        made.append(Table(("log", "position", "kind", "finding"), _first(findings), frozenset({1})))
    remarks = [f"{one.log}: {remark}" for one in material.verified for remark in one.remarks]
    return [*made, Points(tuple(remarks))] if remarks else made


def _integrity(material: Material) -> list[Block]:
    found = material.integrity
    counts = tuple((name, f"{count:,}", HOLDS if not count else BROKEN) for name, count in found.counts.items())
    made: list[Block] = [
        Heading(2, "Integrity"),
        Text(
            f"Told from events alone, from the first entry to position {material.range.last:,}: "
            f"{sum(found.tokens.values()):,} tokens, {found.tickets:,} tickets, {found.appointments:,} appointments, "
            f"{found.admissions:,} admissions. Nothing may be given twice, nobody lost, nobody served out of turn."
        ),
        Table(("check", "findings", "verdict"), counts, frozenset({1})),
    ]
    if found.findings:
        rows = [(f"{one.position:,}", one.check, one.what) for one in found.findings]
        made.append(Table(("position", "check", "finding"), _first(rows), frozenset({0})))
    return made


def _volumes(material: Material) -> list[Block]:
    gathered = material.gathered
    rows = sorted(gathered.commands.items(), key=lambda item: (-sum(item[1]), item[0]))
    table = tuple((name, f"{taken:,}", f"{refused:,}" if refused else "") for name, (taken, refused) in rows)
    hours = [gathered.hours.get(hour, [0, 0]) for hour in range(24)]
    lines = [
        Line(name, [(float(hour + edge), float(counts[which])) for hour, counts in enumerate(hours) for edge in (0, 1)])
        for which, name in enumerate(("accepted", "refused"))
    ]
    ticks = [(float(hour), f"{hour:02}:00") for hour in range(0, 24, 4)]
    title = "Commands by hour" if len(material.range.days) == 1 else "Commands by hour of the day, all days together"
    wide, narrow = plot(title, Axis("local time", ticks=ticks), Axis("commands"), lines)
    by_hour = Table(
        ("hour", "accepted", "refused"),
        tuple((f"{hour:02}:00", f"{taken:,}", f"{refused:,}") for hour, (taken, refused) in enumerate(hours)),
        frozenset({1, 2}),
    )
    made: list[Block] = [Heading(2, "What was asked"), Figure(f"{title}.", wide, narrow, by_hour)]
    if len(gathered.days) > 1:
        days = tuple((day, f"{taken:,}", f"{refused:,}") for day, (taken, refused) in sorted(gathered.days.items()))
        made.append(Table(("day", "accepted", "refused"), days, frozenset({1, 2})))
    return [*made, Table(("command", "accepted", "refused"), table, frozenset({1, 2}))]


def _refusals(material: Material) -> list[Block]:
    rows = [
        (code, rule or "–", name, f"{count:,}")
        for (name, code, rule), count in material.gathered.refusals.most_common()
    ]
    return _listed("Refusals by rule", ("code", "rule", "command", "times"), rows, "Nothing was refused.", {3})


def _accounts(material: Material) -> list[Block]:
    accounts = sorted(material.gathered.accounts.values(), key=lambda one: (-one.asked, one.name))
    rows = [
        (
            one.name, one.role, f"{one.asked:,}", f"{one.refused:,}", f"{len(one.sources):,}",
            ", ".join(f"{name} {count:,}" for name, count in one.commands.most_common(4)),
        )
        for one in accounts
    ]  # fmt: skip
    head = ("account", "role", "commands", "refused", "addresses", "mostly")
    return _listed("Who did what", head, rows, "Nobody asked for anything.", {2, 3, 4})


def _waits(material: Material) -> list[Block]:
    waits = material.gathered.waits
    made: list[Block] = [Heading(2, "Waits")]
    if not waits:
        return [*made, Text("Nobody was served.")]
    rows = [_waited("everybody", waits), *_grouped("", waits, lambda one: one.category)]
    rows += _grouped("at ", waits, lambda one: one.place)
    head = ("who", "served", "mean", "median", "p90", "p95", "longest")
    made.append(
        Text("Minutes from arrival (of a ticket without a token: from joining) to the start of the consultation.")
    )
    made.append(Table(head, tuple(rows), frozenset(range(1, 7))))
    if material.gathered.left:
        made.append(Text(f"{material.gathered.left:,} still waited where their day, or the log, ends."))
    longest = sorted(waits, key=lambda one: (-one.wait, one.id))[:_LONGEST]
    table = tuple((one.day, one.id, one.category, one.place, _minutes(one.wait)) for one in longest)
    return [
        *made,
        Heading(3, "The longest"),
        Table(("day", "id", "category", "place", "minutes"), table, frozenset({4})),
    ]


def _overrides(material: Material) -> list[Block]:
    counts = tuple((what, f"{count:,}") for what, count in material.gathered.overridden.most_common())
    made: list[Block] = [Heading(2, "Overrides")]
    if not counts:
        return [*made, Text("There were none.")]
    made.append(Table(("what", "times"), counts, frozenset({1})))
    total = sum(material.gathered.overridden.values())
    if total > LISTED:
        made.append(Text(f"The first {LISTED} of {total:,}:"))
    return [*made, _deeds(material, material.gathered.overrides)]


def _late(material: Material) -> list[Block]:
    gathered = material.gathered
    slowest = sorted(gathered.late, key=lambda one: (-one.minutes, one.position))
    rows = [
        (f"{one.position:,}", clock(one.time, material.zone), one.what, one.id, f"{one.minutes:,}") for one in slowest
    ]
    head = ("position", "time", "what", "id", "minutes")
    made = _listed("Slow and late", head, rows, "Nothing ran late.", {0, 4})
    if gathered.alerts:
        table = tuple((kind, f"{count:,}") for kind, count in gathered.alerts.most_common())
        made += [Heading(3, "Alerts that opened"), Table(("kind", "times"), table, frozenset({1}))]
    return made


def _erasures(material: Material) -> list[Block]:
    erased = material.gathered.erasures
    made: list[Block] = [Heading(2, "Erasures")]
    return [*made, _deeds(material, erased) if erased else Text("Nobody was erased.")]


def _looks(material: Material) -> list[Block]:
    if not material.access_log:
        return [Heading(2, "Who looked"), Text("There is no access log beside this one.")]
    rows = [
        (
            one.name, one.role, f"{one.looks:,}", f"{len(one.patients):,}",
            ", ".join(f"{purpose} {count:,}" for purpose, count in one.purposes.most_common(3)),
            ", ".join(f"{query} {count:,}" for query, count in one.queries.most_common(3)),
        )
        for one in material.lookers
    ]  # fmt: skip
    head = ("account", "role", "looks", "patients", "purposes", "mostly")
    return _listed("Who looked", head, rows, "Nobody looked at a patient.", {2, 3})


def _door(material: Material) -> list[Block]:
    rows = [
        (
            one.what, f"{one.times:,}",
            ", ".join(f"{name or 'nobody known'} {count:,}" for name, count in one.whose.most_common(3)),
        )
        for one in material.door
    ]  # fmt: skip
    return _listed(
        "At the door", ("what", "times", "mostly"), rows, "Nobody was refused, and nobody's rights changed.", {1}
    )


def _listed(
    title: str, head: tuple[str, ...], rows: Sequence[tuple[str, ...]], none: str, numeric: Iterable[int]
) -> list[Block]:
    made: list[Block] = [Heading(2, title)]
    if not rows:
        return [*made, Text(none)]
    made.append(Table(head, _first(rows), frozenset(numeric)))
    if len(rows) > _ROWS:
        made.append(Text(f"The first {_ROWS} of {len(rows):,}."))
    return made


def _deeds(material: Material, deeds: Iterable[Deed]) -> Table:
    rows = tuple(
        (f"{one.position:,}", clock(one.time, material.zone), one.what, one.id, one.by, one.reason) for one in deeds
    )
    return Table(("position", "time", "what", "id", "by", "reason"), rows, frozenset({0}))


def _grouped(before: str, waits: Iterable[Waited], by: Callable[[Waited], str]) -> list[tuple[str, ...]]:
    groups: dict[str, list[Waited]] = {}
    for one in waits:
        groups.setdefault(by(one), []).append(one)
    return [_waited(before + name, groups[name]) for name in sorted(groups)]


def _waited(name: str, waits: Iterable[Waited]) -> tuple[str, ...]:
    ordered = sorted(one.wait for one in waits)
    ranks = (_minutes(nearest_rank(ordered, percent)) for percent in (50, 90, 95, 100))
    return (name, f"{len(ordered):,}", _minutes(sum(ordered) / len(ordered)), *ranks)


def _minutes(microseconds: float) -> str:
    return f"{microseconds / MINUTE:,.1f}"


def _first(rows: Sequence[tuple[str, ...]]) -> tuple[tuple[str, ...], ...]:
    return tuple(rows[:_ROWS])


def _lower(block: Block) -> Block:
    """A heading of a document within another."""
    return Heading(block.level + 1, block.text) if isinstance(block, Heading) else block
