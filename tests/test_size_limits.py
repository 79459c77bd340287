"""Limits on the length of a file and on the number of modules in a folder."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.conftest import ROOT

PRODUCT = ("dags", "plugins", "include")
MAX_LINES = 300
MAX_MODULES = 15
"""The largest number of Python files in a folder of product code, without `__init__.py`."""


def python_files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*.py") if "__pycache__" not in file.parts]


def long_files(files: Iterable[Path]) -> list[str]:
    """Return a line for each file with more than `MAX_LINES` lines."""
    lengths = {file: len(file.read_text(encoding="utf-8").splitlines()) for file in files}
    return [f"{file}: {lines} lines" for file, lines in lengths.items() if lines > MAX_LINES]


def large_folders(files: Iterable[Path]) -> list[str]:
    """Return a line for each folder with more than `MAX_MODULES` modules."""
    counts = Counter(file.parent for file in files if file.name != "__init__.py")
    return [f"{folder}: {count} modules" for folder, count in counts.items() if count > MAX_MODULES]


@pytest.mark.parametrize("folder", [*PRODUCT, "tests", "benchmarks"])
def test_no_file_is_too_long(folder: str) -> None:
    files = python_files(ROOT / folder)
    assert files
    assert long_files(files) == [], "split them by concept"


@pytest.mark.parametrize("folder", PRODUCT)
def test_no_folder_of_product_code_has_too_many_modules(folder: str) -> None:
    assert large_folders(python_files(ROOT / folder)) == [], "group their modules in subpackages"


def test_a_file_and_a_folder_above_the_limit_are_found(tmp_path: Path) -> None:
    (tmp_path / "__init__.py").touch()
    modules = [tmp_path / f"module_{number}.py" for number in range(MAX_MODULES)]
    for module in modules:
        module.write_text("x = 1\n" * MAX_LINES)
    assert long_files(modules) == large_folders(python_files(tmp_path)) == []
    modules[0].write_text("x = 1\n" * (MAX_LINES + 1))
    (tmp_path / "another.py").touch()
    assert long_files(modules) == [f"{modules[0]}: {MAX_LINES + 1} lines"]
    assert large_folders(python_files(tmp_path)) == [f"{tmp_path}: {MAX_MODULES + 1} modules"]
