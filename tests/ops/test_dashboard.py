"""The dashboard for Grafana: of the form that Grafana publishes, and sound in itself."""

from __future__ import annotations

import json
from typing import Any

from grafana_foundation_sdk.cog import plugins
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from tests.ops.shipped import dashboard, panels

WIDTH = 24


def lost(given: Any, read: Any, where: str = "") -> list[str]:
    """Where what was read differs from what was given: members that the form has no place for."""
    if isinstance(given, dict) and isinstance(read, dict):
        return [
            fault
            for name, value in given.items()
            for fault in ([f"{where}/{name}"] if name not in read else lost(value, read[name], f"{where}/{name}"))
        ]
    if isinstance(given, list) and isinstance(read, list) and len(given) == len(read):
        return [
            fault
            for index, pair in enumerate(zip(given, read, strict=True))
            for fault in lost(*pair, f"{where}/{index}")
        ]
    return [] if given == read else [where]


def read_by_grafana(held: dict[str, Any]) -> Any:
    """The dashboard through Grafana's own types, which are made from its schemas."""
    plugins.register_default_plugins()
    return json.loads(json.dumps(Dashboard.from_json(held), cls=JSONEncoder))


def test_grafana_s_own_types_have_a_place_for_every_member():
    held = dashboard()
    assert lost(held, read_by_grafana(held)) == []


def test_a_member_that_grafana_does_not_know_is_found():
    held = dashboard() | {"colour": "red"}
    assert lost(held, read_by_grafana(held)) == ["/colour"]


def test_each_panel_has_an_id_of_its_own_a_title_and_something_to_show():
    found = list(panels(dashboard()))
    ids = [panel["id"] for panel in found]
    assert len(set(ids)) == len(ids)
    assert all(panel["title"] for panel in found)
    shows = [panel for panel in found if panel["type"] != "row"]
    assert all(panel["targets"] for panel in shows)
    for panel in shows:
        letters = [target["refId"] for target in panel["targets"]]
        assert len(set(letters)) == len(letters)
        assert all(target["datasource"]["uid"] == "${datasource}" for target in panel["targets"])


def test_no_two_panels_lie_over_each_other():
    taken: dict[tuple[int, int], str] = {}
    for panel in panels(dashboard()):
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= WIDTH
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert taken.setdefault((x, y), panel["title"]) == panel["title"]


def test_there_is_a_row_for_each_part():
    rows = [panel["title"] for panel in panels(dashboard()) if panel["type"] == "row"]
    assert rows == [
        "Overview", "Latency", "Engine", "Log and disk", "Stream", "Outbox", "Hospital", "Audit and the door",
    ]  # fmt: skip
