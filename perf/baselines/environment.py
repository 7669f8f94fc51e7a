"""The virtual environment in which the baselines' code runs: made once for one requirements.txt, kept in the cache.

Knows no stack. Matron needs none of these packages and never imports one.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

import trio

from perf.baselines.processes import run
from perf.size import Tell

REQUIREMENTS: Final = Path(__file__).with_name("requirements.txt")


async def environment(tell: Tell, requirements: Path = REQUIREMENTS, cache: Path | None = None) -> Path:
    """The environment's Python; installed now unless it is there."""
    place = (cache or cache_folder(os.environ)) / key(await trio.Path(requirements).read_bytes())
    python = place / "bin" / "python"
    if python.exists():
        return python
    await trio.Path(place.parent).mkdir(parents=True, exist_ok=True)
    # Made beside its place and moved there whole: it is never half there, and two harnesses may make it at once.
    making = Path(mkdtemp(prefix="making-", dir=place.parent))
    variables = clean(os.environ)  # or pip takes packages for installed that are another Python's
    try:
        tell(f"a virtual environment for the baselines, in {place}")
        await run([sys.executable, "-m", "venv", str(making)], folder=making, environment=variables)
        tell("installing the baselines' packages")
        command = [str(making / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "-q", "install"]
        command += ["--no-deps", "--require-hashes", "-r", str(requirements)]
        await run(command, folder=making, environment=variables)
        _moved(making, place)
    finally:
        shutil.rmtree(making, ignore_errors=True)
    return python


def _moved(making: Path, place: Path) -> None:
    try:
        making.rename(place)
    except OSError:
        if not (place / "bin" / "python").exists():
            raise


def missing() -> str:
    """What an environment cannot be made without, one sentence; empty when it can."""
    if find_spec("venv") is None or find_spec("ensurepip") is None:
        return "Python cannot make virtual environments here: install python3-venv."
    return ""


def key(requirements: bytes) -> str:
    """The folder's name: one for each list of packages and Python that they were installed for."""
    return f"{sys.implementation.cache_tag}-{hashlib.sha256(requirements).hexdigest()[:16]}"


def cache_folder(variables: Mapping[str, str]) -> Path:
    """Where environments are kept."""
    home = variables.get("XDG_CACHE_HOME") or ""
    return (Path(home) if Path(home).is_absolute() else Path.home() / ".cache") / "matron-perf"


def versions(requirements: str, *names: str) -> dict[str, str]:
    """The pinned versions of these packages."""
    pinned = dict(line.split(" ")[0].split("==") for line in requirements.splitlines() if "==" in line.split(" ")[0])
    return {name: pinned[name] for name in names}


def clean(variables: Mapping[str, str], **more: str) -> dict[str, str]:
    """These variables without those that would lead the environment's Python to modules of another, and with more."""
    return {name: value for name, value in variables.items() if not name.startswith("PYTHON")} | more
