"""One section for each scenario that was run: what for, how, with which command, what was expected, what came."""

from __future__ import annotations

from statistics import median

from perf.figures import Row
from perf.load.histogram import Histogram, percentile
from perf.report import aim, number
from perf.reporting.material import Material
from perf.reporting.rooms import rooms
from perf.runs import Repeat, Run
from perf.scenarios import described, scenarios
from perf.verify.log import OVERLAPS
from replay.reporting.document import VIOLATED, Block, Figure, Heading, Listing, Points, Table, Text
from replay.reporting.plots import Axis, Line, plot

_OF_EACH = ("p50", "p95", "p99", "max")
_SHARES = (0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 0.9999)


def scenes(material: Material) -> list[Block]:
    """All of them; of those that were not run, that."""
    blocks: list[Block] = [Heading(2, "Load test scenarios")]
    for run in material.runs:
        blocks += _scene(run)
    for name in material.not_run:
        blocks += [Heading(3, name), Text(scenarios()[name].objective), Text(f"Not run: matron-perf run {name}")]
    return blocks


def _scene(run: Run) -> list[Block]:
    blocks: list[Block] = [Heading(3, run.scenario), Heading(4, "Objective"), Text(run.objective)]
    if run.scenario in scenarios():
        blocks.append(Text(described(run.scenario).partition("\n\n")[2]))
    blocks += [Heading(4, "Configuration"), _configuration(run)]
    blocks += [Heading(4, "Test procedure"), Listing(run.command)]
    blocks += [Heading(4, "Expected results"), Points(tuple(run.expected))]
    blocks += [Heading(4, "Actual results")]
    if run.repeats:
        blocks.append(Listing(results(run)))
    blocks += rooms(run)
    blocks += _figures(run)
    for number_, repeat in enumerate(run.repeats, 1):
        blocks += _checks(repeat, f"run {number_} of {len(run.repeats)}" if len(run.repeats) > 1 else "")
    for what, why in run.left_out.items():
        blocks.append(Text(f"Left out: {what}. {why}"))
    if run.repeats:
        blocks += plots(run)
    return blocks


def _configuration(run: Run) -> Block:
    settings, first = run.settings, run.repeats[0] if run.repeats else None
    users = f"{settings.users}, each at instants of his own" if settings.users else "they come when they come"
    rows = [
        ("Users", f"closed loop, {settings.closed} callers" if settings.closed else f"open loop: {users}"),
        ("Connections", f"at most {settings.connections:,}"),
        ("Repeats", str(len(run.repeats) or max((len(row.values) for row in run.rows), default=0))),
        ("Seed", str(settings.seed)),
    ]
    if first is not None:
        rate = f"{first.rate:,.0f} requests/s" if first.rate and not settings.closed else "as fast as they are answered"
        rows.insert(1, ("Rate", rate))
        rows.insert(2, ("Duration", f"{settings.seconds:g} s, the first {settings.warm:g} s in no figure"))
        rows.append(("Total requests", f"{sum(repeat.measured.sent for repeat in run.repeats):,}"))
        rows.append(("Arrivals", settings.arrivals or "drawn from the seed"))
        rows.append(("Hospitals", str(settings.hospitals)))
        rows.append(("Followers of the stream", str(settings.followers)))
    return Table(("", ""), tuple(rows))


def results(run: Run) -> str:
    """The figures of all repeats together, in columns."""
    whole = Histogram()
    sent = bad = unanswered = 0
    for repeat in run.repeats:
        for histogram in repeat.measured.ops.values():
            whole.merge(histogram)
        sent += repeat.measured.sent
        bad += repeat.measured.bad
        unanswered += repeat.measured.unanswered
    goals = {row.name: row for row in run.rows if row.target is not None}
    share = 100 * (sent - bad) / max(sent, 1)
    lines = [
        f"Total requests:  {sent:,}",
        f"Successful:      {sent - bad:,} ({share:.2f} %)",
        f"Failed:          {bad:,} ({100 - share:.2f} %), {unanswered:,} of them without an answer",
        "",
        "Response times, from the instant at which each request was due:",
        f"  Average:       {whole.mean * 1000:,.1f} ms",
    ]
    for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        label = {"p50": "Median (p50):"}.get(name, f"{name}:")
        lines.append(f"  {label:<14} {whole.percentile(share) * 1000:,.1f} ms{_goal(goals.get(name))}")
    lines.append(f"  {'Max:':<14} {whole.most * 1000:,.1f} ms")
    rate = next((row.median for row in run.rows if row.name == "answers"), 0.0)
    lines += ["", f"Throughput:      {rate:,.1f} answers/s{_goal(goals.get('answers'))}"]
    refused = {code: count for repeat in run.repeats for code, count in repeat.measured.problems.items()}
    lines.append(f"Errors by kind:  {', '.join(f'{count:,} {code}' for code, count in refused.items()) or 'none'}")
    for name in ("nobody is booked twice", "no seat beyond the capacity", "every queue is sound", OVERLAPS):
        faults = [check for repeat in run.repeats for check in repeat.checks if check.name == name]
        if faults:
            wrong = [check.detail for check in faults if not check.ok]
            lines.append(f"{name[0].upper() + name[1:]}: {'; '.join(wrong) if wrong else 'yes'}")
    return "\n".join(lines)


def _goal(row: Row | None) -> str:
    return "" if row is None else f" (target: {aim(row.target)}; {'YES' if row.verdict == 'met' else 'NO'})"


def _figures(run: Run) -> list[Block]:
    """Whole figures, then those of each operation."""
    ops = list(dict.fromkeys(op for repeat in run.repeats for op in sorted(repeat.measured.ops)))
    of_ops = {f"{op}, {what}": (op, what) for op in ops for what in _OF_EACH}
    rows = tuple(
        (row.name, *(number(value) for value in (row.median, min(row.values), max(row.values))), row.unit,
         aim(row.target), VIOLATED if run.violations and row.target else str(row.verdict), row.note)
        for row in run.rows if row.target is not None or row.name not in of_ops
    )  # fmt: skip
    head = ("Measured", "Median", "Low", "High", "Unit", "Target", "Verdict", "How")
    blocks: list[Block] = [Table(head, rows, frozenset({1, 2, 3, 5}))]
    values = {row.name: number(row.median) for row in run.rows}
    if ops:
        count = {
            op: sum(repeat.measured.ops[op].count for repeat in run.repeats if op in repeat.measured.ops) for op in ops
        }
        each = tuple((op, f"{count[op]:,}", *(values.get(f"{op}, {what}", "") for what in _OF_EACH)) for op in ops)
        columns = ("Operation", "Counted", *(f"{what}, ms" for what in _OF_EACH))
        blocks.append(Table(columns, each, frozenset(range(1, len(columns)))))
    return blocks


def _checks(repeat: Repeat, which: str) -> list[Block]:
    rows = tuple(
        (check.name, f"{check.count:,}", "met" if check.ok else VIOLATED, check.detail) for check in repeat.checks
    )
    name = "Checked in the log" + (f", {which}" if which else "")
    return [Heading(4, name), Table(("Check", "Looked at", "Verdict", "Detail"), rows, frozenset({1}))]


def plots(run: Run) -> list[Block]:
    """The distribution of waits, and waits and answers over time, of the middle repeat."""
    repeat = middle(run)
    return [distribution(run, repeat), *over_time(run, repeat)]


def middle(run: Run) -> Repeat:
    """The repeat whose p99 is the median one."""
    by_p99 = sorted(run.repeats, key=_p99)
    return by_p99[len(by_p99) // 2]


def _p99(repeat: Repeat) -> float:
    return median([histogram.percentile(0.99) for histogram in repeat.measured.ops.values()] or [0.0])


def distribution(run: Run, repeat: Repeat) -> Figure:
    """How many had to wait how long: the busiest operations, nines along the axis."""
    busiest = sorted(repeat.measured.ops.items(), key=lambda item: -item[1].count)[:3]
    lines = [
        Line(op, [(1 / max(1 - share, 0.1 / histogram.count), 1000 * wait) for wait, share in histogram.rising()])
        for op, histogram in busiest
    ]
    ticks = [(1 / (1 - share), f"{share * 100:g} %") for share in (0.0, 0.9, 0.99, 0.999, 0.9999)]
    most = max((line.points[-1][0] for line in lines if line.points), default=1.0)
    x = Axis("share that was answered by then", log=True, ticks=[tick for tick in ticks if tick[0] <= most * 1.01])
    wide, narrow = plot(f"Waits of {run.scenario}", x, Axis("ms", log=True), lines)
    rows = tuple(
        (op, *(f"{1000 * histogram.percentile(share):,.2f}" for share in _SHARES), f"{1000 * histogram.most:,.2f}")
        for op, histogram in sorted(repeat.measured.ops.items())
    )
    head = ("Operation", *(f"{share * 100:g} %" for share in _SHARES), "max")
    table = Table(head, rows, frozenset(range(1, len(head))))
    return Figure(f"Distribution of waits in ms, {run.scenario}", wide, narrow, table)


def over_time(run: Run, repeat: Repeat) -> list[Block]:
    """By second: answers that came, and the waits of what was due in it."""
    seconds = sorted(repeat.measured.by_second.items())
    if len(seconds) < 2:
        return []
    waits = [
        (
            n,
            percentile(one.counts, one.due, 0.5, one.most) * 1000,
            percentile(one.counts, one.due, 0.99, one.most) * 1000,
        )
        for n, one in seconds
        if one.due
    ]
    x = Axis("seconds")
    answered, due = [(n, one.done) for n, one in seconds], [(n, one.due) for n, one in seconds]
    lines = [Line("answered", answered), Line("due", due)]
    rate = plot(f"Answers per second of {run.scenario}", x, Axis("answers/s"), lines)
    goal = next((row.target.value for row in run.rows if row.name == "p99" and row.target is not None), None)
    lines = [Line("p50", [(n, p50) for n, p50, _ in waits]), Line("p99", [(n, p99) for n, _, p99 in waits])]
    wait = plot(f"Waits of {run.scenario} over time", x, Axis("ms", log=True), lines, goal)
    parts = _parts(repeat)
    return [
        Figure(f"Answers per second, and requests that were due, {run.scenario}", *rate, parts),
        Figure(f"Waits of what was due in each second, {run.scenario}", *wait, parts),
    ]


def _parts(repeat: Repeat) -> Table:
    """Ten parts of the run, for who sees no picture."""
    seconds = repeat.measured.by_second
    each = -(-(max(seconds) + 1) // 10)
    rows = []
    for begin in range(0, max(seconds) + 1, each):
        some = [seconds[n] for n in range(begin, begin + each) if n in seconds]
        if not some:
            continue
        counts: dict[int, int] = {}
        for one in some:
            for bucket, count in one.counts.items():
                counts[bucket] = counts.get(bucket, 0) + count
        due, most = sum(one.due for one in some), max(one.most for one in some)
        p50, p99 = (f"{1000 * percentile(counts, due, share, most):,.1f}" if due else "" for share in (0.5, 0.99))
        rows.append((f"{begin} to {begin + each}", f"{sum(one.done for one in some) / len(some):,.0f}", p50, p99,
                     f"{sum(one.bad for one in some):,}"))  # fmt: skip
    return Table(("Seconds", "Answers/s", "p50, ms", "p99, ms", "Errors"), tuple(rows), frozenset({1, 2, 3, 4}))
