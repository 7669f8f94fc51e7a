"""``/health/detail``: for those who look after it, of their own hospital; nothing of anybody."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from cryptography import x509

from gateway.auth import WHOLE_NETWORK
from gateway.config import Config
from gateway.observing.detail import About
from gateway.routes import BASE
from tests.gateway.access.certificates import certify
from tests.gateway.surface import As, ScriptedEngine, client_of
from tests.gateway.test_metrics import place

UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-")


@pytest.mark.parametrize("role", ["admin", "auditor", "network"])
async def test_those_who_look_after_it_may_see_it(role: str):
    async with place(As(role, hospital=WHOLE_NETWORK)) as here:
        assert (await here.client.get("/health/detail")).status_code == 200


@pytest.mark.parametrize("role", ["clerk", "clinician", "board", "integration"])
async def test_others_may_not(role: str):
    async with client_of(ScriptedEngine(), As(role)) as client:
        answer = await client.get("/health/detail")
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")


async def test_it_says_which_program_this_is_what_waits_and_how_far_the_logs_are():
    async with place() as here:
        made = (await here.client.post(f"{BASE}/patients/", json={"name": "Asha Marked"})).json()
        answer = await here.client.get("/health/detail")
    found = answer.json()
    assert set(found["program"]) == {"matron", "python", "trio", "lmdb", "log_format", "rule_book"}
    assert found["uptime"] > 0
    assert found["engine"]["state"] == "serving"
    assert found["waiting"]["longest_seconds"] == found["waiting"]["pending_seconds"] == 0
    assert set(found["disk"]) == {"free", "map_free", "log", "full"}
    assert found["hospitals"]["main"]["entries"] == 2
    assert found["certificate"] is None
    assert "Marked" not in answer.text
    assert made["id"] not in answer.text
    assert not UUID.search(answer.text)


async def test_an_administrator_of_one_hospital_sees_nothing_of_another():
    async with place(As("admin")) as here:
        text = (await here.client.get("/health/detail")).text
        load = (await here.client.get("/health/load")).text
    assert '"main"' in text
    assert "north" not in text
    assert "north" not in load


async def test_one_of_the_network_sees_all_unless_he_names_one():
    async with place(As("network", hospital=WHOLE_NETWORK)) as here:
        assert set((await here.client.get("/health/detail")).json()["hospitals"]) == {"main", "north"}
        named = await here.client.get("/health/detail", headers={"Hospital-Id": "north"})
    assert set(named.json()["hospitals"]) == {"north"}


async def test_anybody_may_read_that_it_is_ready_and_nothing_that_names_a_hospital():
    async with place() as here:
        assert (await here.client.get("/health/ready")).json() == {
            "status": "ready", "state": "serving", "timers_held": False, "storage_full": False,
        }  # fmt: skip
        engine = (await here.client.get("/health/detail", headers={"Hospital-Id": "main"})).json()["engine"]
        assert set(engine) == {"status", "state", "timers_held", "storage_full"}


def test_equal_configurations_have_one_fingerprint_and_others_another():
    one, same, other = (About.of(Config(data="/a", workers=count)).configuration for count in (1, 1, 2))
    assert one == same != other
    assert re.fullmatch(r"[0-9a-f]{16}", one)


def test_when_the_certificate_ends_is_read_from_its_file(tmp_path: Path):
    file = certify(tmp_path, "A hospital").certificate
    ends = x509.load_pem_x509_certificate(file.read_bytes()).not_valid_after_utc
    assert About(certificate=file).expires() == ends.timestamp()
    file.write_text("no certificate")
    assert About(certificate=file).expires() is None
    assert About().expires() is None
