"""Examples of property-based tests: the same in each run, others with a seed."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

PROPERTY = """
from pathlib import Path
from hypothesis import given, strategies as st

@given(st.integers())
def test_any_number(number):
    with Path(__file__).with_suffix(".seen").open("a") as file:
        print(number, file=file)
"""


@pytest.fixture(params=[False, True], ids=["by hand", "in CI"])
def property_test(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Path:
    """Give a file with one property-based test, which writes down its examples.

    Hypothesis has a profile of its own, which derandomizes, where CI is set.
    """
    monkeypatch.delenv("CI", raising=False)
    if request.param:
        monkeypatch.setenv("CI", "true")
    file = tmp_path / "test_property.py"
    file.write_text(PROPERTY, encoding="utf-8")
    return file


def examples(file: Path, *options: str) -> str:
    """Return the examples that a run of pytest in a process of its own tries."""
    seen = file.with_suffix(".seen")
    seen.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-c", "pyproject.toml"]
    result = subprocess.run(
        [*command, str(file), *options], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return seen.read_text(encoding="utf-8")


def test_each_run_tries_the_same_examples(property_test: Path) -> None:
    """Protects the suite from failing at random."""
    assert examples(property_test) == examples(property_test)


def test_a_seed_asks_for_other_examples_which_can_be_repeated(property_test: Path) -> None:
    """Protects exploration: a derandomized test would ignore the seed."""
    first = examples(property_test, "--hypothesis-seed=1")
    assert first == examples(property_test, "--hypothesis-seed=1")
    assert first != examples(property_test, "--hypothesis-seed=2")
    assert first != examples(property_test)


def test_exploring_tries_examples_that_no_run_had(property_test: Path) -> None:
    """Protects `make explore` from trying the same examples each time."""
    explore = "--hypothesis-profile=explore"
    assert examples(property_test, explore) != examples(property_test, explore)
