"""``matron-perf list``, ``run`` and ``profile``: scenarios, run once or repeatedly, checked, judged and kept.

Exit codes: 0 run and sound, whatever the targets' verdicts; 1 a check failed, or it could not be run.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final
from urllib.parse import urlsplit

import click
import msgspec
import trio

from engine.process import tune_process
from perf.judging import judged
from perf.load.plan import Settings
from perf.load.running import Setup, run_load
from perf.load.scenario import Comparison, Context, Load
from perf.load.telling import Telling, telling
from perf.machine import environment, system
from perf.reason import reason
from perf.report import show
from perf.runs import Run, moment, save
from perf.scenarios import described, scenarios

ALL: Final = "all"
_SENTENCE: Final = re.compile(r"(?<=[.?!])\s")
LONG: Final = frozenset({"soak", "overload", "auditor", "baselines", "room-baselines"})
"""Left out of ``all`` unless it is quick: minutes each, or other people's servers."""

_AS_LONG_AS_IT_TAKES: Final = 4 * 3_600.0
"""Seconds at the most, where the number of users ends a run."""

OUT: Final = Path("perf-runs")


def options(command: Callable[..., None]) -> Callable[..., None]:
    """The options of everything that runs a scenario."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


_OPTIONS: Final = (
    click.option("--rate", type=click.FloatRange(0, min_open=True), help="Requests per second, open loop."),
    click.option("--seconds", type=click.FloatRange(0, min_open=True), help="How long requests are sent."),
    click.option("--connections", type=click.IntRange(1), help="Open at a time at the most."),
    click.option("--closed", type=click.IntRange(1), metavar="N", help="Closed loop instead: N callers."),
    click.option("--attempts", type=click.IntRange(1), help="Ends when so many users have come."),
    click.option("--seed", type=int, help="Of everything that is drawn."),
    click.option(
        "--arrivals", type=click.Path(exists=True, dir_okay=False), metavar="CSV",
        help="Real bookings: booking time, day, department, no-show.",
    ),
    click.option("--target", metavar="URL", help="A server that runs; hospitals of its own are founded on it."),
    click.option("--key", envvar="MATRON_KEY", default="", help="Its key, with the role network; MATRON_KEY."),
    click.option("--workers", type=click.IntRange(0), default=0, help="Gateway processes of the server it starts."),
    click.option("--senders", type=click.IntRange(1), help="Processes that send.  [default: by the rate]"),
    click.option("--repeats", type=click.IntRange(1), help="How often it is run.  [default: 1; comparisons: 5]"),
    click.option(
        "--data", type=click.Path(file_okay=False, path_type=Path), default=Path(), show_default="here",
        help="Where logs are written, and deleted again.",
    ),
    click.option(
        "--out", type=click.Path(file_okay=False, path_type=Path), default=OUT, show_default=True,
        help="Where the run is kept.",
    ),
    click.option("--json", "as_json", is_flag=True, help="Print the run as JSON instead of a table."),
    click.option("--quick", is_flag=True, help="Seconds: see that it works, believe no figure."),
    click.option("--any-disk", is_flag=True, help="Also where an engine refuses its log (tmpfs and the like)."),
)  # fmt: skip


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_scenarios(as_json: bool) -> None:
    """The scenarios, and what each is for."""
    if as_json:
        rows = [{"name": one.name, "objective": one.objective, "description": described(one.name)} for one in _all()]
        click.echo(msgspec.json.format(msgspec.json.encode(rows)).decode())
        return
    width = max(len(one.name) for one in _all())
    for one in _all():
        click.echo(f"{one.name:<{width}}  {_SENTENCE.split(described(one.name))[0]}")


@click.command()
@click.argument("scenario")
@options
def run(scenario: str, **chosen: Any) -> None:
    """Run a scenario (or all): found hospitals, serve, send the load, check the log, judge, keep.

    \b
    Example: matron-perf run booking-storm --rate 800 --seconds 60
    """
    _run(_named(scenario, quick=chosen["quick"]), chosen, profile=False)


@click.command()
@click.argument("scenario")
@options
def profile(scenario: str, **chosen: Any) -> None:
    """Run a scenario with a sampling profiler on the server, and tell where its time goes.

    \b
    Example: matron-perf profile booking-storm --closed 64 --seconds 20
    """
    _run(_named(scenario, quick=chosen["quick"]), chosen, profile=True)


def _all() -> list[Load | Comparison]:
    return list(scenarios().values())


def _named(name: str, *, quick: bool) -> list[Load | Comparison]:
    if name == ALL:
        return [one for one in _all() if quick or one.name not in LONG]
    if name not in scenarios():
        raise click.UsageError(f"There is no scenario {name!r}: {', '.join(scenarios())}, or {ALL}.")
    return [scenarios()[name]]


def _run(chosen: list[Load | Comparison], options: dict[str, Any], *, profile: bool) -> None:
    tune_process()
    violated = False
    for scenario in chosen:
        with telling() as told:
            made = one_run(scenario, options, told, profile=profile)
        file = save(made, options["out"])
        if options["as_json"]:
            click.echo(msgspec.json.format(msgspec.json.encode(made)).decode())
        else:
            tell(made)
            click.echo(f"kept in {file}", err=True)
        violated = violated or made.verdict == "violated"
    if violated:
        sys.exit(1)


def one_run(scenario: Load | Comparison, options: dict[str, Any], told: Telling, *, profile: bool) -> Run:
    """A scenario, all its repeats; whatever keeps it from being run ends the program with the reason."""
    settings = _settings(scenario, options)
    data: Path = options["data"]
    data.mkdir(parents=True, exist_ok=True)
    made = Run(
        scenario=scenario.name,
        objective=scenario.objective,
        expected=list(scenario.expected),
        begun=moment().isoformat(),
        command=" ".join(["matron-perf", *sys.argv[1:]]),
        commit="",
        server=options["target"] or f"started here, {options['workers'] or 'no'} gateway processes of their own",
        environment={**environment(data), **system()},
        settings=settings,
        workers=options["workers"],
        quick=options["quick"],
    )
    repeats = options["repeats"] or (1 if isinstance(scenario, Load) or options["quick"] else 5)
    try:
        with TemporaryDirectory(prefix="matron-perf-", dir=data) as folder:
            trio.run(_fill, made, scenario, Path(folder), options, repeats, told, profile)
    except BaseException as error:
        why = reason(error)
        if why is None:
            raise
        click.echo(f"{scenario.name}: {why}", err=True)
        sys.exit(1)
    return made


async def _fill(
    made: Run, scenario: Load | Comparison, folder: Path, options: dict[str, Any], repeats: int, told: Telling,
    profile: bool,
) -> None:  # fmt: skip
    made.commit = await commit()
    if isinstance(scenario, Comparison):
        context = Context(
            folder=folder, settings=made.settings, repeats=repeats, quick=options["quick"], tell=told.step,
            any_disk=options["any_disk"],
        )  # fmt: skip
        found = await scenario.measure(context)
        made.rows, made.about, made.left_out = found.rows, found.about, found.left_out
        return
    for turn in range(repeats):
        if repeats > 1:
            told.step(f"{scenario.name}, {turn + 1} of {repeats}")
        place = folder / str(turn + 1)
        place.mkdir()
        setup = Setup(
            folder=place, workers=options["workers"], senders=options["senders"] or 0, key=options["key"],
            target=_target(options["target"]), any_disk=options["any_disk"], profile=profile,
        )  # fmt: skip
        made.repeats.append(await run_load(scenario, made.settings, setup, told.step, told.progress))
    made.rows = judged(scenario, made.settings, made.repeats)


def _settings(scenario: Load | Comparison, options: dict[str, Any]) -> Settings:
    settings = scenario.quick if options["quick"] else scenario.defaults
    names = ("rate", "seconds", "connections", "closed", "seed", "arrivals", "attempts")
    given = {name: options[name] for name in names if options[name] is not None}
    if given.get("attempts") and not given.get("seconds"):
        given["seconds"] = _AS_LONG_AS_IT_TAKES
    if given.get("attempts") and given.get("closed"):  # so few may be over before anybody is warm
        given["warm"] = 0.0
    if given.get("rate") and isinstance(scenario, Load) and scenario.relative:
        given["saturation"] = given["rate"] / scenario.relative
    settings = msgspec.structs.replace(settings, **given)
    return msgspec.structs.replace(settings, warm=min(settings.warm, settings.seconds / 4))


def _target(url: str | None) -> tuple[str, int] | None:
    if not url:
        return None
    parts = urlsplit(url if "//" in url else f"//{url}")
    if parts.scheme not in ("", "http") or not parts.hostname:
        raise click.UsageError(f"--target {url}: an address such as http://127.0.0.1:8000; no TLS.")
    return parts.hostname, parts.port or 80


async def commit() -> str:
    """Which commit this program is of, with a plus where files differ from it; empty where nobody can tell."""
    here = str(Path(__file__).resolve().parent)  # noqa: ASYNC240 - no disk is asked
    found: list[str] = []
    # Where it is installed may lie in a repository of somebody else.
    ours = [
        "ls-files",
        "--error-unmatch",
        "commands.py",
    ]
    head, changed = ["rev-parse", "--short=12", "HEAD"], ["status", "--porcelain", "--untracked-files=no", ".."]
    for command in (ours, head, changed):
        try:
            done = await trio.run_process(
                ["git", "-C", here, *command], capture_stdout=True, capture_stderr=True, check=False
            )
        except OSError:
            return ""
        if done.returncode:
            return ""
        found.append(done.stdout.decode().strip())
    return found[1] + ("+" if found[2] else "")


def tell(made: Run) -> None:
    """The run as a table, then what was checked."""
    show(made.environment, made.rows)
    for number, repeat in enumerate(made.repeats, 1):
        if len(made.repeats) > 1:
            click.echo(f"\nrun {number}")
        for check in repeat.checks:
            click.echo(
                f"{'ok       ' if check.ok else 'VIOLATED '} {check.name} ({check.count:,}) {check.detail}".rstrip()
            )
        problems = ", ".join(f"{count} {name}" for name, count in repeat.measured.problems.items())
        if problems:
            click.echo(f"errors: {problems}")
        if repeat.profile is not None:
            _tell_profile(repeat)
    for what, why in made.left_out.items():
        click.echo(f"left out: {what}: {why}")


def _tell_profile(repeat: Any) -> None:
    profile = repeat.profile
    if profile.missing:
        click.echo(f"no profile: {profile.missing}")
        return
    click.echo(f"\nwhere the server's time goes ({profile.samples:,} samples)")
    for one in profile.areas:
        click.echo(f"{one.total:6.1%}  {one.name}")
    click.echo("\n  self   total  function")
    for one in profile.functions[:25]:
        click.echo(f"{one.own:6.1%}  {one.total:6.1%}  {one.name}")
