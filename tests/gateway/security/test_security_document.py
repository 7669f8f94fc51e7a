"""What SECURITY.md says is shown by tests is: each of them is there, and each row of the threat model names some."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "SECURITY.md").read_text()
NAMED = re.compile(r"^(\d+)\. `(tests/[\w/]+\.py)::(test_\w+)`$", re.MULTILINE)
TOP_TEN = ROOT / "tests/gateway/security/test_owasp_api_top_ten.py"


def named_in(path: Path) -> list[str]:
    """The tests of a file, in order."""
    found = ast.walk(ast.parse(path.read_text()))
    return [
        one.name for one in found if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef) and one.name[:5] == "test_"
    ]


def section(heading: str) -> str:
    """The text below a heading."""
    return TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def test_every_test_that_is_named_is_there_under_its_number():
    named = NAMED.findall(TEXT)
    assert [int(number) for number, _, _ in named] == list(range(1, len(named) + 1))
    missing = [f"{path}::{name}" for _, path, name in named if name not in named_in(ROOT / path)]
    assert missing == []


def test_every_row_of_the_threat_model_is_shown_by_a_test_and_every_test_stands_in_a_row():
    rows = [line for line in section("Threat model").splitlines() if line.startswith("| **")]
    assert len(rows) == 12
    cited: set[int] = set()
    for row in rows:
        who, wants, stops, shown, remains = (cell.strip() for cell in row.strip("|").split("|"))
        assert all((who, wants, stops, remains))
        numbers = {int(number) for number in re.findall(r"\[(\d+)\]", shown)}
        assert numbers, who
        cited |= numbers
    assert cited == {int(number) for number, _, _ in NAMED.findall(TEXT)}


def test_the_top_ten_have_a_test_each():
    named = re.findall(
        r"^\| API(\d+) .*\| `(test_api\d+_\w+)` \|$", section("OWASP API Security Top 10 (2023)"), re.MULTILINE
    )
    assert [int(number) for number, _ in named] == list(range(1, 11))
    assert [name for _, name in named] == named_in(TOP_TEN)
    assert all(name.startswith(f"test_api{number}_") for number, name in named)
