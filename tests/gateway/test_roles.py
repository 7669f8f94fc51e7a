"""Who may do what: every row of the table with every role, and nobody without a key."""

from __future__ import annotations

import pytest

from gateway.auth import ApiKeys, add_key
from gateway.routes import BASE, ROLES, TABLE
from tests.gateway.surface import As, ScriptedEngine, client_of
from tests.gateway.test_paths import filled

# One letter a role: k clerk, c clinician, a admin, u auditor, b board, i integration; a network's may do everything.
LETTERS = {"clerk": "k", "clinician": "c", "admin": "a", "auditor": "u", "board": "b", "integration": "i"}
PUBLIC = {
    "/services/{service_id}/board",
    "/tickets/link/{link}",
    "/clinics/{clinic_id}/day",
    "/wards/{ward_id}/board",
}
SIGNING_IN = {"GET /session": 401, "POST /session": 422, "GET /session/ways": 200}
"""Open to anybody too: nobody is signed in yet, and an empty form signs nobody in."""
ALLOWED = {
    "POST /hospitals": "",
    "GET /hospital": "kcaui",
    "GET /policy": "kcaui",
    "PUT /policy": "a",
    "GET /reports/daily": "kcaui",
    "GET /doctors": "kcaubi",
    "POST /doctors": "ai",
    "GET /doctors/{doctor_id}": "kcaubi",
    "PUT /doctors/{doctor_id}": "ai",
    "DELETE /doctors/{doctor_id}": "ai",
    "POST /doctors/{doctor_id}/unavailable": "ca",
    "GET /patients": "kcaui",
    "POST /patients": "kai",
    "GET /patients/{patient_id}": "kcaui",
    "PUT /patients/{patient_id}": "kai",
    "DELETE /patients/{patient_id}": "kai",
    "POST /patients/{patient_id}/merge": "kai",
    "POST /patients/{patient_id}/erase": "a",
    "GET /slots": "kcaubi",
    "POST /slots": "ai",
    "GET /slots/{slot_id}": "kcaubi",
    "PUT /slots/{slot_id}": "cai",
    "PUT /slots/{slot_id}/delay": "cai",
    "GET /slots/{slot_id}/tokens": "kcaui",
    "POST /slots/{slot_id}/cancel": "cai",
    "GET /slot-templates": "kcaui",
    "POST /slot-templates": "ai",
    "GET /slot-templates/{template_id}": "kcaui",
    "PUT /slot-templates/{template_id}": "ai",
    "DELETE /slot-templates/{template_id}": "ai",
    "POST /slot-templates/{template_id}/generate": "ai",
    "GET /tokens": "kcaui",
    "POST /tokens": "kcai",
    "POST /tokens/emergency": "kcai",
    "GET /tokens/{token_id}": "kcaui",
    "DELETE /tokens/{token_id}": "kcai",
    "POST /tokens/{token_id}/check-in": "kcai",
    "POST /tokens/{token_id}/call": "kcai",
    "POST /tokens/{token_id}/start": "ca",
    "POST /tokens/{token_id}/complete": "ca",
    "POST /tokens/{token_id}/no_show": "kcai",
    "POST /tokens/{token_id}/reschedule": "kcai",
    "POST /tokens/{token_id}/category": "kcai",
    "POST /tokens/{token_id}/undo": "kcai",
    "POST /holds": "kai",
    "DELETE /holds/{hold_id}": "kai",
    "POST /holds/{hold_id}/confirm": "kai",
    "GET /waiting-list": "kcaui",
    "GET /waiting-list/by_slot": "kcaui",
    "GET /waiting-list/{entry_id}": "kcaui",
    "DELETE /waiting-list/{entry_id}": "kai",
    "POST /waiting-list/{entry_id}/accept": "kai",
    "POST /waiting-list/{entry_id}/decline": "kai",
    "GET /services": "kcaui",
    "POST /services": "a",
    "GET /services/{service_id}": "kcaui",
    "PUT /services/{service_id}": "a",
    "POST /services/{service_id}/status": "kcai",
    "POST /services/{service_id}/end-day": "a",
    "POST /services/{service_id}/tickets": "kcai",
    "GET /services/{service_id}/queue": "kcaui",
    "GET /services/{service_id}/board": "kcaubi",
    "GET /services/{service_id}/integrity": "kcaui",
    "GET /services/{service_id}/statistics": "kcaui",
    "POST /services/{service_id}/call-next": "kcai",
    "GET /tickets/{ticket_id}": "kcaui",
    "GET /tickets/link/{link}": "kcaubi",
    "POST /tickets/{ticket_id}/call": "kcai",
    "POST /tickets/{ticket_id}/recall": "kcai",
    "POST /tickets/{ticket_id}/no-answer": "kcai",
    "POST /tickets/{ticket_id}/start": "kcai",
    "POST /tickets/{ticket_id}/complete": "kcai",
    "POST /tickets/{ticket_id}/no-show": "kcai",
    "POST /tickets/{ticket_id}/cancel": "kcai",
    "POST /tickets/{ticket_id}/park": "kcai",
    "POST /tickets/{ticket_id}/resume": "kcai",
    "POST /tickets/{ticket_id}/transfer": "kcai",
    "POST /tickets/{ticket_id}/priority": "kcai",
    "POST /tickets/{ticket_id}/undo": "kcai",
    "GET /clinics": "kcaui",
    "POST /clinics": "a",
    "GET /clinics/{clinic_id}": "kcaui",
    "PUT /clinics/{clinic_id}": "a",
    "DELETE /clinics/{clinic_id}": "a",
    "GET /clinics/{clinic_id}/day": "kcaubi",
    "GET /clinics/{clinic_id}/rules/versions": "kcaui",
    "POST /clinics/{clinic_id}/rules/activate": "a",
    "POST /clinics/{clinic_id}/rules/discard": "a",
    "POST /clinics/{clinic_id}/rules/dry-run": "kcaui",
    "GET /rules": "kcaui",
    "POST /rules": "a",
    "POST /rules/evaluate": "kcaui",
    "GET /rules/{rule_id}": "kcaui",
    "PUT /rules/{rule_id}": "a",
    "DELETE /rules/{rule_id}": "a",
    "GET /rooms": "kcaui",
    "POST /rooms": "a",
    "GET /rooms/available": "kcaui",
    "POST /rooms/conflicts": "kcaui",
    "GET /rooms/{room_id}": "kcaui",
    "PUT /rooms/{room_id}": "a",
    "DELETE /rooms/{room_id}": "a",
    "PUT /rooms/{room_id}/display": "a",
    "GET /rooms/{room_id}/schedule": "kcaui",
    "GET /rooms/{room_id}/calendar.ics": "kcaui",
    "GET /doctors/{doctor_id}/calendar.ics": "kcaui",
    "GET /doctors/{doctor_id}/calendar-link": "kcaui",
    "GET /closures": "kcaui",
    "POST /closures": "a",
    "GET /closures/{closure_id}": "kcaui",
    "PUT /closures/{closure_id}": "a",
    "DELETE /closures/{closure_id}": "a",
    "GET /appointments": "kcaui",
    "POST /appointments": "kcai",
    "POST /appointments/holds": "kcai",
    "POST /appointments/series": "kcai",
    "GET /appointments/{appointment_id}": "kcaui",
    "POST /appointments/{appointment_id}/confirm": "kcai",
    "POST /appointments/{appointment_id}/release": "kcai",
    "POST /appointments/{appointment_id}/check-in": "kcai",
    "POST /appointments/{appointment_id}/start": "kcai",
    "POST /appointments/{appointment_id}/complete": "kcai",
    "POST /appointments/{appointment_id}/no-show": "kcai",
    "POST /appointments/{appointment_id}/cancel": "kcai",
    "POST /appointments/{appointment_id}/reschedule": "kcai",
    "PUT /appointments/{appointment_id}/room": "kcai",
    "POST /appointments/{appointment_id}/turnover": "ca",
    "POST /appointments/{appointment_id}/decline": "kcai",
    "GET /series/{series_id}": "kcaui",
    "DELETE /series/{series_id}": "kcai",
    "GET /escalations": "kcaui",
    "GET /destinations": "aui",
    "POST /destinations": "a",
    "GET /destinations/{destination_id}": "aui",
    "PUT /destinations/{destination_id}": "a",
    "DELETE /destinations/{destination_id}": "a",
    "POST /destinations/{destination_id}/secret": "a",
    "GET /destinations/{destination_id}/dead-letters": "aui",
    "POST /destinations/{destination_id}/dead-letters/retry": "a",
    "POST /destinations/{destination_id}/dead-letters/{letter_id}/retry": "a",
    "GET /facilities": "kcaui",
    "POST /facilities": "a",
    "GET /facilities/{facility_id}": "kcaui",
    "PUT /facilities/{facility_id}": "a",
    "POST /facilities/{facility_id}/branches": "a",
    "GET /branches": "kcaui",
    "GET /branches/{branch_id}": "kcaui",
    "PUT /branches/{branch_id}": "a",
    "GET /branches/{branch_id}/turnaround": "kcaui",
    "GET /test-types": "kcaui",
    "POST /test-types": "a",
    "GET /test-types/{test_type_id}": "kcaui",
    "PUT /test-types/{test_type_id}": "a",
    "GET /tests": "kcaubi",
    "POST /facilities/{facility_id}/tests": "a",
    "GET /tests/{test_id}": "kcaubi",
    "PUT /tests/{test_id}": "a",
    "GET /practitioners": "kcaui",
    "POST /practitioners": "a",
    "GET /practitioners/{practitioner_id}": "kcaui",
    "PUT /practitioners/{practitioner_id}": "a",
    "DELETE /practitioners/{practitioner_id}": "a",
    "GET /technicians": "kcaui",
    "POST /technicians": "a",
    "GET /technicians/{technician_id}": "kcaui",
    "PUT /technicians/{technician_id}": "a",
    "DELETE /technicians/{technician_id}": "a",
    "GET /referrals": "kcaui",
    "POST /referrals": "kcai",
    "GET /referrals/practitioner": "kcaui",
    "GET /referrals/technician": "kcaui",
    "GET /referrals/{referral_id}": "kcaui",
    "PUT /referrals/{referral_id}": "kcai",
    "POST /referrals/{referral_id}/decline": "kcai",
    "POST /referrals/{referral_id}/redirect": "kcai",
    "POST /referrals/{referral_id}/cancel": "kcai",
    "POST /referrals/{referral_id}/acknowledge": "kcai",
    "POST /referrals/{referral_id}/tests/{referral_test_id}/status": "kcai",
    "POST /referrals/{referral_id}/tests/{referral_test_id}/join": "kcai",
    "GET /staff": "kcaui",
    "POST /staff": "a",
    "PUT /staff/{staff_id}": "a",
    "DELETE /staff/{staff_id}": "a",
    "GET /staff/{staff_id}": "kcaui",
    "POST /staff/{staff_id}/approval": "a",
    "POST /staff/{staff_id}/activity": "a",
    "POST /staff/{staff_id}/shifts": "a",
    "POST /staff/{staff_id}/leaves": "a",
    "POST /staff/{staff_id}/handover": "kcai",
    "GET /shifts": "kcaui",
    "PUT /shifts/{shift_id}": "a",
    "DELETE /shifts/{shift_id}": "a",
    "DELETE /leaves/{leave_id}": "a",
    "GET /roster": "kcaui",
    "GET /wards": "kcaui",
    "POST /wards": "a",
    "GET /wards/{ward_id}": "kcaui",
    "PUT /wards/{ward_id}": "a",
    "DELETE /wards/{ward_id}": "a",
    "GET /wards/{ward_id}/board": "kcaubi",
    "GET /wards/{ward_id}/beds": "kcaui",
    "POST /wards/{ward_id}/beds": "a",
    "GET /beds": "kcaui",
    "GET /beds/{bed_id}": "kcaui",
    "PUT /beds/{bed_id}": "a",
    "DELETE /beds/{bed_id}": "a",
    "POST /beds/{bed_id}/reserve": "kcai",
    "POST /beds/{bed_id}/release": "kcai",
    "POST /beds/{bed_id}/clean": "kcai",
    "POST /beds/{bed_id}/contaminate": "kcai",
    "POST /beds/{bed_id}/decontaminate": "kcai",
    "POST /beds/{bed_id}/isolate": "kcai",
    "POST /beds/{bed_id}/close": "a",
    "POST /beds/{bed_id}/reopen": "a",
    "GET /admissions": "kcaui",
    "POST /admissions": "kcai",
    "POST /admissions/swap-beds": "kcai",
    "GET /admissions/{admission_id}": "kcaui",
    "PUT /admissions/{admission_id}": "kcai",
    "POST /admissions/{admission_id}/assign": "kcai",
    "POST /admissions/{admission_id}/reassign": "kcai",
    "POST /admissions/{admission_id}/acknowledge": "kcai",
    "POST /admissions/{admission_id}/transfer": "kcai",
    "POST /admissions/{admission_id}/discharge": "kcai",
    "POST /admissions/{admission_id}/cancel": "kcai",
    "POST /admissions/{admission_id}/assign-manually": "a",
    "GET /backlog": "kcaui",
    "GET /assignments/figures": "kcaui",
    "GET /alerts": "kcaui",
    "GET /alerts/{alert_id}": "kcaui",
    "POST /alerts/{alert_id}/acknowledge": "kcai",
    "POST /alerts/{alert_id}/close": "a",
    "GET /audit/days": "u",
    "GET /audit/day": "u",
    "GET /audit/state": "u",
    "GET /audit/entries": "u",
    "GET /audit/entries/{position}": "u",
    "GET /audit/patients/{patient_id}/history": "u",
    "GET /patients/{patient_id}/accesses": "u",
    "GET /session": "kcaubi",
    "POST /session": "kcaubi",
    "PUT /session": "kcaubi",
    "DELETE /session": "kcaubi",
    "POST /session/password": "kcaubi",
    "GET /session/ways": "kcaubi",
    "GET /users": "a",
    "POST /users": "a",
    "GET /users/{user_name}": "a",
    "PUT /users/{user_name}": "a",
    "DELETE /users/{user_name}": "a",
    "POST /users/{user_name}/password": "a",
    "POST /users/{user_name}/unlock": "a",
    "GET /keys": "a",
    "POST /keys": "a",
    "DELETE /keys/{key_name}": "a",
    "POST /keys/{key_name}/rotate": "a",
}


def test_the_table_of_roles_is_this_one():
    assert {
        f"{row.method} {row.path}": "".join(sorted(LETTERS[role] for role in row.roles if role != "network"))
        for row in TABLE
    } == {name: "".join(sorted(letters)) for name, letters in ALLOWED.items()}
    assert all("network" in row.roles for row in TABLE)


@pytest.mark.parametrize("role", ROLES)
async def test_a_role_may_do_what_its_rows_say_and_nothing_else(role):
    engine = ScriptedEngine()
    async with client_of(engine, As(role)) as client:
        for row in TABLE:
            response = await client.request(row.method, filled(row.path))
            allowed = role == "network" or LETTERS[role] in ALLOWED[f"{row.method} {row.path}"]
            assert (response.status_code != 403) == allowed, f"{role}: {row.method} {row.path}"
            if not allowed:
                assert response.json()["code"] == "forbidden"


async def test_two_roles_may_do_what_either_may():
    async with client_of(ScriptedEngine(), As("auditor", "clinician")) as client:
        assert (await client.get(f"{BASE}/policy")).status_code == 200
        assert (await client.post(filled("/tokens/{token_id}/start"))).status_code == 200
        assert (await client.put(f"{BASE}/policy")).status_code == 403


async def test_without_a_key_only_signs_of_life_and_documentation_are_there(tmp_path):
    add_key(tmp_path / "keys.toml", "desk", ["clerk"], "main")
    async with client_of(ScriptedEngine(), ApiKeys(tmp_path / "keys.toml")) as client:
        for row in TABLE:
            response = await client.request(row.method, filled(row.path))
            if f"{row.method} {row.path}" in SIGNING_IN:
                assert response.status_code == SIGNING_IN[f"{row.method} {row.path}"]
                continue
            if row.public:  # codes, counters and places, which hang on the wall; a ticket only by its link
                assert row.path in PUBLIC
                assert response.status_code == 200
                continue
            assert (response.status_code, response.json()["code"]) == (401, "unauthenticated")
            assert response.headers["www-authenticate"].startswith("Bearer")
        assert (await client.post(f"{BASE}/batch")).status_code == 401
        for path in ("/health/live", "/health/ready", "/api/openapi.json", "/api/docs"):
            assert (await client.get(path)).status_code == 200
