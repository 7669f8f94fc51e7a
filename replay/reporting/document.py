"""A document as blocks, and its two forms: one page that needs nothing but itself, and Markdown. Knows no run."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final, TypeAlias, assert_never

import msgspec

from replay.reporting.style import STYLE

MET: Final = "met"
MISSED: Final = "missed"
VIOLATED: Final = "violated"
HOLDS: Final = "holds"
OPEN: Final = "not known"
BROKEN: Final = "does not hold"

_MARKS: Final = {MET: MET, MISSED: MISSED, VIOLATED: VIOLATED, HOLDS: MET, OPEN: MISSED, BROKEN: VIOLATED}
"""Cells that are verdicts, and how they are marked."""


class Heading(msgspec.Struct, frozen=True, tag=True):
    """``level`` 1 is the document's own."""

    level: int
    text: str


class Text(msgspec.Struct, frozen=True, tag=True):
    """A paragraph."""

    text: str


class Table(msgspec.Struct, frozen=True, tag=True):
    """``numeric``: the columns whose cells stand to the right. A cell that is a verdict is marked as one."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()


class Listing(msgspec.Struct, frozen=True, tag=True):
    """Text as it is: commands, figures in columns."""

    text: str


class Points(msgspec.Struct, frozen=True, tag=True):
    """A list; ``done`` (one for each) makes it a checklist."""

    items: tuple[str, ...]
    done: tuple[bool, ...] = ()


class Figure(msgspec.Struct, frozen=True, tag=True):
    """A plot for wide and for narrow pages, what it shows in a sentence, and a table that says it without a picture."""

    caption: str
    wide: str
    narrow: str
    table: Table


Block: TypeAlias = Heading | Text | Table | Listing | Points | Figure


def html(title: str, blocks: Sequence[Block]) -> str:
    """One page, for light and dark, wide and narrow; nothing in it runs or is fetched."""
    body = "\n".join(_html(block) for block in blocks)
    sections = "".join(
        f'<li><a href="#{anchor(block.text)}">{escape(block.text)}</a></li>'
        for block in blocks
        if isinstance(block, Heading) and block.level == 2
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{escape(title)}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f'<nav aria-label="Contents"><ol>{sections}</ol></nav>\n<main>\n{body}\n</main>\n</body>\n</html>\n'
    )


def markdown(blocks: Sequence[Block]) -> str:
    """The same without pictures."""
    return "\n\n".join(_markdown(block) for block in blocks) + "\n"


def anchor(text: str) -> str:
    """A heading's name in links."""
    return "-".join("".join(letter if letter.isalnum() else " " for letter in text.lower()).split())


def _html(block: Block) -> str:
    match block:
        case Heading(level=level, text=text):
            name = f' id="{anchor(text)}"' if level == 2 else ""
            return f"<h{level}{name}>{escape(text)}</h{level}>"
        case Text(text=text):
            return f"<p>{escape(text)}</p>"
        case Table():
            return _table(block)
        case Listing(text=text):
            return f'<pre tabindex="0">{escape(text)}</pre>'
        case Points(items=items, done=done):
            marks = [f'<span class="{"met" if one else "missed"}">{"✓" if one else "✗"}</span> ' for one in done]
            points = zip(marks or [""] * len(items), items, strict=True)
            kind = ' class="checks"' if done else ""
            return f"<ul{kind}>" + "".join(f"<li>{mark}{escape(item)}</li>" for mark, item in points) + "</ul>"
        case Figure(caption=caption, wide=wide, narrow=narrow, table=table):
            plots = f'<div class="wide">{wide}</div><div class="narrow">{narrow}</div>'
            details = f"<details><summary>The figures</summary>{_table(table)}</details>"
            return f"<figure>{plots}<figcaption>{escape(caption)}</figcaption>{details}</figure>"
        case _:
            assert_never(block)


def _table(table: Table) -> str:
    def cells(row: Iterable[str], tag: str) -> str:
        made = []
        for number, cell in enumerate(row):
            kind = ' class="number"' if number in table.numeric else ""
            text = escape(cell)
            if tag == "td" and cell in _MARKS:
                text = f'<span class="{_MARKS[cell]}">{text}</span>'
            made.append(f"<{tag}{kind}>{text}</{tag}>")
        return f"<tr>{''.join(made)}</tr>"

    rows = "".join(cells(row, "td") for row in table.rows)
    head = f"<thead>{cells(table.head, 'th')}</thead>" if any(table.head) else ""
    return f'<div class="table" tabindex="0"><table>{head}<tbody>{rows}</tbody></table></div>'


def _markdown(block: Block) -> str:
    match block:
        case Heading(level=level, text=text):
            return f"{'#' * level} {text}"
        case Text(text=text):
            return text
        case Table(head=head, rows=rows, numeric=numeric):
            line = "|".join(" ---: " if number in numeric else " --- " for number in range(len(head)))
            lines = [_row(head), f"|{line}|", *(_row(row) for row in rows)]
            return "\n".join(lines)
        case Listing(text=text):
            return f"```\n{text}\n```"
        case Points(items=items, done=done):
            marks = ["[x] " if one else "[ ] " for one in done] or [""] * len(items)
            return "\n".join(f"- {mark}{item}" for mark, item in zip(marks, items, strict=True))
        case Figure(caption=caption, table=table):
            return f"*{caption}*\n\n{_markdown(table)}"
        case _:
            assert_never(block)


def _row(cells: Iterable[str]) -> str:
    escaped = (cell.replace("|", "\\|").replace("\n", " ") for cell in cells)
    return "| " + " | ".join(escaped) + " |"
