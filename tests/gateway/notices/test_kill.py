"""kill -9 of a real server while notices leave it: each arrives in the end, in order, and few of them twice."""

from __future__ import annotations

from pathlib import Path
from random import Random

import httpx2
import pytest
import trio

from tests.gateway.notices.house import until
from tests.gateway.notices.receiver import Receiver, receiving
from tests.serving import Server, replay_check, serving

DAY = "2031-03-03"


async def post(client: httpx2.AsyncClient, path: str, **body: object) -> str:
    """The id of something new."""
    answer = await client.post(path, json=body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


async def prepare(client: httpx2.AsyncClient, url: str) -> str:
    """A slot, and a destination that hears of its tokens."""
    doctor = await post(client, "/doctors/", name="Dr. Rao", specialization="Cardiology")
    times = {"start_time": f"{DAY}T09:00:00Z", "end_time": f"{DAY}T12:00:00Z"}
    await post(client, "/destinations/", name="his", channel="webhook", url=url, events=["token_update"])
    return await post(client, "/slots/", doctor=doctor, max_capacity=500, **times)


async def storm(server: Server, receiver: Receiver, chance: Random, kills: int) -> list[str]:
    """Book and cancel; after each round the server dies without a word, and starts again."""
    tokens: list[str] = []
    slot = ""
    for round in range(kills + 1):
        async with httpx2.AsyncClient(base_url=f"{server.url}/api/v1", timeout=15) as client:
            slot = slot or await prepare(client, receiver.url)
            for _ in range(12):
                patient = await post(client, "/patients/", name="Asha Rao")
                tokens.append(await post(client, "/tokens/", slot_id=slot, patient_id=patient, category="WALKIN"))
                if chance.random() < 0.5:
                    assert (await client.delete(f"/tokens/{tokens[-1]}/")).status_code == 200
                    tokens[-1] += "*"
        if round < kills:
            await trio.sleep(chance.uniform(0.5, 3.0))
            server.kill()
            server.start()
    return tokens


async def test_no_notice_is_lost_by_a_kill_and_few_are_told_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MATRON_NOTICES_ALLOW", "127.0.0.0/8")
    chance = Random(3)
    receiver = Receiver(lambda id, said: 503 if chance.random() < 0.15 else 204)
    with serving(tmp_path / "data", "--no-request-log") as server:
        async with receiving(receiver):
            tokens = await storm(server, receiver, chance, 2)

            def told(token: str) -> list[str]:
                ours = dict.fromkeys(
                    (one.id, one.data["change"]) for one in receiver.taken if one.data["token_id"] == token.rstrip("*")
                )
                return [change for _, change in ours]

            wanted = {token: ["booked", "cancelled"] if token.endswith("*") else ["booked"] for token in tokens}
            await until(lambda: all(told(token) == changes for token, changes in wanted.items()))
            async with httpx2.AsyncClient(base_url=server.url) as client:
                health = (await client.get("/health/notifications/")).json()
            assert health["notices"]["dead"] == 0
            assert health["destinations"][0]["state"] == "active"
        assert server.stop() == 0
    assert replay_check(tmp_path / "data").returncode == 0
    repeats = len(receiver.taken) - len({one.id for one in receiver.taken})
    assert repeats <= 2 * 40  # what two kills can have undone, of some seconds each
