"""Examples of property-based tests: the same in each run, and others with a seed."""

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
    """A file with a property-based test that records its examples.

    If CI is set, Hypothesis uses another profile, which derandomizes.
    """
    monkeypatch.delenv("CI", raising=False)
    if request.param:
        monkeypatch.setenv("CI", "true")
    file = tmp_path / "test_property.py"
    file.write_text(PROPERTY, encoding="utf-8")
    return file


def examples(file: Path, *options: str) -> str:
    """Return the examples of a pytest run in a new process."""
    seen = file.with_suffix(".seen")
    seen.unlink(missing_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-c", "pyproject.toml"]
    result = subprocess.run(
        [*command, str(file), *options], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return seen.read_text(encoding="utf-8")


def test_each_run_uses_the_same_examples(property_test: Path) -> None:
    """Protects the suite from failing at random."""
    assert examples(property_test) == examples(property_test)


def test_other_tests_in_the_process_do_not_change_the_examples(property_test: Path) -> None:
    """Hypothesis draws some examples from the constants of all loaded modules but tests."""
    folder = property_test.parent
    (folder / "product.py").write_text(f"NUMBERS = {list(range(1000, 2000))}\n", encoding="utf-8")
    other = folder / "test_other.py"
    load = f"import sys; sys.path.append({str(folder)!r}); import product"
    other.write_text(f"{load}\ndef test_other(): pass\n", encoding="utf-8")
    assert examples(property_test, str(other)) == examples(property_test)


def test_a_seed_selects_other_examples_which_can_be_repeated(property_test: Path) -> None:
    """Protects exploration: a derandomized test would ignore the seed."""
    first = examples(property_test, "--hypothesis-seed=1")
    assert first == examples(property_test, "--hypothesis-seed=1")
    assert first != examples(property_test, "--hypothesis-seed=2")
    assert first != examples(property_test)


def test_explore_uses_new_examples(property_test: Path) -> None:
    """Protects `make explore` from using the same examples each time."""
    explore = "--hypothesis-profile=explore"
    assert examples(property_test, explore) != examples(property_test, explore)
