"""The configuration: a TOML file, over it the environment (``MATRON_…``), over it the flags.

Typed; a key that is not known is refused, wherever it stands.

A setting of a table is named with it: ``[limits] body_bytes`` is ``MATRON_LIMITS_BODY_BYTES`` in the environment.
A list is JSON there.
"""

from __future__ import annotations

import difflib
import ipaddress
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from engine.eventlog.log import LogLimits
from gateway.access.rates import RateSettings
from gateway.access.settings import AccessSettings
from gateway.audit.settings import AuditSettings
from gateway.limits import Limits
from gateway.metrics import MetricsSettings
from gateway.notices.settings import NoticeSettings
from gateway.observing.settings import LogSettings, TracingSettings
from gateway.server import DoorSettings
from gateway.toml_lines import lines_of

PREFIX = "MATRON_"
FILE_VARIABLE = "MATRON_CONFIG"
NO_SETTINGS = frozenset({FILE_VARIABLE, "MATRON_KEY", "MATRON_URL", "MATRON_HOSPITAL"})
"""Variables with our prefix that are no settings: the last three are what commands say to a running gateway."""


class EngineTable(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The engine's own limits."""

    mailbox: Annotated[int, Meta(ge=1)] = 1_024
    """Messages that may wait for one actor."""
    snapshot_entries: Annotated[int, Meta(ge=0)] = 50_000
    """Entries after which changed states are written to a snapshot, later when those are large; 0: only at the end."""


TABLES: dict[str, type[msgspec.Struct]] = {
    "limits": Limits,
    "door": DoorSettings,
    "engine": EngineTable,
    "commit": LogLimits,
    "notices": NoticeSettings,
    "metrics": MetricsSettings,
    "audit": AuditSettings,
    "access": AccessSettings,
    "rates": RateSettings,
    "logs": LogSettings,
    "tracing": TracingSettings,
}


class BadConfig(Exception):
    """The configuration cannot be used; the message names the setting and where it stands."""


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything that can be set."""

    data: str | None = None
    """The folder of the log."""
    bind: str = "127.0.0.1:8000"
    """``HOST:PORT``, ``unix:PATH`` or ``fd://N``."""
    dev: bool = False
    """No authentication; only on loopback."""
    keys: str | None = None
    """The file of API keys."""
    workers: Annotated[int, Meta(ge=0, le=64)] = 0
    """Gateway processes beside the engine's; 0: the engine's own process serves."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """How much the program says on standard error."""
    request_log: bool = True
    """A line of JSON per request on standard error."""
    limits: Limits = Limits()
    door: DoorSettings = DoorSettings()
    engine: EngineTable = EngineTable()
    commit: LogLimits = LogLimits()
    notices: NoticeSettings = NoticeSettings()
    metrics: MetricsSettings = MetricsSettings()
    audit: AuditSettings = AuditSettings()
    access: AccessSettings = AccessSettings()
    rates: RateSettings = RateSettings()
    logs: LogSettings = LogSettings()
    tracing: TracingSettings = TracingSettings()


class Loaded(msgspec.Struct, frozen=True):
    """A configuration, and where each setting that is not a default came from: ``FILE:LINE``, the environment's
    variable, or the flag.
    """

    config: Config
    sources: dict[str, str]

    def lines(self) -> list[str]:
        """Every setting with its value and source, for an operator to read. There are no secrets among them."""
        return [
            f"{name} = {msgspec.json.encode(masked(value)).decode()}  # {self.sources.get(name, 'default')}"
            for name, value in flattened(self.config)
        ]


def load(flags: Mapping[str, Any], environ: Mapping[str, str], file: Path | None = None) -> Loaded:
    """The configuration of the three layers; ``None`` among the flags means not given. Raises ``BadConfig``."""
    named = file or (Path(environ[FILE_VARIABLE]) if FILE_VARIABLE in environ else None)
    given = {name: value for name, value in flags.items() if value is not None}
    layers: list[tuple[str, dict[str, Any], Callable[[str], str]]] = [
        ("environment", from_environment(environ), lambda name: f"environment {variable_of(name)}"),
        ("flag", given, lambda name: f"flag {flag_of(name, given[name])}"),
    ]
    if named is not None:
        text, held = from_file(named)
        lines = lines_of(text)
        layers.insert(0, (str(named), held, lambda name: f"{named}:{lines[name]}" if name in lines else str(named)))
    merged: dict[str, Any] = {}
    sources: dict[str, str] = {}
    for source, layer, origin in layers:
        check(layer, source)
        for name, value in layer.items():
            if name in TABLES:
                merged[name] = {**merged.get(name, {}), **value}
                sources.update({dotted: origin(dotted) for dotted in (f"{name}.{inner}" for inner in value)})
            else:
                merged[name] = value
                sources[name] = origin(name)
    return Loaded(converted(merged, "the configuration"), sources)


def variable_of(name: str) -> str:
    """The environment's variable of a setting."""
    return PREFIX + name.replace(".", "_").upper()


def flag_of(name: str, value: object = True) -> str:
    """The flag of a setting without a table."""
    return f"--{'no-' if value is False else ''}{name.replace('_', '-')}"


def from_file(file: Path) -> tuple[str, dict[str, Any]]:
    """The text of a TOML file, and its settings."""
    try:
        text = file.read_bytes().decode()
        held = msgspec.toml.decode(text)
    except OSError as error:
        raise BadConfig(f"{file} cannot be read: {error.strerror}") from error
    except (msgspec.DecodeError, ValueError) as error:
        raise BadConfig(f"{file} is not TOML: {error}") from error
    assert isinstance(held, dict)
    return text, held


def from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    """The settings of the variables that begin with ``MATRON_``."""
    made: dict[str, Any] = {}
    for variable, text in environ.items():
        if not variable.startswith(PREFIX) or variable in NO_SETTINGS:
            continue
        name = variable.removeprefix(PREFIX).lower()
        table = next((table for table in TABLES if name.startswith(table + "_")), None)
        value = listed(text)
        if table is None:
            made[name] = value
        else:
            made.setdefault(table, {})[name.removeprefix(table + "_")] = value
    return made


def listed(text: str) -> Any:
    """A text that is a list in JSON as that list; any other as it is."""
    try:
        return msgspec.json.decode(text, type=list[Any]) if text.startswith("[") else text
    except msgspec.DecodeError:
        return text


def check(layer: Mapping[str, Any], source: str) -> None:
    """Every setting of a layer is known, and has its type."""
    known = set(Config.__struct_fields__)
    for name, value in layer.items():
        if name not in known:
            raise BadConfig(f"{source}: there is no setting {name!r}{nearest(name)}")
        if name in TABLES:
            if not isinstance(value, dict):
                raise BadConfig(f"{source}: {name} is a table")
            for inner in value:
                if inner not in TABLES[name].__struct_fields__:
                    raise BadConfig(f"{source}: there is no setting {name}.{inner}{nearest(f'{name}.{inner}')}")
    converted(layer, source)


def nearest(name: str) -> str:
    """The setting that was perhaps meant, as the end of a sentence; nothing where none is near."""
    known = [dotted for dotted, _ in flattened(Config())]
    found = difflib.get_close_matches(name, known, 1) or [
        dotted for dotted in known if dotted.partition(".")[2] == name or dotted.replace(".", "_") == name
    ]
    return f"; did you mean {found[0]}?" if found else ""


def converted(layer: Mapping[str, Any], source: str) -> Config:
    """The layer in its types; a text is read as the number or truth value that it spells."""
    try:
        return msgspec.convert(dict(layer), Config, strict=False)
    except msgspec.ValidationError as error:
        raise BadConfig(f"{source}: {error}".replace("$.", "")) from None


def flattened(config: Config) -> list[tuple[str, Any]]:
    """All settings by dotted name."""
    made: list[tuple[str, Any]] = []
    for name in Config.__struct_fields__:
        value = getattr(config, name)
        if isinstance(value, msgspec.Struct):
            made.extend((f"{name}.{inner}", getattr(value, inner)) for inner in value.__struct_fields__)
        else:
            made.append((name, value))
    return made


def masked(value: object) -> object:
    """A value as it may be shown, in plain types: the user and the password of an address are not.

    Secrets stand in files, so that there is a path and never the secret; an address is the one place where somebody
    could write one down.
    """
    value = msgspec.to_builtins(value)
    if isinstance(value, str) and "://" in value and "@" in value:
        scheme, _, rest = value.partition("://")
        place, slash, path = rest.partition("/")
        return f"{scheme}://{'***@' if '@' in place else ''}{place.rpartition('@')[2]}{slash}{path}"
    if isinstance(value, (list, tuple)):
        return [masked(one) for one in value]
    if isinstance(value, dict):
        return {name: masked(one) for name, one in value.items()}
    return value


def is_loopback(bind: str) -> bool:
    """Whether only this machine can reach an address."""
    if bind.startswith("unix:"):
        return True
    host = bind.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check_bind(bind: str) -> None:
    """An address has one of its three forms."""
    if bind.startswith("unix:") and len(bind) > 5:
        return
    if bind.startswith("fd://") and bind[5:].isdigit():
        return
    host, _, port = bind.rpartition(":")
    if not host or not (port.isdigit() and int(port) < 2**16):
        raise BadConfig(f"bind {bind!r} is not HOST:PORT, unix:PATH or fd://N")
