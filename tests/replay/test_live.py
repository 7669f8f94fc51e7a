"""The auditors' tool beside a server that writes the same log, and after it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

from tests.replay.kept_log import answer, rows
from tests.serving import Desk, serving


def test_a_live_log_is_followed_verified_and_audited_beside_its_server(tmp_path: Path):
    data = tmp_path / "data"
    with serving(data) as server:
        desk = Desk(server.url)
        desk.patients(2)
        command = [sys.executable, "-m", "replay", "log", "--data", str(data), "--follow", "--json"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as following:
            assert following.stdout is not None
            before = [json.loads(following.stdout.readline())["name"] for _ in range(3)]
            assert before == ["AddHospital", "RegisterPatient", "RegisterPatient"]
            closed = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            assert closed.stdout is not None
            closed.stdout.readline()
            closed.stdout.close()
            slot = desk.slot(desk.doctor(), "2031-03-03T08:00:00Z", "2031-03-03T09:00:00Z", 1)
            [patient] = desk.patients(1)
            desk.post("/tokens/", {"slot_id": slot, "patient_id": patient, "category": "WALKIN"})
            live = [json.loads(following.stdout.readline())["name"] for _ in range(4)]
            assert live == ["AddDoctor", "OpenSlot", "RegisterPatient", "BookToken"]
            (audited,) = answer(data, "integrity")["hospitals"]
            assert (audited["entries"], audited["tokens"]) == (7, {"BOOKED": 1})
            assert answer(data, "state", f"slot:{slot}")["state"]["slot"]["regular"] == 1
            answer(data, "verify", "--unsigned")
            desk.get(f"/patients/{patient}/")
            assert [entry["command"]["patients"] for entry in rows(data, "log", "--access")] == [[patient]]
            desk.close()
            assert (closed.wait(10), closed.communicate()[1]) == (0, "")
            assert server.stop() == 0
            following.send_signal(signal.SIGINT)
            assert (following.wait(10), following.communicate()[1]) == (0, "")
    assert len(rows(data, "log")) == 7
    verified = answer(data, "verify", "--complete")
    assert verified["key_beside_the_log"]
    assert [(log["log"], log["signed"]) for log in verified["logs"]] == [("main", 7), ("main.access", 1)]
