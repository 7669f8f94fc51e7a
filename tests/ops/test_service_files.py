"""The files that start Matron somewhere: units, container, proxy. What they say is what the program takes."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml  # type: ignore[import-untyped]

from gateway.__main__ import main
from gateway.config import TABLES, load
from gateway.limits import Limits

ROOT = Path(__file__).resolve().parents[2]
UNITS = sorted((ROOT / "ops" / "systemd").glob("*.service"))
CONTAINER = ROOT / "ops" / "container"


def started(line: str) -> list[str]:
    """The words behind ``matron`` in a command line, also in one that a shell starts."""
    words = shlex.split(line)
    if words[0] == "/bin/sh":
        words = shlex.split(words[-1].removeprefix("exec "))
    assert words[0] in ("matron", "/opt/matron/bin/matron"), words
    return words[1:]


def understood(words: list[str]) -> None:
    """Every word is a command or an option of the program."""
    command: click.Command = main
    while isinstance(command, click.Group):
        command = command.commands[words.pop(0)]
    options = {name for param in command.params for name in param.opts}
    assert [word for word in words if word.startswith("--") and word not in options] == []


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_starts_what_there_is(unit: Path) -> None:
    lines = [line.partition("=")[2] for line in unit.read_text().splitlines() if line.startswith("ExecStart=")]
    assert len(lines) == 1
    understood(started(lines[0].replace("%%", "%")))


def test_systemd_finds_no_fault_with_the_units_where_it_is_there_to_ask(tmp_path: Path) -> None:
    for unit in (ROOT / "ops" / "systemd").iterdir():
        if unit.is_file():
            # The program is installed elsewhere; anything that is there stands for it.
            text = unit.read_text().replace("/opt/matron/bin/matron", shutil.which("true") or "/bin/true")
            (tmp_path / unit.name).write_text(text)
    drop_in = tmp_path / "matron.service.d"
    drop_in.mkdir()
    shutil.copy(ROOT / "ops" / "systemd" / "matron.service.d" / "socket.conf", drop_in)
    units = sorted(str(unit) for unit in tmp_path.glob("matron*.*") if unit.suffix in (".service", ".timer", ".socket"))
    assert len(units) == 5
    if (verify := shutil.which("systemd-analyze")) is not None:
        found = subprocess.run([verify, "verify", "--man=no", *units], capture_output=True, text=True, check=False)
        assert (found.returncode, found.stderr) == (0, "")


def test_the_configuration_that_comes_along_is_one() -> None:
    config = load({}, {}, ROOT / "ops" / "systemd" / "matron.toml").config
    assert config.keys is not None
    assert not config.dev
    state = "/var/lib/matron-secrets/"
    secrets = (config.keys, config.access.accounts, config.audit.master_key, config.audit.signing_key)
    assert all(place is not None and place.startswith(state) for place in secrets)


# -- the container -------------------------------------------------------------------------------------------


def pins(lock: Path) -> dict[str, set[str]]:
    """Each package of a lock with its hashes."""
    found: dict[str, set[str]] = {}
    name = ""
    for line in lock.read_text().splitlines():
        if match := re.match(r"([\w.-]+==[^ ;\\]+)", line):
            name = match[1]
            found[name] = set()
        elif match := re.search(r"--hash=(sha256:[0-9a-f]{64})", line):
            found[name].add(match[1])
    return found


@pytest.mark.parametrize("name", ["requirements.lock", "build.lock"])
def test_the_image_has_the_packages_that_are_tested_here_with_the_same_hashes(name: str) -> None:
    tested, image = pins(ROOT / "requirements.lock"), pins(CONTAINER / name)
    assert len(image) > 3
    assert {one: hashes for one, hashes in image.items() if tested.get(one) != hashes} == {}, "ops/container/lock.sh"


def test_the_image_is_made_of_what_is_there_and_runs_as_nobody_in_particular() -> None:
    text = (CONTAINER / "Containerfile").read_text()
    for line in text.splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            assert all((ROOT / source).exists() for source in line.split()[1:-1]), line
    packages = re.search(r"packages = \[(.*)\]", (ROOT / "pyproject.toml").read_text())
    assert packages is not None
    assert all(f"COPY {name} {name}\n" in text for name in re.findall(r'"(\w+)"', packages[1]))
    assert re.search(r"^USER 10001:10001$", text, re.MULTILINE)
    assert "STOPSIGNAL SIGTERM" in text
    assert text.count("--require-hashes") == 2
    (command,) = re.findall(r"^CMD \[\"(\w+)\"\]$", text, re.MULTILINE)
    understood([command])
    settings = dict(re.findall(r"(MATRON_\w+)=(\S+)", text))
    assert load({}, settings).config.data == "/data"


def test_compose_says_what_the_program_takes_and_gives_no_rights_away() -> None:
    compose: dict[str, Any] = yaml.safe_load((CONTAINER / "compose.yaml").read_text())
    services = compose["services"]
    matron = services["matron"]
    understood(list(matron["command"]))
    (subnet,) = (one["subnet"] for one in compose["networks"]["front"]["ipam"]["config"])
    assert load({}, matron["environment"]).config.rates.trusted_proxies == [subnet]
    assert (ROOT / "ops/container" / matron["build"]["context"]).resolve() == ROOT
    assert (ROOT / matron["build"]["dockerfile"]).exists()
    for service in services.values():
        assert service["read_only"]
        assert service["cap_drop"] == ["ALL"]
        assert service["security_opt"] == ["no-new-privileges:true"]
    assert "ports" not in matron, "only the proxy is reached from outside"


def test_the_proxy_leaves_limits_and_deadlines_to_the_program() -> None:
    text = (CONTAINER / "nginx.conf").read_text()
    limits = Limits()
    (size,) = re.findall(r"client_max_body_size (\d+)m;", text)
    assert int(size) * 1024 * 1024 > limits.batch_bytes
    reads = [int(seconds) for seconds in re.findall(r"proxy_read_timeout (\d+)s;", text)]
    assert reads
    assert min(reads) > limits.deadline_seconds
    assert "X-Forwarded-For $remote_addr" in text, "what the client says of its address is not passed on"
    stream = text[text.index("location /api/v1/stream") :]
    assert "proxy_buffering off" in stream
    assert "proxy_next_upstream off" in text


# -- what to do at night ---------------------------------------------------------------------------------------


def test_every_alert_leads_to_what_to_do_about_it_and_nothing_is_described_that_no_alert_says() -> None:
    rules = (ROOT / "ops" / "prometheus" / "matron_alerts.yml").read_text()
    told = set(re.findall(r"docs/operations\.md#(alert-[a-z-]+)", rules))
    page = (ROOT / "docs" / "operations.md").read_text()
    headings = {f"alert-{name.replace(' ', '-')}" for name in re.findall(r"^### Alert: ([a-z ]+)$", page, re.MULTILINE)}
    assert told == headings


@pytest.mark.parametrize("name", ["operations.md", "downtime.md", "bulk.md"])
def test_the_guides_name_commands_and_settings_that_there_are(name: str) -> None:
    page = (ROOT / "docs" / name).read_text()
    for line in re.findall(r"^    (matron [a-z].*)$", page, re.MULTILINE):
        understood(shlex.split(line.split("#")[0].split("  ")[0])[1:])
    for table, setting in re.findall(r"`\[(\w+)\] (\w+)`", page):
        assert setting in TABLES[table].__struct_fields__ or f"{setting}_" in str(TABLES[table].__struct_fields__)
