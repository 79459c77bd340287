"""Each row of the table in docs/sagemaker_jobs.md names existing tests."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCUMENT = (ROOT / "docs" / "sagemaker_jobs.md").read_text()
ROWS = [line for line in DOCUMENT.splitlines() if re.match(r"\| \d+ \|", line)]


def known_tests() -> set[str]:
    """Return every test of the suite as file::name."""
    return {
        f"{path.name}::{node.name}"
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_every_row_names_a_test_that_exists() -> None:
    assert [int(row.split("|")[1]) for row in ROWS] == list(range(1, 17))
    named = set(re.findall(r"`(test_\w+\.py::\w+)`", DOCUMENT))
    assert all("`test_" in row for row in ROWS)
    assert named <= known_tests()
