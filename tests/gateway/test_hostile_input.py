"""Nothing that a client can send is answered with a 500: each fault has its status, its code and its field."""

from __future__ import annotations

import json

import pytest

from gateway.limits import Limits
from tests.gateway.surface import UNKNOWN, As, ScriptedEngine, Spoken, client_of, hospital

JSON = {"Content-Type": "application/json"}
PATIENTS = "/api/v1/patients/"
SLOTS = "/api/v1/slots/"
TOKENS = "/api/v1/tokens/"

OPEN = {"doctor": UNKNOWN, "start_time": "2026-12-01T09:00:00Z", "end_time": "2026-12-01T10:00:00Z", "max_capacity": 5}
BOOK = {"slot_id": UNKNOWN, "patient_id": UNKNOWN, "category": "ONLINE"}


INVALID = (422, "validation_failed")


def opening(**raw: str) -> bytes:
    """The body that opens a slot, with raw JSON in place of some values."""
    members = {**{name: json.dumps(value) for name, value in OPEN.items()}, **raw}
    return ("{" + ",".join(f'"{name}":{value}' for name, value in members.items()) + "}").encode()


# body, status, code, fields that are named
BODIES: list[tuple[str, bytes, int, str, list[str]]] = [
    (PATIENTS, b"{", 400, "malformed_json", []),
    (PATIENTS, b"nonsense", 400, "malformed_json", []),
    (PATIENTS, b'{"name": NaN}', 400, "malformed_json", []),
    (PATIENTS, b'{"name": Infinity}', 400, "malformed_json", []),
    (PATIENTS, b'{"name": "x"} {}', 400, "malformed_json", []),
    (PATIENTS, b"{'name': 'x'}", 400, "malformed_json", []),
    (PATIENTS, b'{"name": "x\n"}', 400, "malformed_json", []),
    (PATIENTS, b'{"name": "\xff"}', 400, "malformed_json", []),
    (PATIENTS, b'\xef\xbb\xbf{"name": "x"}', 400, "malformed_json", []),
    (PATIENTS, b"\x00", 400, "malformed_json", []),
    (PATIENTS, b" ", 400, "malformed_json", []),
    (PATIENTS, b"[]", *INVALID, [""]),
    (PATIENTS, b"null", *INVALID, [""]),
    (PATIENTS, b'"name"', *INVALID, [""]),
    (PATIENTS, b"1" * 5000, *INVALID, [""]),
    (PATIENTS, b"{}", *INVALID, ["name"]),
    (PATIENTS, b"", *INVALID, ["name"]),
    (PATIENTS, b'{"name": null}', *INVALID, ["name"]),
    (PATIENTS, b'{"name": ""}', *INVALID, ["name"]),
    (PATIENTS, b'{"name": "   "}', *INVALID, ["name"]),
    (PATIENTS, b'{"name": 5}', *INVALID, ["name"]),
    (PATIENTS, b'{"name": ["x"]}', *INVALID, ["name"]),
    (PATIENTS, b'{"name": "x", "name": "y"}', *INVALID, ["name"]),
    (PATIENTS, b'{"name": "x", "phone": 5, "shoe": 1}', *INVALID, ["shoe", "phone"]),
    (PATIENTS, b'{"name": "\\ud800"}', *INVALID, ["name"]),
    (PATIENTS, b'{"name": "x", "phone": "\\udfff1"}', *INVALID, ["phone"]),
    (PATIENTS, b'{"\\ud800": "x"}', *INVALID, [""]),
    (PATIENTS, b'{"name": "a\\rb"}', *INVALID, ["name"]),
    (PATIENTS, b'{"name": "a\\u0000b"}', *INVALID, ["name"]),
    (PATIENTS, b'{"name": "a\\nb"}', *INVALID, ["name"]),
    (PATIENTS, b'{"name": "a\\u009fb"}', *INVALID, ["name"]),
    (PATIENTS, json.dumps({"name": "x" * 201}).encode(), *INVALID, ["name"]),
    (PATIENTS, json.dumps({"name": "x", "dob": "2026-02-30"}).encode(), 422, "invalid", ["dob"]),
    (PATIENTS, b'{"name":' + b"[" * 33 + b"]" * 33 + b"}", 422, "too_deep", []),
    (PATIENTS, b"[" * 200_000 + b"]" * 200_000, 422, "too_deep", []),
    (PATIENTS, b'{"name":' * 40 + b"1" + b"}" * 40, 422, "too_deep", []),
    (SLOTS, opening(start_time='"2026-12-01T09:00:00"'), *INVALID, ["start_time"]),
    (SLOTS, opening(start_time='"0000-12-01T09:00:00Z"'), *INVALID, ["start_time"]),
    (SLOTS, opening(start_time='"0001-01-01T00:00:00+23:59"'), *INVALID, ["start_time"]),
    (SLOTS, opening(end_time='"9999-12-31T23:59:59-23:59"'), *INVALID, ["end_time"]),
    (SLOTS, opening(start_time="1000000000.0"), *INVALID, ["start_time"]),
    (SLOTS, opening(max_capacity='"5"'), *INVALID, ["max_capacity"]),
    (SLOTS, opening(max_capacity="0"), *INVALID, ["max_capacity"]),
    (SLOTS, json.dumps({**OPEN, "max_capacity": -(10**40)}).encode(), *INVALID, ["max_capacity"]),
    (SLOTS, opening(max_capacity="9" * 5000), *INVALID, ["max_capacity"]),
    (SLOTS, opening(max_capacity="1e999"), *INVALID, ["max_capacity"]),
    (SLOTS, opening(max_capacity="true"), *INVALID, ["max_capacity"]),
    (SLOTS, opening(doctor='"x"'), *INVALID, ["doctor"]),
    (SLOTS, opening(quotas='{"NOBODY": {"max": 1}}'), *INVALID, ["quotas"]),
    (SLOTS, opening(quotas='{"WALKIN": {"max": -1}}'), *INVALID, ["quotas[...].max"]),
    (SLOTS, opening(if_version="1"), *INVALID, ["if_version"]),
    (SLOTS, json.dumps(OPEN).encode(), 404, "not_found", []),
    (TOKENS, json.dumps({**BOOK, "category": "VIP"}).encode(), *INVALID, ["category"]),
    (TOKENS, json.dumps({**BOOK, "slot_id": UNKNOWN.upper()}).encode(), 404, "not_found", []),
    (TOKENS, json.dumps(BOOK).encode(), 404, "not_found", []),
]  # fmt: skip


@pytest.mark.parametrize(("path", "body", "status", "code", "fields"), BODIES, ids=lambda value: repr(value)[:40])
async def test_a_faulty_body_is_refused_with_its_code_and_its_fields(path, body, status, code, fields):
    async with hospital() as client:
        response = await client.post(path, content=body, headers=JSON)
        assert (response.status_code, response.json()["code"]) == (status, code), response.text
        assert response.headers["content-type"] == "application/problem+json"
        assert [error["field"] for error in response.json().get("errors", [])] == fields
        assert response.json()["request_id"] == response.headers["x-request-id"]
        assert response.json()["title"]
        assert (await client.post(PATIENTS, json={"name": "Next"})).status_code == 201


async def test_a_wrong_category_is_answered_with_the_five_there_are():
    async with hospital() as client:
        response = await client.post(TOKENS, json={**BOOK, "category": "VIP"})
        (error,) = response.json()["errors"]
        assert error["message"] == "must be one of EMERGENCY, PRIORITY_PAID, FOLLOWUP, ONLINE, WALKIN"


@pytest.mark.parametrize(
    "name",
    ["Ægir Þórsson", "प्रिया शर्मा", "محمد الأحمد", "林 美玲", "O'Brien-Núñez, Jr.", "👩‍⚕️ Ada", "x" * 200, "=cmd()"],
)
async def test_names_of_all_languages_come_back_as_they_were_given(name):
    async with hospital() as client:
        made = await client.post(PATIENTS, json={"name": name})
        assert made.status_code == 201
        assert (await client.get(made.headers["location"])).json()["name"] == name


async def test_what_the_path_says_is_not_said_again_in_the_body():
    async with hospital() as client:
        made = await client.post(PATIENTS, json={"name": "x"})
        response = await client.put(made.headers["location"], json={"patient_id": made.json()["id"], "name": "y"})
        assert response.status_code == 422
        assert response.json()["errors"] == [{"field": "patient_id", "message": "unknown field"}]


@pytest.mark.parametrize(
    "kind", ["text/plain", "", "application/xml", "application/json; charset=latin-1", "application/jsonp"]
)
async def test_a_body_that_does_not_say_it_is_json_is_refused(kind):
    async with hospital() as client:
        response = await client.post(PATIENTS, content=b'{"name": "x"}', headers={"Content-Type": kind})
        assert (response.status_code, response.json()["code"]) == (415, "unsupported_media_type")


@pytest.mark.parametrize(
    "kind", ["application/json", "application/json; charset=UTF-8", "application/merge-patch+json"]
)
async def test_kinds_of_json_are_read(kind):
    async with hospital() as client:
        response = await client.post(PATIENTS, content=b'{"name": "x"}', headers={"Content-Type": kind})
        assert response.status_code == 201


async def test_a_compressed_body_is_refused():
    async with hospital() as client:
        response = await client.post(PATIENTS, content=b"\x1f\x8b", headers={**JSON, "Content-Encoding": "gzip"})
        assert response.status_code == 415


async def test_a_body_that_says_it_is_too_large_is_refused_before_it_is_read():
    spoken = Spoken("POST", PATIENTS, {**JSON, "Content-Length": "101"}, limits=Limits(body_bytes=100))
    await spoken.run()
    assert (spoken.status, spoken.problem["code"], spoken.received) == (413, "body_too_large", 0)


async def test_a_body_that_hides_its_size_is_counted_while_it_is_read():
    spoken = Spoken("POST", PATIENTS, JSON, [b" " * 10] * 50, limits=Limits(body_bytes=100))
    await spoken.run()
    assert (spoken.status, spoken.problem["code"], spoken.received) == (413, "body_too_large", 11)


async def test_a_body_of_just_the_limit_is_read():
    exact = b'{"name": "x"}'.ljust(100)
    async with client_of(ScriptedEngine(), limits=Limits(body_bytes=100)) as client:
        assert (await client.post(PATIENTS, content=exact, headers=JSON)).status_code == 200


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("zebra=1", "zebra"),
        ("limit=0", "limit"),
        ("limit=-1", "limit"),
        ("limit=ten", "limit"),
        ("limit=5&limit=5", "limit"),
        ("cursor=nonsense", "cursor"),
        ("cursor=%00", "cursor"),
        ("name=%ff", ""),
        ("name", ""),
        ("&".join(f"a{n}=1" for n in range(60)), ""),
    ],
)
async def test_a_faulty_query_string_is_refused_under_its_field(query, field):
    async with hospital() as client:
        response = await client.get(f"/api/v1/doctors/?{query}")
        assert response.status_code == 422, response.text
        assert response.json()["errors"][0]["field"] == field


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/api/v1/slots/?date=2026-02-30", "date"),
        ("/api/v1/slots/?date=0000-01-01", "date"),
        ("/api/v1/slots/?date=9999-12-31", "date"),
        ("/api/v1/slots/?status=OPENED", "status"),
        ("/api/v1/slots/?from_time=2026-01-01T00:00:00", "from_time"),
        ("/api/v1/reports/daily/?date=yesterday", "date"),
        ("/api/v1/reports/daily/?format=pdf", "format"),
        ("/api/v1/reports/daily/?doctor_id=1", "doctor_id"),
        ("/api/v1/waiting-list/by_slot/", "slot_id"),
        ("/api/v1/tokens/?category=VIP", "category"),
    ],
)
async def test_a_filter_that_means_nothing_is_refused_under_its_field(path, field):
    async with hospital() as client:
        response = await client.get(path)
        assert (response.status_code, response.json()["errors"][0]["field"]) == (422, field)


async def test_a_limit_above_the_largest_page_is_clamped():
    engine = ScriptedEngine()
    async with client_of(engine) as client:
        await client.get("/api/v1/doctors/?limit=99999999999999999999")
        assert engine.asked[0][1].limit == 1000


@pytest.mark.parametrize(
    "id", ["x", "1", UNKNOWN, UNKNOWN[:-1], "..", "%00", "%2e%2e", "%ff", "'%20OR%201=1", "a" * 5000]
)
@pytest.mark.parametrize("path", ["doctors", "patients", "slots", "tokens", "waiting-list", "slot-templates"])
async def test_an_unknown_id_in_a_path_is_not_found_whatever_it_looks_like(path, id):
    async with hospital() as client:
        response = await client.get(f"/api/v1/{path}/{id}")
        assert (response.status_code, response.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    ("header", "value", "status", "code"),
    [
        ("Idempotency-Key", "", 422, "validation_failed"),
        ("Idempotency-Key", "k" * 256, 422, "validation_failed"),
        ("Idempotency-Key", "two words", 422, "validation_failed"),
        ("Idempotency-Key", "k" * 255, 200, None),
        ("If-Match", "3", 422, "validation_failed"),
        ("If-Match", '"3", "4"', 422, "validation_failed"),
        ("If-Match", 'W/"3"', 412, "stale_version"),
        ("If-Match", '"abc"', 412, "stale_version"),
        ("If-Match", '"99999999999999999999"', 412, "stale_version"),
        ("If-Match", "*", 200, None),
        ("If-Match", '"1"', 200, None),
        ("Hospital-Id", "elsewhere", 404, "not_found"),
        ("Hospital-Id", "../main", 404, "not_found"),
        ("Prefer", "wait=soon", 200, None),
        ("X-Request-Id", "a b\x7f", 200, None),
    ],
)
async def test_a_header_that_means_nothing_has_its_answer(header, value, status, code):
    async with hospital(As("admin")) as client:
        made = (await client.post("/api/v1/doctors/", json={"name": "A", "specialization": "B"})).headers["location"]
        response = await client.put(made, json={"specialization": "C"}, headers={header: value})
        assert response.status_code == status, response.text
        assert response.json().get("code") == code


async def test_if_match_on_what_has_no_version_is_refused():
    async with hospital() as client:
        response = await client.post(PATIENTS, json={"name": "x"}, headers={"If-Match": '"1"'})
        assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "If-Match")


async def test_a_request_id_of_the_client_comes_back():
    async with client_of(ScriptedEngine()) as client:
        response = await client.get("/api/v1/doctors/x", headers={"X-Request-Id": "front-desk:17"})
        assert response.headers["x-request-id"] == response.json()["request_id"] == "front-desk:17"


async def test_a_bug_costs_one_request_and_names_it(caplog):
    def broken(command):
        raise ZeroDivisionError

    async with client_of(ScriptedEngine(broken)) as client:
        response = await client.post(PATIENTS, json={"name": "Jane Secret"})
        assert (response.status_code, response.json()["code"]) == (500, "internal_error")
        assert response.json()["request_id"] in caplog.text
        assert "Jane Secret" not in caplog.text
        assert (await client.get("/health/live")).status_code == 200
