"""The report's account of machine, software and log, as the runs noted it."""

from __future__ import annotations

from typing import Any

from perf.reporting.material import Material
from perf.runs import Run
from replay.reporting.document import Block, Heading, Table, Text

_GB = 1e9


def environment(material: Material) -> list[Block]:
    """Hardware, network, software, and the schema: the log's formats."""
    about = material.machine
    blocks: list[Block] = [Heading(2, "Test environment"), Heading(3, "Hardware")]
    memory = about.get("memory")
    rows = [
        ("Processor", f"{about.get('processor', 'not told')}, {about.get('cores', '?')} cores"),
        ("Memory", f"{memory / _GB:.1f} GB" if memory else "not told"),
        ("Storage", f"{about.get('file_system', 'not told')}, an fsync of data and meta page for each commit"),
        (
            "Load before",
            "; ".join(f"{run.scenario} {run.environment.get('load')}" for run in material.runs) or "not told",
        ),
    ]
    blocks.append(Table(("", ""), tuple(rows)))
    blocks += [Heading(3, "Application server"), _servers(material.runs)]
    blocks += [Heading(3, "Network"), _network(material.runs)]
    blocks += [Heading(3, "Software versions"), _software(about)]
    blocks += [Heading(3, "Log format and schema"), _log(about)]
    for run in material.runs:
        for stack, versions in run.about.items():
            blocks += [Heading(3, f"Baseline: {stack}"), Table(("", ""), tuple(versions.items()))]
    return blocks


def _servers(runs: list[Run]) -> Block:
    rows = tuple(
        (run.scenario, run.server, str(run.workers or "in the engine's process"), str(_processes(run)), run.begun[:19])
        for run in runs
        if run.repeats
    )
    if not rows:
        return Text("No scenario was run against a server of its own.")
    return Table(("Scenario", "Server", "Gateway processes", "Processes seen", "Begun"), rows)


def _processes(run: Run) -> int:
    return max((sample.processes for repeat in run.repeats for sample in repeat.samples), default=0)


def _network(runs: list[Run]) -> Block:
    rows = []
    for run in runs:
        for repeat in run.repeats[:1]:
            where = "loopback" if not run.server.startswith("http") else run.server
            both = (repeat.measured.bytes_out, repeat.measured.bytes_in)
            sent, received = (f"{n / max(repeat.measured.seconds, 1e-9) / 1000:,.0f} kB/s" for n in both)
            made = f"{repeat.measured.connections:,}"
            rows.append((run.scenario, where, f"{repeat.round_trip * 1000:.2f} ms", sent, received, made))
    head = ("Scenario", "Between", "Shortest answer", "Sent", "Received", "Connections made")
    return Table(head, tuple(rows), frozenset({2, 3, 4, 5})) if rows else Text("Nothing went over a network.")


def _software(about: dict[str, Any]) -> Block:
    rows = [("Matron", str(about.get("matron", "not told")))]
    rows += [("Python", str(about.get("implementation") or about.get("python", "not told")))]
    rows += [(name, str(version)) for name, version in about.get("libraries", {}).items()]
    rows += [
        ("Operating system", f"{about.get('distribution', '')} ({about.get('system')}, {about.get('kernel', '?')})")
    ]
    return Table(("", ""), tuple(rows))


def _log(about: dict[str, Any]) -> Block:
    log = about.get("log", {})
    rows = [
        ("Log on disk", str(log.get("file", "not told"))),
        ("Format of an entry", str(log.get("entry", "not told"))),
        ("Rule books", f"version {log.get('rule book', 'not told')}"),
        ("Address space of the log", f"{log['map'] / 2**30:,.0f} GiB" if "map" in log else "not told"),
        ("Turns between threads", f"{about.get('switch_interval_seconds', 0) * 1000:g} ms"),
        ("Collector's thresholds", " / ".join(f"{value:,}" for value in about.get("gc_thresholds", ()))),
    ]
    return Table(("", ""), tuple(rows))
