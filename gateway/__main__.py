"""``matron``: the composition root. Read this first: it says what stands on what, and nothing is made elsewhere.

Exit codes: 0 done, 1 broken off or failed, 2 the configuration is wrong, 3 the log cannot be used.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

import click
import msgspec
import trio

from engine.clock import SystemClock
from engine.decisions.hospital import AddHospital
from engine.errors import LogCorrupt, Rejected, Unavailable
from engine.eventlog.entry import Principal
from engine.eventlog.lmdb_store import LmdbStore
from engine.eventlog.vault import MASTER_FILE
from engine.process import tune_process
from engine.runtime import Engine, EngineSettings, open_engine
from engine.views.settings import GetHospital
from gateway.access.key_commands import keys
from gateway.access.opening import Access, AccessUnusable, open_access
from gateway.access.user_commands import users
from gateway.app import create_app
from gateway.audit.proving import Proving, examine
from gateway.audit.settings import AuditUnusable
from gateway.audit.shipping import shipping
from gateway.auth import DEV_HOSPITAL
from gateway.backing.commands import backup, restore
from gateway.bulk.commands import export_command, import_command
from gateway.checking import check_keys, check_log, refuse_newer
from gateway.config import BadConfig, Config, Loaded, check_bind, load
from gateway.configuring import config as config_group
from gateway.demo import Demo, DemoSettings
from gateway.door.tls import Tls, TlsUnusable
from gateway.downtime.commands import downtime
from gateway.erase import erase
from gateway.explorer.process import ReadingProcess
from gateway.health import Vitals
from gateway.keeping import keep_serving, renew_on_hangup, stop_on_signal
from gateway.notices.notices import Notices, Trust
from gateway.observing.detail import About
from gateway.observing.opening import Observing, ObservingUnusable
from gateway.observing.watchdog import watch
from gateway.remote import Refused, add_hospital
from gateway.request_log import log_to_stderr
from gateway.server import open_sockets
from gateway.server import serve as serve_door
from gateway.tally import Tally
from gateway.workers import NobodyServes, Workers

FAILED, BAD_CONFIG, BAD_LOG = 1, 2, 3
SYSTEM = Principal("matron", "system")

config_option = click.option(
    "--config", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A TOML file of settings."
)
data_option = click.option("--data", type=click.Path(file_okay=False), help="The folder of the log.")
bind_option = click.option("--bind", help="HOST:PORT, unix:PATH or fd://N.  [default: 127.0.0.1:8000]")
keys_option = click.option("--keys", type=click.Path(dir_okay=False), help="The file of API keys.")
dev_option = click.option(
    "--dev", is_flag=True, default=None, help="No authentication; loopback only, hospital 'main'."
)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Matron: the flow of patients through a hospital network."""


@main.command()
@config_option
@data_option
@bind_option
@keys_option
@dev_option
@click.option("--workers", type=click.IntRange(0, 64), help="Gateway processes; 0: one process does it all.")
@click.option("--log-level", type=click.Choice(["debug", "info", "warning", "error"]))
@click.option("--request-log/--no-request-log", default=None, help="A line of JSON per request on standard error.")
def serve(config: Path | None, **flags: Any) -> None:
    """Serve the interface over a log.

    \b
    Example: matron serve --dev --data ./data --bind 127.0.0.1:8000
    """
    loaded = configured(flags, config)
    chosen = loaded.config
    if chosen.data is None:
        stop(BAD_CONFIG, "Say where the log is: --data DIR, MATRON_DATA, or data in the configuration file.")
    access = opened(chosen)
    outside = trusted(chosen)
    log_to_stderr(chosen.log_level)
    finish(live, chosen, access, outside)


@main.command()
@config_option
@data_option
@bind_option
@keys_option
@dev_option
def check(config: Path | None, **flags: Any) -> None:
    """Validate the configuration, print it, and read the log, if there is one, from its first entry to its last."""
    loaded = configured(flags, config)
    for line in loaded.lines():
        click.echo(line)
    if loaded.config.keys is not None or not loaded.config.dev:
        opened(loaded.config)
    trusted(loaded.config)
    folder = loaded.config.data
    try:
        examine(loaded.config.audit, None if folder is None else Path(folder))
        Tls.of(loaded.config.door)
    except (AuditUnusable, TlsUnusable) as error:
        stop(BAD_CONFIG, str(error))
    if loaded.config.data is None:
        return
    try:
        check_keys(Path(loaded.config.data), master_key(loaded.config))
        found = trio.run(check_log, Path(loaded.config.data))
    except (LogCorrupt, Unavailable, OSError) as error:
        stop(BAD_LOG, f"The log in {loaded.config.data} cannot be used: {error}")
    for hospital, entries in found.items():
        click.echo(f"log of {hospital}: {entries} entries, every one intact")
    if not found:
        click.echo(f"no log in {loaded.config.data} yet")


@main.group()
def hospital() -> None:
    """Hospitals of a running network."""


@hospital.command()
@click.argument("hospital_id")
@click.option("--name", required=True)
@click.option("--zone", default="UTC", show_default=True, help="The IANA name of its time zone.")
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="Where the gateway is.")
@click.option("--key", envvar="MATRON_KEY", help="A key with the role network; MATRON_KEY in the environment.")
def add(hospital_id: str, name: str, zone: str, url: str, key: str | None) -> None:
    """Add a hospital, over HTTP.

    \b
    Example: matron hospital add north --name "North Hospital" --zone Asia/Kolkata
    """
    try:
        said = add_hospital(url, key, {"hospital_id": hospital_id, "name": name, "time_zone": zone})
    except Refused as error:
        stop(FAILED, str(error))
    click.echo(f"{said['id']} added, {said['time_zone']}")


@main.command()
@data_option
@bind_option
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same arrivals.")
@click.option(
    "--speed", type=click.FloatRange(1, 3600), default=60.0, show_default=True, help="Minutes of the day per minute."
)
@click.option("--seconds", type=click.FloatRange(0), help="End by itself after so many seconds.")
@click.option("--request-log/--no-request-log", default=False, help="A line of JSON per request on standard error.")
def demo(data: str | None, bind: str | None, seed: int, speed: float, seconds: float | None, request_log: bool) -> None:
    """A hospital with doctors, slots and patients, and a day's arrivals running live: no set-up, no authentication.

    \b
    Example: matron demo --speed 120
    """
    flags = {"data": data, "bind": bind, "dev": True, "request_log": request_log, "log_level": "warning"}
    chosen = configured({**flags, "keys": None}, None).config
    access = opened(chosen)
    log_to_stderr("info" if request_log else "warning")
    show = DemoSettings(seed=seed, speed=speed, seconds=seconds)
    finish(live_demo, chosen, access, show)


main.add_command(keys)
main.add_command(users)
main.add_command(erase)
main.add_command(backup)
main.add_command(restore)
main.add_command(config_group)
main.add_command(import_command)
main.add_command(export_command)
main.add_command(downtime)


# -- what stands on what ------------------------------------------------------------------------------------


class CannotListen(Exception):
    """The address is taken, or not ours."""


Beside = Callable[[Engine, str, trio.Event], Awaitable[None]]


async def live(chosen: Config, access: Access, outside: Trust, beside: Beside | None = None) -> None:
    """The engine over its store; inside its life the front door; ``beside`` gets the engine, the address, the end."""
    assert chosen.data is not None
    await refuse_newer(Path(chosen.data))
    store = LmdbStore(chosen.data, allow_any_filesystem=chosen.dev, master_key=master_key(chosen))
    clock = SystemClock()
    shutdown = trio.Event()
    seen = Observing(chosen, clock)
    tls = Tls.of(chosen.door)
    proving = Proving(chosen.audit, Path(chosen.data), clock)
    settings = EngineSettings(
        log=chosen.commit, snapshot_entries=chosen.engine.snapshot_entries, mailbox=chosen.engine.mailbox,
        seal=proving.seal, slow=seen.slow,
    )  # fmt: skip
    async with (
        shipping(Path(chosen.data), chosen.audit.ship) as ships,  # it ends last: the last entries are to be there too
        open_engine(store, clock=clock, settings=settings) as engine,
        access.notes.writing(engine),
        trio.open_nursery() as around,
    ):
        around.start_soon(stop_on_signal, shutdown, around.cancel_scope)
        around.start_soon(end_streams, engine, shutdown)
        if tls is not None:
            around.start_soon(tls.watch)
        if not chosen.workers:  # gateway processes are renewed whole
            around.start_soon(renew_on_hangup, seen.turn_over, *([] if tls is None else [tls.renew]))
        try:
            sockets = open_sockets(chosen.bind, chosen.door.backlog)
        except OSError as error:
            raise CannotListen(f"Cannot listen on {chosen.bind}: {error.strerror}") from error
        await proving.begin(engine, store, shutdown)
        if chosen.dev:
            await open_dev_hospital(engine, shutdown)
            if store.filesystem_warning is not None:
                click.echo(f"Not for service: {store.filesystem_warning}", err=True)
        notices = Notices(engine, store, clock, outside)
        tally = Tally()
        access.count_with(tally)
        seen.count_with(tally)
        here = Vitals(engine, notices, tally, proving, ships, About.of(chosen), tls).page
        async with trio.open_nursery() as doors:
            doors.start_soon(notices.run, shutdown)
            around.start_soon(watch, engine.standing)
            doors.start_soon(proving.run, engine, store, shutdown)
            if chosen.workers:
                workers = Workers(chosen.workers, engine, here, chosen, tally)
                binds = await doors.start(workers.run, sockets, shutdown)
            else:
                explorer = ReadingProcess(Path(chosen.data))
                doors.start_soon(explorer.run, shutdown)
                doors.start_soon(access.run, engine, shutdown)
                app = create_app(
                    engine, access.guard(engine), here, limits=chosen.limits, request_log=seen.request_log, tally=tally,
                    metrics=chosen.metrics, explorer=explorer, tracing=seen.tracing, access=access,
                    hsts_seconds=chosen.access.hsts_seconds,
                )  # fmt: skip
                front = partial(serve_door, tls=tls)
                tally.door = door = await doors.start(keep_serving, app, sockets, chosen.door, shutdown, front)
                binds = door.binds
            click.echo(f"Matron serves on {' '.join(binds)}, documentation at /api/docs")
            if beside is not None:
                around.start_soon(beside, engine, binds[0], shutdown)
        around.cancel_scope.cancel()
    await seen.close()


async def end_streams(engine: Engine, shutdown: trio.Event) -> None:
    """Let all who follow go as soon as the end begins: their connections would hold the door open for its longest."""
    await shutdown.wait()
    engine.feed.end()


async def open_dev_hospital(engine: Engine, shutdown: trio.Event) -> None:
    """Wait for the engine, and make the hospital of ``--dev`` when it is not there; give up on ``shutdown``."""
    async with trio.open_nursery() as nursery:

        @nursery.start_soon
        async def give_up() -> None:
            await shutdown.wait()
            nursery.cancel_scope.cancel()

        await engine.until_ready()
        try:
            await engine.view(DEV_HOSPITAL, GetHospital(), SYSTEM)
        except Rejected:
            hospital = AddHospital(hospital_id=DEV_HOSPITAL, name="Main Hospital", time_zone="UTC")
            await engine.ask(DEV_HOSPITAL, hospital, SYSTEM)
        nursery.cancel_scope.cancel()


async def live_demo(chosen: Config, access: Access, settings: DemoSettings) -> None:
    """The same, over a log of its own when none is named, with a day's arrivals beside."""
    demo = Demo(settings)
    if chosen.data is not None:
        await live(chosen, access, trusted(chosen), demo.run)
        return
    with TemporaryDirectory(prefix="matron-demo-") as folder:
        await live(msgspec.structs.replace(chosen, data=folder), access, trusted(chosen), demo.run)


# -- before anything lives ----------------------------------------------------------------------------------


def configured(flags: dict[str, Any], file: Path | None) -> Loaded:
    """The configuration, or the end with what is wrong with it."""
    try:
        loaded = load(flags, os.environ, file)
        check_bind(loaded.config.bind)
    except BadConfig as error:
        stop(BAD_CONFIG, str(error))
    return loaded


def opened(chosen: Config) -> Access:
    """Who may come in; the end when the configuration leaves that open."""
    try:
        return open_access(chosen)
    except AccessUnusable as error:
        stop(BAD_CONFIG, str(error))


def master_key(chosen: Config) -> Path:
    """The file of what wraps the subject keys: beside the log, unless another place was chosen."""
    assert chosen.data is not None
    return Path(chosen.audit.master_key or Path(chosen.data, MASTER_FILE))


def trusted(chosen: Config) -> Trust:
    """Where notices may go; the end when what the configuration says of it cannot be used."""
    try:
        return Trust(chosen.notices)
    except (OSError, ValueError) as error:
        stop(BAD_CONFIG, f"The table notices cannot be used: {error}")


def finish(work: Callable[..., Awaitable[None]], *args: Any) -> None:
    """Run to the end, and turn what ended it into an exit code."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # who asks for a renewal before anything is there must not end it
    tune_process()
    try:
        trio.run(work, *args)
    except KeyboardInterrupt:
        stop(FAILED, "Broken off.")
    except Exception as error:
        cause: BaseException = error
        while isinstance(cause, BaseExceptionGroup):
            cause = cause.exceptions[0]
        if isinstance(cause, (LogCorrupt, Unavailable)):
            stop(BAD_LOG, f"The log cannot be used: {cause}")
        if isinstance(cause, (AuditUnusable, ObservingUnusable, TlsUnusable)):
            stop(BAD_CONFIG, str(cause))
        if isinstance(cause, (CannotListen, NobodyServes)):
            stop(FAILED, str(cause))
        raise


def stop(code: int, why: str) -> NoReturn:
    """End with a sentence on standard error."""
    click.echo(why, err=True)
    sys.exit(code)


if __name__ == "__main__":
    main()
