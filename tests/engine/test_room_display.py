"""Colours of rooms: given or made, and what is written on them can be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.actors.room.display import (
    LEAST_CONTRAST,
    InvalidColor,
    auto_color,
    color,
    color_of,
    color_source,
    contrast,
    contrast_text,
)
from engine.actors.room.state import Display
from engine.actors.room.view import calendar_link, calendar_token


def test_a_colour_is_kept_in_upper_case_and_null_is_the_rooms_own():
    assert color("#a1b2c3") == "#A1B2C3"
    assert color(None) == ""
    assert color_source(Display()) == "auto"
    assert color_source(Display("#A1B2C3")) == "custom"
    assert color_of(Display("#A1B2C3"), "r1") == "#A1B2C3"


@pytest.mark.parametrize(
    "text", ["", "red", "#FFF", "#GGGGGG", "A1B2C3", "#A1B2C3 ", "#A1B2C3\n", "#A1B2C3FF", "#١١١١١١"]
)
def test_what_is_no_colour_is_refused(text: str):
    with pytest.raises(InvalidColor) as refused:
        color(text)
    assert refused.value.code == "invalid_color"
    assert refused.value.facts["field"] == "color_hex"


@given(st.text(max_size=40))
def test_a_rooms_own_colour_is_always_the_same_and_is_one(room_id: str):
    own = auto_color(room_id)
    assert color(own) == own
    assert auto_color(room_id) == own
    assert color_of(Display(), room_id) == own


def test_rooms_have_different_colours():
    assert len({auto_color(f"room-{n}") for n in range(200)}) > 190


@given(st.integers(0, 0xFFFFFF))
def test_text_can_be_read_on_any_colour(number: int):
    background = f"#{number:06X}"
    assert contrast(contrast_text(background), background) >= LEAST_CONTRAST


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#777777", "#FFFFFF") == pytest.approx(4.48, abs=0.01)
    assert contrast_text("#FFFF00") == "#000000"
    assert contrast_text("#000080") == "#FFFFFF"


def test_a_calendar_link_opens_one_feed_only():
    key = "00" * 16
    link = calendar_link(key, "rooms", "r1").text
    token = calendar_token(key, "rooms", "r1").text
    assert link == f"/api/v1/rooms/r1/calendar.ics?token={token}"
    assert len(token) == 32
    others = {calendar_token(key, "rooms", "r2").text, calendar_token(key, "doctors", "r1").text}
    assert token not in others | {calendar_token("11" * 16, "rooms", "r1").text}
    assert calendar_link(key, "rooms", "r1", "main").text == f"{link}&hospital=main"
