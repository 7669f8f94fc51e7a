"""Each rule by its number has a text in some rule book: whatever an explanation cites can be read."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from engine.decisions import DECISIONS
from engine.errors import Rejected
from replay.explaining.rulebook import cited, is_rule_book, refusals, rule_text

BOOKS = sorted(name for name in sys.modules if DECISIONS and is_rule_book(name))


def kinds(kind: type[Rejected]) -> list[type[Rejected]]:
    """All refusals of the rule books."""
    below = [each for one in kind.__subclasses__() for each in kinds(one)]
    return [one for one in (kind, *below) if is_rule_book(one.__module__)]


def test_the_rule_of_each_refusal_is_stated():
    unstated = [kind for kind in kinds(Rejected) if kind.rule and not rule_text(kind.__module__, kind.rule).text]
    assert unstated == []
    assert len(kinds(Rejected)) > 100


def test_each_rule_that_a_function_cites_is_stated():
    unstated = []
    seen = 0
    for module in BOOKS:
        tree = ast.parse(Path(str(sys.modules[module].__file__)).read_text("utf-8"))
        for node in ast.walk(tree):
            doc = ast.get_docstring(node) if isinstance(node, ast.FunctionDef) else None
            rules = cited(doc or "")
            seen += len(rules)
            unstated += [(module, rule) for rule in rules if not rule_text(module, rule).text]
    assert unstated == []
    assert seen > 500


@pytest.mark.parametrize(
    ("doc", "rules"),
    [
        ("R2, R3 and R7: a seat.", ("R2", "R3", "R7")),
        ("R1 to R4.", ("R1", "R2", "R3", "R4")),
        ("P1..P3 for these.", ("P1", "P2", "P3")),
        ("Not R5.", ()),
    ],
)
def test_a_function_says_at_its_beginning_which_rules_it_holds(doc: str, rules: tuple[str, ...]):
    assert cited(doc) == rules


def test_a_rule_of_a_folder_is_that_of_the_file_that_holds_it():
    first = rule_text("engine.actors.slot.tally", "R2")
    assert (first.book, first.text[:19]) == ("engine.actors.slot", "Booked and promoted")
    assert rule_text("engine.decisions.book_token", "R2").text.startswith(
        "A slot is booked within the hospital's window"
    )
    assert rule_text("engine.actors.slot.tally", "R99").text == ""


def test_refusals_are_found_by_their_code_and_rule():
    assert [kind.__name__ for kind in refusals("slot_full", "R3")] == ["SlotFull"]
    assert refusals("nobody_knows_this") == []
