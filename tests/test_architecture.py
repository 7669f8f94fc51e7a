"""The shape of the source: who may import whom, which calls are banned, what a file looks like.

It reads the source as syntax trees and runs none of it; imports inside functions and under ``TYPE_CHECKING`` count.
The tables come first, then the checkers, then the tests: each checker is also held against a planted fault.
"""

from __future__ import annotations

import ast
import functools
import sys
import tomllib
from collections.abc import Callable, Iterator
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("engine", "gateway", "replay", "perf", "tests")
PRODUCT = ("engine*", "gateway*", "replay*", "perf*")
MAX_LINES = 400

# From left to right; a module imports only from rows above its own. A row that ends in ``.**`` is one folder with
# everything in it, free inside except for rounds; of a row that ends in ``.*`` no two members know each other,
# but for what SHARED lists.
ORDER = (
    "engine.errors",
    "engine.gauges",
    "engine.decider",
    "engine.calendar",
    "engine.recurrence",
    "engine.needs",
    "engine.rules.**",
    "engine.rules",
    "engine.actors.*",
    "engine.actors",
    "engine.eventlog.keys",
    "engine.eventlog.entry",
    "engine.eventlog.tree",
    "engine.eventlog.checkpoint",
    "engine.eventlog.store",
    "engine.eventlog.pages",
    "engine.eventlog.frames",
    "engine.decisions.**",
    "engine.decisions",
    "engine.clock",
    "engine.process",
    "engine.eventlog.log",
    "engine.eventlog.directory",
    "engine.eventlog.vault",
    "engine.eventlog.memory_store",
    "engine.eventlog.lmdb_errors",
    "engine.eventlog.lmdb_reads",
    "engine.eventlog.lmdb_copy",
    "engine.eventlog.lmdb_keys",
    "engine.eventlog.lmdb_reader",
    "engine.eventlog.prompt",
    "engine.eventlog.lmdb_store",
    "engine.recovery",
    "engine.stepping",
    "engine.refused",
    "engine.views.**",
    "engine.room_deltas",
    "engine.ward_deltas",
    "engine.referral_deltas",
    "engine.deltas",
    "engine.topics",
    "engine.measures",
    "engine.actor",
    "engine.timing",
    "engine.deadlines",
    "engine.partition",
    "engine.repair",
    "engine.erasing",
    "engine.notary",
    "engine.tails",
    "engine.access",
    "engine.answers",
    "engine.asking",
    "engine.batch",
    "engine.snapshots",
    "engine.reading",
    "engine.channel",
    "engine.subscription",
    "engine.viewing",
    "engine.feed",
    "engine.watching",
    "engine.census",
    "engine.upkeep",
    "engine.scheduler",
    "engine.loading",
    "engine.settings",
    "engine.runtime",
    "replay.deciding.veiling",
    "replay.walking",  # what restoring takes: the gateway's commands may know it
    "replay.segments.form",
    "replay.segments.writing",
    "replay.segments.source",
    "replay.moments",
    "replay.erased",
    "replay.joined",
    "replay.restoring",
    "gateway.**",
    "replay.**",
    "perf.**",
    "tests.**",
)
NAMESPACES = ("engine", "engine.eventlog")  # their __init__ holds a docstring and imports nothing

# Vocabulary that other kinds may import by name from the one that owns it.
SHARED: dict[str, frozenset[str]] = {
    "engine.actors.hospital": frozenset({"Policy", "Category"}),
    "engine.actors.slot": frozenset({"link"}),
    "engine.actors.service": frozenset({"Ended", "Priority", "Ticket", "ended"}),
    "engine.actors.clinic_day": frozenset({"Appointment"}),
    "engine.actors.room": frozenset({"Taken"}),
    "engine.actors.staff": frozenset({"Duty", "Role"}),
    "engine.actors.service_day": frozenset({"ServiceDay", "percentile"}),
}

# The auditors' tool starts no engine: beyond itself it knows what reading a log takes.
REPLAY_MAY = (
    "engine.errors",
    "engine.decider",
    "engine.calendar",
    "engine.recurrence",
    "engine.needs",
    "engine.rules*",
    "engine.actors*",
    "engine.decisions*",
    "engine.eventlog.entry",
    "engine.eventlog.keys",
    "engine.eventlog.store",
    "engine.eventlog.tree",
    "engine.eventlog.checkpoint",
    "engine.eventlog.directory",
    "engine.eventlog.pages",
    "engine.eventlog.frames",
    "engine.eventlog.vault",
    "engine.eventlog.lmdb_reads",
    "engine.eventlog.lmdb_reader",
    "engine.recovery",
    "engine.stepping",
    "engine.views*",  # the dry run of rules
    "gateway.explorer.answers",  # what the audit explorer is told, and how: the reading process makes it
    "gateway.explorer.frames",
)

# A witness is a server of its own, behind the gateway's front door, with a key and a clock.
WITNESS = ("replay.witnessing.witness", "replay.witnessing.service")
WITNESS_MAY = (
    "engine.clock",
    "gateway.audit.keys",
    "gateway.audit.settings",
    "gateway.door.settings",
    "gateway.keeping",
    "gateway.request_log",
    "gateway.server",
)

TRIO_FILES = (
    "engine.actor",
    "engine.deadlines",
    "engine.timing",
    "engine.repair",
    "engine.erasing",
    "engine.notary",
    "engine.access",
    "engine.asking",
    "engine.batch",
    "engine.snapshots",
    "engine.channel",
    "engine.subscription",
    "engine.viewing",
    "engine.feed",
    "engine.watching",
    "engine.upkeep",
    "engine.scheduler",
    "engine.loading",
    "engine.runtime",
    "engine.recovery",
    "engine.eventlog.log",
    "engine.eventlog.prompt",
    "engine.eventlog.lmdb_*",
    "engine.eventlog.memory_store",
    "gateway*",
    "replay*",  # the store's reading side is asynchronous
    "perf*",
    "tests*",
)
KNOWN_TO = {
    "trio": TRIO_FILES,
    "lmdb": ("engine.eventlog.lmdb_*", "perf*", "tests*"),
    "starlette": ("gateway*", "perf.bare", "tests*"),  # the yardstick of the front door
    "hypercorn": ("gateway*", "perf.bare", "tests*"),
    "wsproto": ("gateway.door*", "tests*"),
    "h11": ("gateway.door*", "gateway.outgoing.client", "tests*"),
    "h2": ("gateway.door*", "tests*"),
    "cryptography": (
        *("engine.eventlog.keys", "engine.eventlog.vault", "engine.eventlog.checkpoint"),
        *("gateway*", "replay*", "tests*"),
    ),
}

# Rule books, decisions and what they stand on: values in, values out.
PURE = (
    "engine.errors",
    "engine.decider",
    "engine.calendar",
    "engine.recurrence",
    "engine.needs",
    "engine.rules*",
    "engine.actors*",
    "engine.decisions*",
    "engine.views*",
)
PURE_PACKAGES = frozenset({"msgspec", "sortedcontainers", "dateutil", "engine"})
IMPURE_LIBRARY = frozenset(
    "asyncio concurrent contextvars ctypes fcntl glob http io logging mmap multiprocessing os pathlib pickle queue "
    "random secrets select selectors shutil signal smtplib socket sqlite3 ssl subprocess tempfile threading time "
    "urllib uuid warnings weakref".split()
)


class Ban(NamedTuple):
    """A dotted name (and all below it) that must not be used in ``scope``, what to use instead, and where it may be."""

    name: str
    instead: str
    scope: tuple[str, ...] = PRODUCT
    unless: tuple[str, ...] = ()
    seams: tuple[str, ...] = ()


CLOCK = "the command's `at.time`; in a shell the clock it was given (engine.clock)"
STOPWATCH = "the clock it was given (engine.clock), or `trio.current_time()`"
ENTROPY = "`at.secret(n)` in a rule; in a shell the clock's `entropy` (engine.clock)"
NO_THREADS = "trio: a nursery, or `trio.to_thread.run_sync` with a limiter"
BANS = (
    Ban("datetime.datetime.now", CLOCK, seams=("gateway.request_log",)),  # when a line was written
    Ban("datetime.datetime.utcnow", CLOCK),
    Ban("datetime.datetime.today", CLOCK),
    Ban("datetime.date.today", CLOCK),
    Ban("time.time", CLOCK, seams=("gateway.door.settings",)),  # HTTP's Date header
    Ban("time.time_ns", CLOCK, seams=("engine.clock",)),
    Ban("time.monotonic", STOPWATCH, seams=("perf*",)),
    Ban("time.monotonic_ns", STOPWATCH, seams=("engine.clock", "perf*")),
    Ban("time.perf_counter", STOPWATCH, seams=("perf*",)),
    Ban("time.perf_counter_ns", STOPWATCH, seams=("perf*",)),
    # These wait for a real process, outside any trio run.
    Ban(
        "time.sleep",
        "`trio.sleep`; in a test the autojump clock",
        scope=("*",),
        seams=("tests.serving", "tests.journeys*"),
    ),
    Ban("uuid", "`at.new_id(n)`: a UUIDv7 that replay derives again", unless=("uuid.UUID",)),
    Ban("random", "a `random.Random(seed)` that was passed in", unless=("random.Random",), seams=("tests*",)),
    Ban(
        "secrets", ENTROPY, unless=("secrets.compare_digest",), seams=("gateway.auth", "gateway.headers")
    ),  # API keys, request ids
    Ban("os.urandom", ENTROPY, seams=("engine.clock",)),
    Ban("os.environ", "a value that was passed in", scope=("engine*",)),
    Ban("os.getenv", "a value that was passed in", scope=("engine*",)),
    Ban("asyncio", "trio", scope=("*",)),
    Ban("anyio", "trio", scope=("*",)),
    Ban("threading", NO_THREADS, scope=("*",)),
    Ban("multiprocessing", NO_THREADS, scope=("*",)),
    Ban("concurrent", NO_THREADS, scope=("*",)),
    Ban("pickle", "the log's codec (engine.eventlog.entry)", scope=("*",)),
    Ban("importlib.import_module", "an import: names in the log are no import paths"),
    Ban("starlette.middleware.base", "pure ASGI middleware: it splits neither deadline nor context"),
    Ban("starlette.background", "a task of a named nursery"),
    Ban("unittest.mock", "the memory store, or a value passed in", scope=("*",)),
    Ban("open", "nothing: rules and views do no I/O", scope=PURE),
    Ban("input", "nothing: rules and views do no I/O", scope=PURE),
    Ban("print", "`click.echo`, or the log of the process"),
    Ban("eval", "nothing", scope=("*",)),
    Ban("exec", "nothing", scope=("*",)),
    Ban("__import__", "an import", scope=("*",)),
)
BUILTINS = frozenset({"open", "input", "print", "eval", "exec", "__import__"})

# What other developers would build instead of Matron; it runs in an environment of its own, with packages of its own.
OTHERS = ("perf.baselines.fastapi_stack*", "perf.baselines.django_stack*")

IN_THE_ROOT = frozenset(
    "engine gateway replay tests perf docs ops pyproject.toml README.md Makefile ARCHITECTURE.md CHANGELOG.md "
    "SECURITY.md LICENSE requirements.lock".split()
)
MADE_BY_TOOLS = frozenset({"__pycache__", "dist", "data", "reports", "perf-runs"})  # all of them in .gitignore
GRAB_BAGS = frozenset("util utils helper helpers manager managers common misc base tools".split())


class Import(NamedTuple):
    """One imported thing: the project's module or the foreign one, the name taken from it, and the line."""

    module: str
    name: str
    line: int


def within(module: str, patterns: tuple[str, ...]) -> bool:
    """Whether a dotted module name is one of these, with ``*`` for anything."""
    return any(fnmatchcase(module, pattern) for pattern in patterns)


def module_of(path: Path) -> str:
    """The dotted name under which a file is imported."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def sources() -> dict[str, Path]:
    """All modules of the project by name."""
    return {module_of(path): path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))}


SOURCES = sources()


@functools.cache
def trees() -> dict[str, ast.Module]:
    """All modules as syntax trees; read on first use, so that a process without these tests does not wait for it."""
    return {module: ast.parse(path.read_text("utf-8"), str(path)) for module, path in SOURCES.items()}


def imports_of(tree: ast.AST, known: frozenset[str] = frozenset(SOURCES)) -> Iterator[Import]:
    """Every import of a module, wherever it stands; ``from package import module`` is an import of the module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, "", node.lineno)
        elif isinstance(node, ast.ImportFrom):
            base = "." * node.level + (node.module or "")
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                yield Import(inner, "", node.lineno) if inner in known else Import(base, alias.name, node.lineno)


def row_of(module: str) -> int:
    """The row of ORDER in which a module stands; -1 when it stands in none. An exact row goes before a pattern."""
    if module in ORDER:
        return ORDER.index(module)
    for row, pattern in enumerate(ORDER):
        stem = pattern.rstrip("*").rstrip(".")
        if pattern.endswith("*") and (module == stem or module.startswith(stem + ".")):
            return row
    return -1


def member_of(module: str, row: int) -> str:
    """The member of a ``.*`` row to which a module belongs: ``engine.actors.slot`` for ``engine.actors.slot.state``."""
    depth = ORDER[row].count(".") + 1
    return ".".join(module.split(".")[:depth])


def is_ours(module: str) -> bool:
    return module.split(".")[0] in PACKAGES


def order_faults(module: str, tree: ast.AST, known: frozenset[str] = frozenset(SOURCES)) -> Iterator[str]:
    """What a module imports from its right, from a sibling, or (in replay) from what it must not know."""
    row = row_of(module)
    for target, name, line in imports_of(tree, known):
        where = f"{module}:{line}"
        if target.startswith("."):
            yield f"{where} imports {target!r} by a relative name: write it in full"
        if not is_ours(target):
            continue
        if module in NAMESPACES:
            yield f"{where} imports {target}, but only gives a folder its name"
        elif row < 0:
            yield f"{where}: this module stands in no row of ORDER"
        elif target in NAMESPACES or row_of(target) < 0:
            yield f"{where} imports {target}, which is no module of any row"
        elif row_of(target) > row:
            yield f"{where} imports {target}, which stands to its right"
        elif row_of(target) == row:
            yield from sibling_faults(module, row, target, name, where)
        may = (*REPLAY_MAY, *WITNESS_MAY) if within(module, WITNESS) else REPLAY_MAY
        if within(module, ("replay*",)) and not within(target, ("replay*", *may)):
            yield f"{where} imports {target}: replay knows only what reading a log takes"


def sibling_faults(module: str, row: int, target: str, name: str, where: str) -> Iterator[str]:
    """Among the members of a ``.*`` row: only SHARED names, and inside one's own folder anything."""
    if ORDER[row].endswith(".**") or target == module:
        return
    mine, theirs = member_of(module, row), member_of(target, row)
    if mine != theirs and name not in SHARED.get(theirs, frozenset()):
        yield f"{where} takes {name or 'all'} from {target}, a sibling; SHARED lists what may be taken"


def package_faults(module: str, tree: ast.AST) -> Iterator[str]:
    """Libraries where they must not be known, and I/O in pure code."""
    for target, _, line in imports_of(tree):
        top = target.split(".")[0]
        if top in KNOWN_TO and not within(module, KNOWN_TO[top]):
            yield f"{module}:{line} imports {top}, which is known only to {', '.join(KNOWN_TO[top])}"
        if within(module, PURE) and top in IMPURE_LIBRARY:
            yield f"{module}:{line} imports {top}: pure code gets time, bytes and text passed in"
        if within(module, PURE) and top not in sys.stdlib_module_names and top not in PURE_PACKAGES:
            yield f"{module}:{line} imports {top}: pure code knows only {', '.join(sorted(PURE_PACKAGES))}"


def ban_faults(module: str, tree: ast.AST) -> Iterator[str]:
    """Every use of a banned name, called or passed on, under whatever name it was imported."""
    for dotted, line in sorted(set(uses_of(tree)), key=lambda use: use[1]):
        for ban in BANS:
            below = dotted == ban.name or dotted.startswith(ban.name + ".")
            allowed = within(module, ban.seams) or within(dotted, ban.unless)
            bare = dotted == ban.name and any(other.startswith(dotted + ".") for other in ban.unless)
            if below and not allowed and not bare and within(module, ban.scope):
                yield f"{module}:{line} uses {dotted}; instead: {ban.instead}"
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "abandon_on_cancel" and within(module, ("engine*",)):
            yield f"{module}:{node.value.lineno} sets abandon_on_cancel: a commit under way cannot be abandoned"


def uses_of(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Dotted names of foreign things that a module imports or touches, and the builtins it calls."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                names[alias.asname or alias.name.split(".")[0]] = (
                    alias.name if alias.asname else alias.name.split(".")[0]
                )
                yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
                yield f"{node.module}.{alias.name}", node.lineno
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and (dotted := dotted_name(node, names)):
            yield dotted, node.lineno
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in BUILTINS - set(names):
            yield node.func.id, node.lineno


def dotted_name(node: ast.expr, names: dict[str, str]) -> str:
    """``dt.datetime.now`` as ``datetime.datetime.now`` when ``dt`` is the imported datetime; otherwise empty."""
    if isinstance(node, ast.Name):
        return names.get(node.id, "")
    if isinstance(node, ast.Attribute) and (stem := dotted_name(node.value, names)):
        return f"{stem}.{node.attr}"
    return ""


def cycles(edges: dict[str, set[str]]) -> list[str]:
    """The modules that import themselves in the end, each with the way round."""
    found: list[str] = []
    done: set[str] = set()

    def walk(module: str, path: tuple[str, ...]) -> None:
        if module in path:
            found.append(" → ".join((*path[path.index(module) :], module)))
        elif module not in done:
            for target in sorted(edges.get(module, ())):
                walk(target, (*path, module))
            done.add(module)

    for module in sorted(edges):
        walk(module, ())
    return found


def hold(checker: Callable[[str, ast.AST], Iterator[str]]) -> None:
    """Let a checker look at all modules; every fault it finds is in the message, once, a line each."""
    faults = dict.fromkeys(fault for module, tree in trees().items() for fault in checker(module, tree))
    assert not faults, "\n" + "\n".join(faults)


def test_every_module_imports_only_from_its_left():
    hold(order_faults)


def test_every_module_stands_in_the_order():
    assert [module for module in SOURCES if row_of(module) < 0 and module not in NAMESPACES] == []


def test_libraries_are_known_only_where_they_belong():
    hold(package_faults)


def test_banned_names_are_used_nowhere_but_at_their_seams():
    hold(ban_faults)


def test_no_module_imports_itself_in_a_round():
    edges = {
        module: {target for target, _, _ in imports_of(tree) if target in SOURCES and target != module}
        for module, tree in trees().items()
    }
    assert cycles(edges) == []


def test_foreign_packages_are_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"]
    lines = project["dependencies"] + extras["docs"] + extras["export"] + extras["otel"]
    declared = {name_of(line) for line in lines}
    foreign = {
        (target.split(".")[0], module)
        for module, tree in trees().items()
        if within(module, PRODUCT) and not within(module, OTHERS)
        for target, _, _ in imports_of(tree)
        if not is_ours(target) and target.split(".")[0] not in sys.stdlib_module_names
    }
    assert sorted(use for use in foreign if use[0] not in declared) == []


IMPORTED_AS = {
    "python_dateutil": "dateutil", "argon2_cffi": "argon2", "PyJWT": "jwt", "opentelemetry_sdk": "opentelemetry",
}  # fmt: skip


def name_of(requirement: str) -> str:
    """``flask_swagger_ui`` for ``flask-swagger-ui>=5.34,<6``."""
    end = next((at for at, letter in enumerate(requirement) if not (letter.isalnum() or letter in "-_")), None)
    name = requirement[:end].replace("-", "_")
    return IMPORTED_AS.get(name, name)


def test_every_module_says_what_it_knows():
    assert [module for module, tree in trees().items() if not ast.get_docstring(tree)] == []


def test_no_file_is_longer_than_its_limit():
    lines = {module: len(SOURCES[module].read_text("utf-8").splitlines()) for module in SOURCES}
    too_long = {module: count for module, count in lines.items() if count > MAX_LINES and within(module, PRODUCT)}
    assert too_long == {}, f"split by concept: {MAX_LINES} lines are the most"


def test_modules_are_named_by_nouns_of_the_field():
    assert [module for module in SOURCES if GRAB_BAGS & set(module.split("."))] == []


def test_the_root_holds_only_what_belongs_there():
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    assert found - MADE_BY_TOOLS - IN_THE_ROOT == set()


KNOWN = frozenset(
    {"engine.runtime", "engine.actor", "engine.actors.slot.state", "engine.actors.room", "engine.decider"}
)


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("engine.actors.slot", "from engine.runtime import Engine"),
        ("engine.actors.slot", "from engine import runtime"),
        ("engine.decider", "def f():\n    import engine.actor"),
        ("engine.errors", "if TYPE_CHECKING:\n    from engine.decider import At"),
        ("engine.actors.slot.rules", "from engine.actors.room import Room"),
        ("engine.actors.slot", "import engine.actors.hospital"),
        ("engine.actors.slot", "from .state import Slot"),
        ("engine.eventlog", "from engine.eventlog.log import Log"),
        ("engine.brand_new", "import engine.decider"),
        ("engine.runtime", "from gateway.app import app"),
        ("replay.state", "from engine.runtime import Engine"),
        ("gateway.app", "from replay.verify import verify"),
    ],
)
def test_a_planted_import_from_the_right_is_found(module: str, source: str):
    assert list(order_faults(module, ast.parse(source), KNOWN)) != []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("engine.actors.slot.rules", "from engine.actors.slot.state import Slot"),
        ("engine.actors.slot.rules", "from engine.actors.hospital import Policy"),
        ("engine.actors.slot", "from engine.decider import At\nimport msgspec"),
        ("engine.runtime", "from engine import actor"),
        ("replay.state", "from engine.recovery import fold"),
        ("perf.storm", "from gateway.demo import arrivals"),
    ],
)
def test_an_import_from_the_left_is_none(module: str, source: str):
    assert list(order_faults(module, ast.parse(source), KNOWN)) == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("engine.actors.slot", "import trio"),
        ("engine.runtime", "import lmdb"),
        ("engine.runtime", "from starlette.requests import Request"),
        ("engine.decisions.book", "import logging"),
        ("engine.actors.slot", "from pathlib import Path"),
        ("engine.actors.slot", "import click"),
    ],
)
def test_a_planted_library_is_found(module: str, source: str):
    assert list(package_faults(module, ast.parse(source))) != []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("engine.actors.slot", "from datetime import datetime\nx = datetime.now()"),
        ("gateway.app", "import datetime as dt\nx = dt.date.today()"),
        ("engine.runtime", "import time\nclock = time.time"),
        ("engine.runtime", "from time import monotonic_ns as now"),
        ("gateway.app", "import time\ntime.sleep(1)"),
        ("gateway.app", "from uuid import uuid4"),
        ("engine.runtime", "import random\nrandom.shuffle([])"),
        ("engine.eventlog.keys", "import os\nos.urandom(16)"),
        ("gateway.app", "import secrets\nsecrets.token_hex()"),
        ("gateway.app", "import asyncio"),
        ("tests.engine.test_slot", "from unittest import mock"),
        ("engine.actors.slot", "open('x')"),
        ("engine.runtime", "print('x')"),
        ("engine.eventlog.lmdb_store", "trio.to_thread.run_sync(f, abandon_on_cancel=True)"),
    ],
)
def test_a_planted_banned_name_is_found(module: str, source: str):
    assert list(ban_faults(module, ast.parse(source))) != []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("engine.clock", "import os, time\ntime.time_ns()\ntime.monotonic_ns()\nos.urandom(16)"),
        ("gateway.demo", "import random\nx = random.Random(7)\nx.random()"),
        ("perf.driver", "from time import perf_counter_ns"),
        ("engine.calendar", "from datetime import datetime, time\ntime(0, 0)\ndatetime.fromisoformat('x')"),
        ("engine.runtime", "self.open()\ntime.time()"),
    ],
)
def test_a_seam_and_a_name_of_its_own_are_no_faults(module: str, source: str):
    assert list(ban_faults(module, ast.parse(source))) == []


def test_a_planted_round_is_found():
    assert cycles({"a": {"b"}, "b": {"c"}, "c": {"a"}}) == ["a → b → c → a"]
    assert cycles({"a": {"b", "c"}, "b": {"c"}}) == []
