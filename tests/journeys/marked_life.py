"""The life of one patient in a hospital, over HTTP, with a marked text in every field in which people write about one.

``said`` maps each field that was accepted, as (command, field), to the text that was sent.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import httpx2

from engine import calendar
from engine.clock import SystemClock

BASE = "/api/v1"
DAY = "2031-03-03"
COUNTER = {"counters": [{"name": "1"}]}

MARK = "Quixmarked"
"""What every marked text begins with, and nothing else anywhere."""

BIRTHS = ("1893-07-19", "1894-08-20")

Said = dict[tuple[str, str], str]


class Life:
    """Somebody at a desk who marks what is written about one patient."""

    def __init__(self, url: str) -> None:
        self.said: Said = {}
        self.patient = ""
        self._client = httpx2.Client(base_url=f"{url}{BASE}", timeout=20)
        self._number = 0

    def close(self) -> None:
        """Let the connections go."""
        self._client.close()

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """An answer's body; any refusal is an error."""
        answer = self._client.request(method, path, json=body)
        assert answer.status_code < 300, f"{method} {path} {body}: {answer.text}"
        return answer.json() if answer.content else {}

    def tell(self, command: str, fields: str, method: str, path: str, body: Any = None) -> Any:
        """The same, with a text that nothing else says in each of these fields."""
        texts = {}
        for field in fields.split():
            self._number += 1
            texts[field] = f"{MARK}{self._number} ü {command} {field}"
        made = self.ask(method, path, {**(body or {}), **texts})
        self.said.update({(command, field): text for field, text in texts.items()})
        return made

    def new(self, path: str, **body: Any) -> str:
        """The id of something made."""
        return str(self.ask("POST", path, body)["id"])

    def live(self) -> str:
        """All of it; the patient's id. In the end the patient has left the house."""
        self.register()
        self.visits()
        self.queues()
        self.rooms()
        self.laboratory()
        self.stays()
        return self.patient

    def register(self) -> None:
        """The record, and every field of it changed once."""
        fields = "name phone email gender"
        self.patient = self.tell("RegisterPatient", fields, "POST", "/patients/", {"dob": BIRTHS[0]})["id"]
        self.tell("UpdatePatient", fields, "PUT", f"/patients/{self.patient}/", {"dob": BIRTHS[1]})
        self.said |= {("RegisterPatient", "dob"): BIRTHS[0], ("UpdatePatient", "dob"): BIRTHS[1]}

    def slot(self, hour: int, seats: int = 3) -> str:
        """A slot of a doctor of its own."""
        doctor = self.new("/doctors/", name="Dr. Rao", specialization="Cardiology")
        times = {"start_time": f"{DAY}T{hour:02}:00:00Z", "end_time": f"{DAY}T{hour:02}:50:00Z"}
        return self.new("/slots/", doctor=doctor, max_capacity=seats, **times)

    def book(self, slot: str, patient: str = "") -> str:
        """A token, or a place on the waiting list."""
        return self.new("/tokens/", slot_id=slot, patient_id=patient or self.patient, category="ONLINE")

    def other(self) -> str:
        """Somebody else."""
        return self.new("/patients/", name="Somebody Else")

    def visits(self) -> None:
        """Tokens, and a waiting list."""
        token = self.book(self.slot(8))
        self.tell("ChangeCategory", "reason", "POST", f"/tokens/{token}/category/", {"category": "FOLLOWUP"})
        moved = self.tell(
            "RescheduleToken", "reason", "POST", f"/tokens/{token}/reschedule/", {"slot_id": self.slot(9)}
        )
        self.tell("CancelToken", "reason", "DELETE", f"/tokens/{moved['id']}/")
        token = self.book(self.slot(10))
        self.tell("MarkNoShow", "reason", "POST", f"/tokens/{token}/no_show/", {"force": True})
        token = self.book(self.slot(11))
        self.tell("CompleteConsult", "reason", "POST", f"/tokens/{token}/complete/", {"force": True})
        full = self.slot(12, 1)
        keeper = self.book(full, self.other())
        self.tell("LeaveWaitingList", "reason", "DELETE", f"/waiting-list/{self.book(full)}/")
        self.ask("PUT", "/policy/", {"promotion": "offer"})
        entry = self.book(full)
        self.ask("DELETE", f"/tokens/{keeper}/")
        self.tell("DeclineOffer", "reason", "POST", f"/waiting-list/{entry}/decline/")
        self.ask("PUT", "/policy/", {"promotion": "auto"})

    def queues(self) -> None:
        """Tickets: everything that may become of one."""
        first, second = (self.new("/services/", name=name, prefix=name[:3].upper(), settings=COUNTER)
                         for name in ("Blood", "Scans"))  # fmt: skip

        def ticket(service: str = first) -> str:
            return self.new(f"/services/{service}/tickets/", patient_id=self.patient)

        one = ticket()
        self.tell("PrioritizeTicket", "reason", "POST", f"/tickets/{one}/priority/", {"priority": "high"})
        self.tell("ParkTicket", "reason", "POST", f"/tickets/{one}/park/")
        self.ask("POST", f"/tickets/{one}/resume/", {})
        self.new(f"/services/{first}/tickets/", patient_id=self.other())
        self.tell("CallTicket", "reason", "POST", f"/tickets/{one}/call/", {"counter": "1"})
        self.tell("CompleteTicket", "reason", "POST", f"/tickets/{one}/complete/", {"force": True})
        self.tell("TransferTicket", "reason", "POST", f"/tickets/{(one := ticket())}/transfer/", {"to_service": second})
        [waits] = self.ask("GET", f"/services/{second}/queue/")["items"]
        self.tell("CancelTicket", "reason", "POST", f"/tickets/{waits['id']}/cancel/")
        self.tell("TicketNoShow", "reason", "POST", f"/tickets/{ticket(second)}/no-show/", {"force": True})

    def rooms(self) -> None:
        """Appointments in a clinic."""
        clinic = self.new("/clinics/", name="Orthopaedics")
        rooms = [self.new("/rooms/", clinic_id=clinic, name=f"R{n}", type="examination", cleaning_minutes=9)
                 for n in range(2)]  # fmt: skip

        def wanted(hour: int, **more: Any) -> dict[str, Any]:
            doctor = self.new("/doctors/", name="Dr. Rao", specialization="Orthopaedics")
            times = {"start_time": f"2100-02-03T{hour:02}:00:00Z", "end_time": f"2100-02-03T{hour:02}:30:00Z"}
            return {"clinic_id": clinic, "doctor_id": doctor, "patient_id": self.patient, **times, **more}

        first = self.tell("BookAppointment", "note", "POST", "/appointments/", wanted(9, room_id=rooms[0]))["id"]
        overlapping = wanted(9)
        over = self.tell("BookAppointment", "overlap_reason", "POST", "/appointments/", overlapping)["id"]
        self.tell("HoldRoom", "note overlap_reason", "POST", "/appointments/holds/", wanted(14))
        at = f"/appointments/{first}"
        self.tell("CancelAppointment", "reason", "POST", f"/appointments/{over}/cancel/")
        self.tell("ChangeAppointmentRoom", "reason", "PUT", f"{at}/room/", {"room_id": rooms[1]})
        later = {"start_time": "2100-02-03T10:00:00Z", "end_time": "2100-02-03T10:30:00Z"}
        self.tell("RescheduleAppointment", "reason", "POST", f"{at}/reschedule/", later)
        self.tell("MarkAppointmentMissed", "reason", "POST", f"{at}/no-show/", {"force": True})
        for one in self.ask("GET", f"/appointments/?clinic_id={clinic}&date=2100-02-03")["items"]:
            if one["status"] == "held":
                self.tell("ConfirmAppointment", "note", "POST", f"/appointments/{one['id']}/confirm/")
                self.ask("POST", f"/appointments/{one['id']}/cancel/", {"reason": "no more"})
        weekly = wanted(16, rrule="FREQ=WEEKLY;COUNT=3")
        series = self.tell("BookSeries", "note overlap_reason", "POST", "/appointments/series/", weekly)
        self.tell("CancelSeries", "reason", "DELETE", f"/series/{series['series_id']}/")
        soon = calendar.moment(SystemClock().wall()) + timedelta(minutes=1)
        today = {"start_time": soon.isoformat(), "end_time": (soon + timedelta(minutes=20)).isoformat()}
        done = f"/appointments/{self.ask('POST', '/appointments/', wanted(20) | today)['id']}"
        for step in ("check-in", "start", "complete"):
            self.ask("POST", f"{done}/{step}/", {})
        self.tell("ShortenTurnover", "reason", "POST", f"{done}/turnover/", {"minutes": 1})
        for _ in range(2):
            self.ask("POST", "/appointments/", {**wanted(18), "patient_id": self.other()})
        waits = self.ask("POST", "/appointments/", wanted(18, fallback="unassigned"))["id"]
        self.tell("DeclineEscalation", "reason", "POST", f"/appointments/{waits}/decline/")
        self.ask("POST", f"/appointments/{waits}/cancel/", {"reason": "no more"})

    def laboratory(self) -> None:
        """Referrals and their results, and an alert about one."""
        facility = self.new("/facilities/", name="City Laboratories")
        north, south = (self.new(f"/facilities/{facility}/branches/", name=name) for name in ("North", "South"))
        kind = self.new("/test-types/", name="Haematology")
        blood = self.new(f"/facilities/{facility}/tests/", name="Blood count", test_type_id=kind)
        ada = self.new("/practitioners/", name="Dr. Ada", principal="dev")
        self.new("/technicians/", name="Tom", principal="tom", branch_ids=[north, south])

        def refer() -> Any:
            body = {"patient_id": self.patient, "branch_id": north, "tests": [blood], "practitioner_id": ada}
            return self.tell("CreateReferral", "note clinical_information", "POST", "/referrals/", body)

        one = refer()
        at, test = f"/referrals/{one['id']}", f"/referrals/{one['id']}/tests/{one['tests'][0]['id']}/status/"
        self.tell("ChangeReferral", "note clinical_information", "PUT", f"{at}/")
        self.tell("RedirectReferral", "reason", "POST", f"{at}/redirect/", {"branch_id": south})
        test = f"{at}/tests/{self.ask('GET', f'{at}/')['tests'][0]['id']}/status/"
        self.ask("POST", test, {"status": "Received"})
        self.tell("UpdateTestStatus", "result", "POST", test, {"status": "Completed", "critical": True})
        [alert] = self.ask("GET", "/alerts/?kind=result_critical")["items"]
        self.tell("AcknowledgeAlert", "note", "POST", f"/alerts/{alert['id']}/acknowledge/")
        self.tell("CloseAlert", "note", "POST", f"/alerts/{alert['id']}/close/")
        self.tell("AcknowledgeResult", "note", "POST", f"{at}/acknowledge/")
        one = refer()
        test = f"/referrals/{one['id']}/tests/{one['tests'][0]['id']}/status/"
        self.ask("POST", test, {"status": "Received"})
        self.tell("UpdateTestStatus", "reason", "POST", test, {"status": "Rejected"})
        self.tell("CancelReferral", "reason", "POST", f"/referrals/{one['id']}/cancel/")
        self.tell("DeclineReferral", "reason", "POST", f"/referrals/{refer()['id']}/decline/")

    def stays(self) -> None:
        """Admissions."""
        ward = self.new("/wards/", name="East")
        beds = [self.new(f"/wards/{ward}/beds/", label=f"{n}") for n in range(4)]
        staff = [
            self.new("/staff/", name=f"{role} Who", role=role, max_load=9) for role in ("doctor", "nurse", "doctor")
        ]
        stay = self.tell(
            "AdmitPatient", "note", "POST", "/admissions/", {"patient_id": self.patient, "acuity": "medium"}
        )["id"]  # fmt: skip
        at = f"/admissions/{stay}"
        self.tell("ChangeAdmission", "reason", "PUT", f"{at}/", {"acuity": "high"})
        self.tell("ReassignCarer", "reason note", "POST", f"{at}/reassign/", {"role": "doctor"})
        free = next(bed for bed in beds if self.ask("GET", f"/beds/{bed}/")["state"] == "unoccupied")
        self.tell("TransferPatient", "reason", "POST", f"{at}/transfer/", {"bed_id": free})
        free = next(bed for bed in beds if self.ask("GET", f"/beds/{bed}/")["state"] == "unoccupied")
        self.tell("AssignManually", "reason", "POST", f"{at}/assign-manually/", {"doctor_id": staff[0], "force": True})
        self.tell("DischargePatient", "reason", "POST", f"{at}/discharge/")
        again = self.ask("POST", "/admissions/", {"patient_id": self.patient, "acuity": "low"})["id"]
        self.tell("CancelAdmission", "reason", "POST", f"/admissions/{again}/cancel/")
