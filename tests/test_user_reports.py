"""Each row of docs/user_reports.md names a test that exists."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENT = ROOT / "docs" / "user_reports.md"
HEADS = {"report", "---"}

Row = tuple[str, str]
"""A report, and the node ID of its test."""


def _rows() -> list[Row]:
    lines = [line for line in DOCUMENT.read_text().splitlines() if line.startswith("|")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    assert all(len(row) == 3 for row in cells), "report, now, test"
    return [(row[0], row[2].strip("`")) for row in cells if row[0] not in HEADS]


ROWS = _rows()


def _parts(test: str) -> tuple[Path, str, str]:
    """Return a node ID's file, function and parameters."""
    match = re.fullmatch(r"([\w/]+\.py)::(test_\w+)(\[.+\])?", test)
    assert match, f"{test!r} is not <file>::<function>, with a parameter's ID in brackets"
    return ROOT / "tests" / match[1], match[2], match[3] or ""


@cache
def _functions(file: Path) -> frozenset[str]:
    tree = ast.parse(file.read_text())
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


@pytest.mark.parametrize(("report", "test"), ROWS, ids=[row[0][:40] for row in ROWS])
def test_the_test_of_each_report_exists(report: str, test: str) -> None:
    file, function, _ = _parts(test)
    assert file.is_file(), f"{report}: there is no {file.relative_to(ROOT)}"
    assert function in _functions(file), f"{report}: {file.relative_to(ROOT)} has no {function}"


def test_parameters_in_node_ids_exist() -> None:
    """Pytest collects them; it fails on an ID that it does not find."""
    nodes = [f"tests/{test}" for _, test in ROWS if _parts(test)[2]]
    assert nodes
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider"]
    ran = subprocess.run([*command, *nodes], cwd=ROOT, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert f"{len(set(nodes))} tests collected" in ran.stdout


def test_the_documentation_leads_to_the_page() -> None:
    assert "(docs/user_reports.md)" in (ROOT / "README.md").read_text()
