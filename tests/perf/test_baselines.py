"""The baselines: what they need is told, what they are asked is fixed, and each gives no seat and no number twice."""

from __future__ import annotations

import os
import re
import sys
from collections import Counter
from pathlib import Path
from subprocess import PIPE
from tempfile import TemporaryDirectory

import msgspec
import pytest
import trio

from perf.baselines import environment, postgres
from perf.baselines.plan import CATEGORIES, Plan, bodies, filling, slot_ids, warming
from perf.baselines.processes import Failed, alive, descent, program, run
from perf.baselines.stack import STACKS, Running
from perf.client import Load, send
from perf.figures import Incorrect

PLAN = Plan(slots=7, capacity=3, patients=20)
SLEEPS = ["sh", "-c", "sleep 60 & echo at $!; wait"]


def quiet(_: str) -> None:
    pass


async def ended(pid: int) -> None:
    while alive(pid):
        await trio.lowlevel.checkpoint()


def test_each_patient_asks_once_and_the_slots_take_turns():
    asked = [msgspec.json.decode(body) for body in bodies(PLAN)]
    assert len({body["patient_id"] for body in asked}) == len(asked) == PLAN.patients
    assert [body["slot_id"] for body in asked[:7]] == slot_ids(PLAN)
    assert set(Counter(body["slot_id"] for body in asked).values()) <= {2, 3}
    assert {body["category"] for body in asked} <= set(CATEGORIES)


def test_a_hot_slot_is_asked_in_all_tiers():
    asked = [msgspec.json.decode(body) for body in bodies(Plan(1, 5, 5))]
    assert [body["category"] for body in asked] == list(CATEGORIES)
    assert len({body["slot_id"] for body in asked}) == 1


def test_hot_slots_are_asked_for_one_after_the_other_each_in_all_tiers():
    asked = [msgspec.json.decode(body) for body in bodies(Plan(slots=3, capacity=5, patients=15, spread=False))]
    slots = [body["slot_id"] for body in asked]
    assert [len(set(slots[turn : turn + 5])) for turn in (0, 5, 10)] == [1, 1, 1]
    assert len(set(slots)) == 3
    assert [body["category"] for body in asked] == list(CATEGORIES) * 3


def test_the_same_plan_asks_the_same_and_warming_up_takes_nothing_of_it():
    assert bodies(PLAN) == bodies(PLAN)
    measured = [msgspec.json.decode(body) for body in bodies(PLAN)]
    warm = [msgspec.json.decode(body) for body in warming(PLAN)]
    for field in ("slot_id", "patient_id"):
        assert not {body[field] for body in warm} & {body[field] for body in measured}


def test_the_tables_are_filled_with_all_that_is_asked_for():
    script = "".join(filling(PLAN))
    for body in bodies(PLAN) + warming(PLAN):
        asked = msgspec.json.decode(body)
        assert asked["slot_id"] in script
        assert asked["patient_id"] in script


@pytest.mark.parametrize("name", STACKS)
def test_a_stack_whose_programs_are_not_installed_says_so_in_a_sentence(name, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(postgres, "DEBIAN", tmp_path)
    said = STACKS[name].missing()
    assert re.fullmatch(r"PostgreSQL .*not installed.*\.", said)


def test_the_newest_of_several_servers_is_taken(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(postgres, "DEBIAN", tmp_path)
    for version in ("9", "15", "13"):
        place = tmp_path / version / "bin"
        place.mkdir(parents=True)
        (place / "initdb").touch()
    assert postgres.programs() == tmp_path / "15" / "bin"


def test_an_environment_is_kept_for_one_list_of_packages():
    listed = environment.REQUIREMENTS.read_bytes()
    assert environment.key(listed) == environment.key(listed)
    assert environment.key(listed) != environment.key(listed + b"\n")
    assert environment.cache_folder({"XDG_CACHE_HOME": "/kept"}) == Path("/kept/matron-perf")
    assert environment.cache_folder({"XDG_CACHE_HOME": "here"}) == environment.cache_folder({})


def test_every_package_of_the_environment_is_pinned_by_hashes():
    listed = environment.REQUIREMENTS.read_text("utf-8")
    packages = [line for line in listed.splitlines() if re.match(r"[a-z]", line)]
    assert all("==" in line and line.endswith("\\") for line in packages)
    assert "http" not in listed.replace("httptools", "")
    wanted = [line for line in environment.REQUIREMENTS.with_suffix(".in").read_text("utf-8").splitlines() if line]
    names = {re.split(r"[^a-z]", line)[0] for line in wanted if not line.startswith("#")}
    assert set(environment.versions(listed, *names)) == names


def test_an_environment_is_not_led_to_the_packages_of_another():
    variables = {"PATH": "/bin", "PYTHONPATH": "/elsewhere", "PYTHONHOME": "/there", "PYTHONSTARTUP": "x.py"}
    assert environment.clean(variables) == {"PATH": "/bin"}
    assert environment.clean(variables, PYTHONPATH="/here") == {"PATH": "/bin", "PYTHONPATH": "/here"}


async def test_an_environment_that_is_there_is_not_made_again(tmp_path):
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("nothing==1\n")
    python = tmp_path / environment.key(requirements.read_bytes()) / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    assert await environment.environment(pytest.fail, requirements, cache=tmp_path) == python


@pytest.mark.long
async def test_what_cannot_be_installed_leaves_no_environment(tmp_path):
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("no line of requirements\n")
    with pytest.raises(Failed, match="Invalid requirement"):
        await environment.environment(quiet, requirements, cache=tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


async def test_a_program_is_ended_with_all_that_it_started(tmp_path):
    async with program(SLEEPS, r"at (\d+)", folder=tmp_path) as started:
        pids = descent([started.pid])
        assert int(started.said) in pids
        assert all(map(alive, pids))
    assert not any(map(alive, pids))


async def test_a_cancelled_harness_leaves_no_program_behind(tmp_path):
    pids: tuple[int, ...] = ()
    with trio.CancelScope() as scope:
        async with program(SLEEPS, r"at (\d+)", folder=tmp_path) as started:
            pids = descent([started.pid])
            scope.cancel()
            await trio.sleep_forever()
    assert len(pids) == 2
    assert not any(map(alive, pids))


async def test_a_killed_harness_leaves_no_program_behind(tmp_path):
    harness = """if True:
        import sys, trio
        from pathlib import Path
        from perf.baselines.processes import program

        async def main():
            async with program(["sh", "-c", "echo here; exec sleep 60"], "(here)", folder=Path(sys.argv[1])) as started:
                sys.stdout.write(f"{started.pid}\\n")
                sys.stdout.flush()
                await trio.sleep_forever()

        trio.run(main)
    """
    running = await trio.lowlevel.open_process([sys.executable, "-c", harness, str(tmp_path)], stdout=PIPE)
    assert running.stdout is not None
    pid = int(await running.stdout.receive_some())
    assert alive(pid)
    running.kill()
    await running.wait()
    await running.stdout.aclose()
    with trio.fail_after(10):
        await ended(pid)


async def test_a_program_that_does_not_start_is_told_with_its_last_words(tmp_path):
    with pytest.raises(Failed, match="no such disk"):
        async with program(["sh", "-c", "echo no such disk >&2; exit 3"], "ready", folder=tmp_path):
            pass
    with pytest.raises(Failed, match="status 4"):
        await run(["sh", "-c", "exit 4"], folder=tmp_path)


async def test_a_program_that_ends_by_itself_is_told(tmp_path):
    with pytest.raises(Failed, match="by itself"):
        async with program(["sh", "-c", "echo ready; read _ </dev/null"], "(ready)", folder=tmp_path) as started:
            await ended(started.pid)


async def booking(running: Running, asked: list[str]) -> dict[int, int]:
    return (await send(Load(running.port, running.path, 20, asked))).statuses


@pytest.mark.long
@pytest.mark.parametrize("name", STACKS)
async def test_twenty_seats_are_given_to_twenty_of_sixty_and_the_rest_wait(name):
    stack = STACKS[name]
    assert stack.missing() == ""
    plan = Plan(slots=1, capacity=20, patients=60)
    [slot] = slot_ids(plan)
    # Not pytest's own folder, which nobody else may enter: PostgreSQL does not run as root.
    with TemporaryDirectory() as folder:
        async with stack.running(Path(folder), plan, quiet) as running:
            assert await booking(running, running.bodies) == {201: 60}
            assert await stack.booked(running) == {slot: 20}
            rows = await postgres.ask(running.database, "SELECT slot_id, status, number FROM tokens")
            rows = [row for row in rows if row[0] == slot]
            assert Counter(status for _, status, _ in rows) == {"CONFIRMED": 20, "WAITING": 40}
            assert sorted(int(number) for _, _, number in rows) == list(range(1, 61))
            # The same patient again, a body of another shape, a patient or a slot that there is not.
            assert await booking(running, running.bodies[:20]) == {409: 20}
            body = msgspec.json.decode(running.bodies[0])
            wrong = [{**body, "category": "FRIEND"}, {**body, "slot_id": "1"}, {"slot_id": slot}]
            statuses = await booking(running, [msgspec.json.encode(one).decode() for one in wrong])
            assert sum(statuses.values()) == 3
            assert set(statuses) <= {400, 422}
            strange = [{**body, "slot_id": body["patient_id"]}, {**body, "patient_id": body["slot_id"]}]
            assert await booking(running, [msgspec.json.encode(one).decode() for one in strange]) == {404: 2}
            assert await stack.booked(running) == {slot: 20}
            await postgres.ask(running.database, "UPDATE tokens SET status = 'CONFIRMED'")
            with pytest.raises(Incorrect, match="has 20"):
                await stack.booked(running)
            assert all(map(alive, running.pids))
        assert not any(map(alive, running.pids))
        assert os.listdir(folder) == []
    assert not running.database.exists()
