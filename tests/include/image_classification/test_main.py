"""The entry point: which program runs, and how each kind of failure ends."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from include.image_classification import __main__ as entry
from include.image_classification.container import ProgramError

ROOT = Path(__file__).parents[3]


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SimpleNamespace:
    """A stand-in for the program `refresh`; set its `main`."""
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    module = SimpleNamespace(main=lambda flags: None, base=tmp_path)
    monkeypatch.setitem(sys.modules, "include.image_classification.dataset.refresh", module)
    return module


def test_flags_reach_the_program(program: SimpleNamespace) -> None:
    seen: list[str] = []
    program.main = seen.extend
    assert entry.main(["refresh", "--layout", "class_folders"]) == 0
    assert seen == ["--layout", "class_folders"]


def test_an_expected_failure_is_one_line(
    program: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(flags: list[str]) -> None:
        raise ProgramError("the devkit is missing")

    program.main = fail
    assert entry.main(["refresh"]) == 1
    assert capsys.readouterr().err == "ERROR: the devkit is missing\n"
    assert (program.base / "output/failure").read_text() == "the devkit is missing"


def test_an_unexpected_failure_is_a_traceback_and_a_reason(
    program: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(flags: list[str]) -> None:
        raise KeyError("label")

    program.main = fail
    assert entry.main(["refresh"]) == 1
    assert "Traceback" in capsys.readouterr().err
    assert (program.base / "output/failure").read_text() == "KeyError: 'label'"


@pytest.mark.parametrize("arguments", [[], ["fly"]])
def test_an_unknown_program_is_told_which_there_are(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert entry.main(arguments) == 2
    assert "refresh,im2rec,train" in capsys.readouterr().err


def test_a_wrong_flag_reaches_sagemaker_as_the_reason(tmp_path: Path) -> None:
    """As a process, so that the exit status and the import of the real program are checked too."""
    ran = subprocess.run(
        [sys.executable, "-m", "include.image_classification", "refresh", "--layout", "heap"],
        cwd=ROOT,
        env={"SAGEMAKER_BASE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 1
    assert ran.stderr.startswith("ERROR: refresh: argument --layout: invalid choice: 'heap'")
    assert (tmp_path / "output/failure").read_text() in ran.stderr
