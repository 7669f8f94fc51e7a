"""The colour of a room on boards: the one it was given, or one made of its id; and the text that can be read on it."""

from __future__ import annotations

import re
from colorsys import hls_to_rgb
from hashlib import sha256
from typing import Final

from engine.actors.room.state import ColorSource, Display
from engine.errors import Rejected

BLACK: Final = "#000000"
WHITE: Final = "#FFFFFF"
LEAST_CONTRAST: Final = 4.5
"""WCAG 2, level AA. Whatever the colour, black or white is better than that: both at once have 4.58 at the least."""

_HEX: Final = re.compile(r"#[0-9A-F]{6}", re.ASCII)


class InvalidColor(Rejected):
    """The colour is none of the form ``#RRGGBB``."""

    code = "invalid_color"
    family = "invalid"


def color(text: str | None) -> str:
    """A colour as it is kept: in upper case, ``""`` for the one made of the id."""
    if text is None:
        return ""
    wanted = text.upper()
    if not _HEX.fullmatch(wanted):
        raise InvalidColor("a colour is #RRGGBB, or null for the room's own", field="color_hex")
    return wanted


def auto_color(room_id: str) -> str:
    """A colour that the room keeps for ever: any hue, of middle strength."""
    drawn = sha256(room_id.encode()).digest()
    hue = int.from_bytes(drawn[:2], "big") / 65_536
    lightness = (0.42, 0.52, 0.62)[drawn[2] % 3]
    saturation = (0.5, 0.65)[drawn[3] % 2]
    return "#" + "".join(f"{round(part * 255):02X}" for part in hls_to_rgb(hue, lightness, saturation))


def color_of(display: Display, room_id: str) -> str:
    """What the room is shown in."""
    return display.color or auto_color(room_id)


def color_source(display: Display) -> ColorSource:
    """Whether somebody chose it."""
    return "custom" if display.color else "auto"


def contrast_text(background: str) -> str:
    """Black or white, whichever is read more easily on this."""
    return BLACK if contrast(BLACK, background) >= contrast(WHITE, background) else WHITE


def contrast(one: str, other: str) -> float:
    """The contrast of two colours as WCAG counts it, 1 to 21."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(color: str) -> float:
    red, green, blue = (_linear(int(color[at : at + 2], 16) / 255) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
