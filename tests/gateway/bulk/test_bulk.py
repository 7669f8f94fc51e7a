"""Master data and patients by the file: into a hospital, out of it, and into another that is then the same."""

from __future__ import annotations

import csv
import io
import json
from functools import partial
from pathlib import Path

import pytest
import trio

from gateway.bulk.importing import BATCH
from gateway.bulk.kinds import KINDS
from tests.gateway.bulk.counter import Counter, counter

TABLES = {
    "doctors": "name,specialization\nDr. Asha Rao,Cardiology\nDr. Bose,Dermatology\nDr. Bose,Paediatrics\n",
    "patients": "name,phone,email,gender,dob\nChitra,'+91 98200,c@x.example,female,1990-05-01\n'=Dev,,,,2001-01-31\n",
    "slots": "doctor,start_time,end_time,max_capacity,quotas\n"
    'dr. asha rao,2030-01-07T04:30:00Z,2030-01-07T05:30:00Z,12,"{""ONLINE"": {""max"": 4}}"\n',
    "slot-templates": "doctor,weekdays,start_time,end_time,max_capacity,valid_from\n"
    "Dr. Asha Rao,MON; TUE,09:00,11:00,20,2030-01-01\n",
    "services": 'name,prefix,settings\nPharmacy,PH,"{""expected_minutes"": 4, ""counters"": [{""name"": ""1""}]}"\n',
    "clinics": 'name\nDay "clinic"\n',
    "rooms": "clinic_id,name,type,equipment,floor,accessible,doctors\n"
    '"Day ""clinic""",Room 1,consult,ecg; couch,-1,true,Dr. Asha Rao\n',
    "wards": "name,specialty,gender\nWard 1,Surgery,female\nWard 2,,\n",
    "beds": "ward_id,label,room,equipment,isolation\nWard 1,1A,1,oxygen,true\nWard 2,1A,,,\n",
    "staff": "name,role,skills,max_load,ward_ids,doctor_id,is_approved\nNurse Eva,nurse,icu,4,Ward 1; Ward 2,,true\n"
    "Asha Rao,doctor,,,,Dr. Asha Rao,false\n",
    "facilities": "name\nCentral Lab\n",
    "branches": "facility_id,name,location,active,service_id\nCentral Lab,North,Gate 2,true,Pharmacy\n",
    "test-types": "name\nBlood\n",
    "tests": "facility_id,name,test_type_id,branch_ids,price_minor,currency,active\n"
    "Central Lab,Glucose,Blood,North,12000,INR,true\nCentral Lab,Old test,Blood,North,1,INR,false\n",
    "practitioners": "name,specialty,doctor_id\nDr. Far,GP,\nDr. Asha Rao,Cardiology,Dr. Asha Rao\n",
    "technicians": "name,branch_ids,principal\nTina,North,tina\n",
}


def tables(folder: Path) -> Path:
    folder.mkdir()
    for kind, text in TABLES.items():
        (folder / f"{kind}.csv").write_text(text)
    return folder


def without_ids(folder: Path) -> dict[str, list[dict[str, str]]]:
    """What an export holds, but for what things are called there."""
    found = {}
    for kind in KINDS:
        rows = list(csv.DictReader(io.StringIO((folder / f"{kind}.csv").read_text())))
        found[kind] = [{name: value for name, value in row.items() if name != "id"} for row in rows]
    return found


async def test_what_is_exported_and_imported_elsewhere_is_exported_the_same(tmp_path):
    assert set(TABLES) == set(KINDS)
    folder = tables(tmp_path / "by_hand")
    async with counter() as desk:
        tried = await desk.told("all", str(folder), "--dry-run")
        assert {one["kind"]: one["refused"] for one in tried} == dict.fromkeys(KINDS, 0), tried
        assert await desk.lines("doctors") == ["id,name,specialization"]
        done = await desk.told("all", str(folder))
        assert {one["kind"]: one["added"] for one in done} == {
            kind: len(list(csv.DictReader(io.StringIO(text)))) for kind, text in TABLES.items()
        }
        first, second = tmp_path / "first", tmp_path / "second"
        await desk.run("export", "all", "-o", str(first))
        again = await desk.told("all", str(first), hospital="north")
        assert sum(one["refused"] for one in again) == 0, again
        await desk.run("export", "all", "-o", str(second), hospital="north")
        assert without_ids(first) == without_ids(second)
        ((slot,), (template,)) = (without_ids(second)[kind] for kind in ("slots", "slot-templates"))
        assert (slot["doctor"], json.loads(slot["quotas"])["ONLINE"]["max"]) == ("Dr. Asha Rao", 4)
        assert template["weekdays"] == "MON; TUE"
        assert {one["active"] for one in without_ids(second)["tests"]} == {"true", "false"}
        # The same as JSON Lines, and once more: nothing is there twice.
        lines = [json.loads(line) for line in await desk.lines("patients", "--format", "jsonl", hospital="north")]
        assert [line["name"] for line in lines] == ["Chitra", "=Dev"]
        assert lines[0]["phone"] == "+91 98200"
        once_more = await desk.told("all", str(first), hospital="north")
        assert {(one["added"], one["there"] == one["lines"]) for one in once_more} == {(0, True)}


async def test_a_wrong_line_is_told_with_its_number_and_keeps_the_others_from_being_sent(tmp_path):
    file = tmp_path / "doctors.csv"
    file.write_text("name,specialization\nDr. A,Cardiology\n,Cardiology\nDr. B,\ndr.  a,cardiology\n")
    async with counter() as desk:
        for args in (["--dry-run"], []):
            done = await desk.told("doctors", str(file), *args, code=1)
            assert (done["added"], done["refused"]) == (1 if args else 0, 3)
            assert [(one["line"], one["field"]) for one in done["errors"]] == [
                (3, "name"),
                (4, "specialization"),
                (5, ""),
            ]
            assert "line 2" in done["errors"][2]["message"]
            assert len(await desk.lines("doctors")) == 1
        told = await desk.run("import", "doctors", str(file))
        assert f"{file}, line 3: name: required" in told.stderr
        assert "1 not sent" in told.stdout
        done = await desk.told("doctors", str(file), "--partial", code=1)
        assert done["added"] == 1
        assert len(await desk.lines("doctors")) == 2


async def test_what_the_hospital_itself_refuses_is_told_on_its_line(tmp_path):
    (tmp_path / "doctors.csv").write_text("name,specialization\nDr. A,Cardiology\n")
    slots = tmp_path / "slots.csv"
    times = "2030-01-07T04:30:00Z,2030-01-07T05:30:00Z"
    slots.write_text(
        f"doctor,start_time,end_time,max_capacity\nDr. A,{times},5\nDr. A,2030-01-07T05:00:00Z,2030-01-07T06:00:00Z,5\n"
    )
    async with counter() as desk:
        await desk.told("doctors", str(tmp_path / "doctors.csv"))
        done = await desk.told("slots", str(slots), code=1)
        assert (done["added"], done["refused"]) == (1, 1)
        assert done["errors"][0]["line"] == 3
        assert "overlap" in done["errors"][0]["message"]


async def test_a_name_that_two_have_is_not_guessed_and_an_id_of_elsewhere_leads_to_what_was_made_of_it(tmp_path):
    folder = tables(tmp_path / "one")
    (folder / "slots.csv").write_text("doctor,start_time,end_time,max_capacity\nDr. Bose,2030-01-07T04:30:00Z,,5\n")
    async with counter() as desk:
        done = await desk.told("all", str(folder), "--dry-run", code=1)
        (slots,) = (one for one in done if one["kind"] == "slots")
        assert "2 of the doctors are called so" in slots["errors"][0]["message"]
        two = tmp_path / "two"
        two.mkdir()
        was = "0193a1d2-7b34-7d18-9c02-1a2b3c4d5e6f"
        (two / "doctors.csv").write_text(f"id,name,specialization\n{was},Dr. Bose,Eyes\n,Dr. Bose,Ears\n")
        (two / "slot-templates.jsonl").write_text(
            json.dumps(
                {
                    "doctor": was,
                    "weekdays": ["MON"],
                    "start_time": "09:00",
                    "end_time": "10:00",
                    "max_capacity": 3,
                    "valid_from": "2030-01-01",
                }
            )
        )
        doctors, templates = await desk.told("all", str(two))
        (line,) = await desk.lines("slot-templates", "--format", "jsonl")
        assert json.loads(line)["doctor"] == doctors["ids"][was]
        assert templates["added"] == 1


async def test_nobody_is_the_same_by_name_alone_and_a_doubtful_one_is_left_to_a_person(tmp_path):
    file = tmp_path / "patients.csv"
    file.write_text("name,phone,dob\nAsha Rao,98200 1,1990-05-01\nAsha Rao,,\n")
    other = tmp_path / "other.csv"
    other.write_text("name,phone,dob\nasha rao,98-2001,1990-05-01\nAsha Rao,,\nASHA RAO,97000,1990-05-01\n")
    async with counter() as desk:
        await desk.told("patients", str(file))
        done = await desk.told("patients", str(other), "--partial", code=1)
        assert (done["added"], done["there"], done["refused"]) == (1, 1, 1)
        assert (done["errors"][0]["line"], done["errors"][0]["field"]) == (4, "name")
        assert "--similar" in done["errors"][0]["message"]
        done = await desk.told("patients", str(other), "--similar")
        assert (done["added"], done["there"]) == (1, 2) or (done["added"], done["there"]) == (2, 1)


async def test_an_answer_that_is_lost_on_the_way_doubles_nobody(tmp_path):
    """A line between that breaks once, after the gateway has answered and before the answer is read."""
    count = BATCH + 5
    file = tmp_path / "patients.csv"
    file.write_text("name,phone\n" + "".join(f"Patient {number},{number}\n" for number in range(count)))
    async with counter() as desk, trio.open_nursery() as nursery:
        broken = 0

        async def between(stream: trio.SocketStream) -> None:
            nonlocal broken
            to = await trio.open_tcp_stream("127.0.0.1", int(desk.url.rpartition(":")[2]))
            sent = b""
            async with trio.open_nursery() as both:

                @both.start_soon
                async def out() -> None:
                    nonlocal sent
                    async for piece in stream:
                        sent += piece
                        await to.send_all(piece)
                    both.cancel_scope.cancel()

                async for piece in to:
                    if b"/batch/" in sent and not broken:
                        broken += 1
                        break
                    await stream.send_all(piece)
                both.cancel_scope.cancel()
            await trio.aclose_forcefully(stream)
            await trio.aclose_forcefully(to)

        (listener,) = await nursery.start(partial(trio.serve_tcp, between, 0, host="127.0.0.1"))
        port = listener.socket.getsockname()[1]
        done = await Counter(f"http://127.0.0.1:{port}").told("patients", str(file))
        assert broken == 1
        assert (done["added"], done["refused"]) == (count, 0)
        assert len(await desk.lines("patients", "--format", "jsonl")) == count
        nursery.cancel_scope.cancel()


async def test_a_gateway_that_is_not_there_is_told_apart_from_lines_that_are_wrong(tmp_path):
    file = tmp_path / "doctors.csv"
    file.write_text("name,specialization\nDr. A,Cardiology\n")
    result = await Counter("http://127.0.0.1:9").run("import", "doctors", str(file), "--patience", "0")
    assert result.exit_code == 4
    assert "doubles nothing" in result.stderr


@pytest.mark.long
async def test_ten_thousand_patients_come_in_one_go(tmp_path):
    file = tmp_path / "patients.csv"
    lines = "".join(f"Patient {n},'+91 98{n:06},{1930 + n % 80}-05-01\n" for n in range(10_000))
    file.write_text("name,phone,dob\n" + lines)
    async with counter() as desk:
        done = await desk.told("patients", str(file))
        assert (done["added"], done["refused"]) == (10_000, 0)
        assert (await desk.told("patients", str(file)))["there"] == 10_000
