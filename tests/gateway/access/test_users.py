"""People as administrators see and change them over HTTP; U1 to U5 are the rules of gateway/access/users.py."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from tests.gateway.access.people import ANA, BOSS, BOTH, EVERYBODY, NORTH, OTHER, ROOT, SECRET, door

SECOND_BOSS = msgspec.structs.replace(BOSS, name="second.boss")
ELSEWHERE = msgspec.structs.replace(ANA, name="eva", issuer="https://id.example", subject="7")


def names(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [each["name"] for each in answer.json()["items"]]


async def test_somebody_added_signs_in_with_what_was_given(tmp_path, mock_clock):
    async with door(tmp_path, mock_clock) as there:
        boss = await there.signed_in("boss")
        body = {"name": "rui", "shown": "Rui Melo", "roles": ["clerk"], "password": OTHER}
        added = await boss.ask("POST", "/users/", body)
        assert (added.status_code, added.headers["location"]) == (201, "/api/v1/users/rui/")
        assert (added.json()["roles"], added.json()["signs_in_by"]) == (["clerk"], "password")
        assert added.json()["password"] is None
        assert OTHER not in added.text
        assert (await there.browser().sign_in("rui", OTHER)).json()["roles"] == ["clerk"]
        assert (await boss.ask("POST", "/users/", body)).json()["code"] == "name_taken"
        assert ("main", "user:boss", "user_added", {"user": "rui", "roles": "clerk"}) in there.heard.notes


async def test_a_password_that_nobody_gave_is_made_and_shown_once(tmp_path, mock_clock):
    async with door(tmp_path, mock_clock) as there:
        boss = await there.signed_in("boss")
        made = (await boss.ask("POST", "/users/", {"name": "rui", "roles": ["clerk"]})).json()["password"]
        assert len(made) == 20
        assert (await boss.ask("GET", "/users/rui/")).json()["password"] is None
        assert (await there.browser().sign_in("rui", made)).status_code == 201
        again = (await boss.ask("POST", "/users/rui/password/", {})).json()["password"]
        assert again != made
        assert (await there.browser().sign_in("rui", made)).status_code == 401
        assert (await there.browser().sign_in("rui", again)).status_code == 201


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"name": "Rui", "roles": ["clerk"]}, "name"),
        ({"name": "rui", "roles": []}, "roles"),
        ({"name": "rui"}, "roles"),
        ({"name": "rui", "roles": ["king"]}, "roles[0]"),
        ({"name": "rui", "roles": ["clerk"], "password": "short"}, "password"),
        ({"name": "rui", "roles": ["clerk"], "password": "password1234"}, "password"),
        ({"name": "rui", "roles": ["clerk"], "hospital": "Main Hospital"}, "hospital"),
    ],
)
async def test_what_cannot_be_is_refused_at_its_field_and_not_repeated(tmp_path, mock_clock, body, field):
    async with door(tmp_path, mock_clock) as there:
        boss = await there.signed_in("boss")
        answer = await boss.ask("POST", "/users/", body)
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)
        assert "short" not in answer.text
        assert "password1234" not in answer.text


async def test_u1_another_hospital_s_people_are_not_there(tmp_path, mock_clock):
    async with door(tmp_path, mock_clock) as there:
        boss = await there.signed_in("boss")
        assert names(await boss.ask("GET", "/users/")) == ["ana", "boss", "both"]
        for name in ("north.boss", "root", "nobody", "NO BODY"):
            for method, step, body in (
                ("GET", "", None), ("PUT", "", {"disabled": True}), ("DELETE", "", None),
                ("POST", "password/", {}), ("POST", "unlock/", {}),
            ):  # fmt: skip
                answer = await boss.ask(method, f"/users/{name}/{step}", body)
                assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), f"{method} {name} {step}"
        assert (await boss.ask("POST", "/users/", {"name": "x", "roles": ["clerk"], "hospital": "north"})
                ).status_code == 404  # fmt: skip
        both = (await boss.ask("GET", "/users/both/")).json()
        assert both["hospitals"] == [{"id": "main", "roles": ["clerk"]}]
        assert "north" not in str(both)


async def test_u2_an_account_of_two_hospitals_is_changed_here_in_its_roles_here_alone(tmp_path, mock_clock):
    async with door(tmp_path, mock_clock) as there:
        boss = await there.signed_in("boss")
        for method, path, body in (
            ("POST", "/users/both/password/", {"password": OTHER}), ("POST", "/users/both/unlock/", {}),
            ("PUT", "/users/both/", {"disabled": True}), ("PUT", "/users/both/", {"shown": "Somebody"}),
        ):  # fmt: skip
            answer = await boss.ask(method, path, body)
            assert (answer.status_code, answer.json()["code"], answer.json()["rule"]) == (403, "shared_account", "U2")
        assert (await boss.ask("PUT", "/users/both/", {"roles": ["clerk", "clinician"]})).status_code == 200
        assert (await boss.ask("DELETE", "/users/both/")).status_code == 204
        assert (await boss.ask("GET", "/users/both/")).status_code == 404
        said = (await there.browser().sign_in("both")).json()
        assert said["hospitals"] == [{"id": "north", "roles": ["auditor"]}]


async def test_u3_nobody_gives_himself_what_he_has_not(tmp_path, mock_clock):
    async with door(tmp_path, mock_clock, *EVERYBODY, SECOND_BOSS) as there:
        boss = await there.signed_in("boss")
        answer = await boss.ask("PUT", "/users/boss/", {"roles": ["admin", "auditor"]})
        assert (answer.status_code, answer.json()["code"], answer.json()["rule"]) == (403, "forbidden", "U3")
        for method, path in (("DELETE", "/users/boss/"), ("POST", "/users/boss/password/")):
            own = await boss.ask(method, path, {} if method == "POST" else None)
            assert (own.status_code, own.json()["code"]) == (403, "own_account")
        assert (await boss.ask("PUT", "/users/ana/", {"roles": ["auditor"]})).json()["roles"] == ["auditor"]


async def test_u4_only_the_network_s_administrator_gives_what_is_the_network_s(tmp_path, mock_clock):
    async with door(tmp_path, mock_clock) as there:
        boss, root = await there.signed_in("boss"), await there.signed_in("root")
        for body in ({"roles": ["network"]}, {"roles": ["admin", "network"]}):
            assert (await boss.ask("PUT", "/users/ana/", body)).status_code == 403
            assert (await boss.ask("POST", "/users/", {"name": "x", **body})).status_code == 403
        everywhere = {"name": "second.root", "roles": ["network"], "hospital": "*", "password": OTHER}
        assert (await boss.ask("POST", "/users/", everywhere)).status_code == 404
        assert (await root.ask("POST", "/users/", everywhere)).status_code == 201
        one = await root.ask("POST", "/users/", {**everywhere, "name": "x", "hospital": "north"})
        assert (one.status_code, one.json()["errors"][0]["field"]) == (422, "roles")
        assert names(await root.ask("GET", "/users/")) == [
            "ana", "boss", "both", "north.boss", "root", "second.root",
        ]  # fmt: skip
        assert names(await root.ask("GET", "/users/", None, Hospital_Id="north")) == ["both", "north.boss"]
        assert (await root.ask("POST", "/users/both/password/", {"password": OTHER})).status_code == 200


async def test_the_network_s_administrator_gives_somebody_another_hospital(tmp_path, mock_clock):
    async with door(tmp_path, mock_clock) as there:
        root = await there.signed_in("root")
        given = await root.ask("PUT", "/users/ana/", {"roles": ["auditor"], "hospital": "north"})
        assert given.json()["hospitals"] == [
            {"id": "main", "roles": ["clerk", "clinician"]}, {"id": "north", "roles": ["auditor"]},
        ]  # fmt: skip
        assert (await root.ask("PUT", "/users/ana/", {"shown": "Ana"}, Hospital_Id="north")).status_code == 200
        assert (await root.ask("PUT", "/users/boss/", {"shown": "X"}, Hospital_Id="north")).status_code == 404
        assert (await root.ask("DELETE", "/users/ana/", None, Hospital_Id="main")).status_code == 204
        assert (await root.ask("GET", "/users/ana/")).json()["hospitals"] == [{"id": "north", "roles": ["auditor"]}]
        assert (await root.ask("PUT", "/users/both/", {"disabled": True})).status_code == 200
        assert [note[0] for note in there.heard.notes[-2:]] == ["main", "north"]  # both are to know
        assert (await root.ask("DELETE", "/users/ana/")).status_code == 204
        assert (await root.ask("GET", "/users/ana/")).status_code == 404


async def test_u5_the_roles_of_who_signs_in_elsewhere_are_the_provider_s(tmp_path, mock_clock):
    async with door(tmp_path, mock_clock, BOSS, ELSEWHERE) as there:
        boss = await there.signed_in("boss")
        assert (await boss.ask("GET", "/users/eva/")).json()["signs_in_by"] == "oidc"
        for method, path, body, code in (
            ("PUT", "/users/eva/", {"roles": ["admin"]}, "from_provider"),
            ("POST", "/users/eva/password/", {}, "no_password"),
        ):
            answer = await boss.ask(method, path, body)
            assert (answer.status_code, answer.json()["code"]) == (409, code)
        assert (await boss.ask("PUT", "/users/eva/", {"disabled": True})).json()["disabled"] is True


async def test_r3_the_last_administrator_of_a_hospital_stays(tmp_path, mock_clock):
    async with door(tmp_path, mock_clock, BOSS, SECOND_BOSS, ROOT) as there:
        root, boss = await there.signed_in("root"), await there.signed_in("boss")
        assert (await boss.ask("PUT", "/users/second.boss/", {"disabled": True})).status_code == 200
        for method, body in (("PUT", {"roles": ["clerk"]}), ("PUT", {"disabled": True}), ("DELETE", None)):
            answer = await root.ask(method, "/users/boss/", body, Hospital_Id="main")
            assert (answer.status_code, answer.json()["code"], answer.json()["rule"]) == (
                409, "last_administrator", "R3",
            )  # fmt: skip
        assert (await boss.ask("PUT", "/users/second.boss/", {"disabled": False})).status_code == 200
        assert (await root.ask("PUT", "/users/boss/", {"roles": ["clerk"]}, Hospital_Id="main")).status_code == 200


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/users/ana/", {"roles": ["clerk"]}),
        ("PUT", "/users/ana/", {"disabled": True}),
        ("POST", "/users/ana/password/", {"password": OTHER}),
        ("DELETE", "/users/ana/", None),
    ],
)
async def test_r4_who_is_changed_so_is_signed_out_at_once(tmp_path, mock_clock, method, path, body):
    async with door(tmp_path, mock_clock) as there:
        ana, boss = await there.signed_in("ana"), await there.signed_in("boss")
        assert (await ana.ask("GET", "/policy/")).status_code == 200
        assert (await boss.ask(method, path, body)).status_code in (200, 204)
        assert (await ana.ask("GET", "/policy/")).status_code == 401
        assert (await boss.ask("GET", "/policy/")).status_code == 200


async def test_another_shown_name_signs_nobody_out(tmp_path, mock_clock):
    async with door(tmp_path, mock_clock) as there:
        ana, boss = await there.signed_in("ana"), await there.signed_in("boss")
        assert (await boss.ask("PUT", "/users/ana/", {"shown": " Ana L. "})).json()["shown"] == "Ana L."
        assert (await ana.ask("GET", "/session/")).json()["shown"] == "Ana L."


async def test_a_lock_is_shown_and_taken_away(tmp_path, mock_clock):
    async with door(tmp_path, mock_clock) as there:
        boss = await there.signed_in("boss")
        for _ in range(5):
            await there.browser().sign_in("ana", OTHER)
        assert (await boss.ask("GET", "/users/ana/")).json()["locked_until"].endswith("Z")
        unlocked = await boss.ask("POST", "/users/ana/unlock/", {})
        assert (unlocked.status_code, unlocked.json()["locked_until"]) == (200, None)
        assert (await there.browser().sign_in("ana", SECRET)).status_code == 201
        assert there.heard.notes[-2][2:] == ("unlocked", {"user": "ana"})


async def test_who_is_no_administrator_sees_nobody(tmp_path, mock_clock):
    async with door(tmp_path, mock_clock, ANA, NORTH) as there:
        ana = await there.signed_in("ana")
        assert (await ana.ask("GET", "/users/")).status_code == 403
        assert (await ana.ask("PUT", "/users/ana/", {"roles": ["admin"]})).status_code == 403


async def test_people_come_page_by_page(tmp_path, mock_clock):
    async with door(tmp_path, mock_clock, BOSS, BOTH, ANA) as there:
        boss = await there.signed_in("boss")
        first = (await boss.ask("GET", "/users/?limit=2")).json()
        assert [each["name"] for each in first["items"]] == ["ana", "boss"]
        last = (await boss.ask("GET", f"/users/?limit=2&cursor={first['next_cursor']}")).json()
        assert ([each["name"] for each in last["items"]], last["next_cursor"]) == (["both"], None)


async def test_no_engine_is_asked_for_any_of_it(tmp_path, mock_clock):
    async with door(tmp_path, mock_clock) as there:
        boss = await there.signed_in("boss")
        await boss.ask("GET", "/users/")
        batch = {"commands": [{"method": "POST", "path": "/users", "body": {"name": "x", "roles": ["clerk"]}}]}
        (result,) = (await boss.ask("POST", "/batch/", batch)).json()["results"]
        assert result["status"] == 422  # a batch holds what the engine decides
        assert there.engine.asked == []
