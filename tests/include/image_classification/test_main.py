"""The entry point: commands, failures and exit statuses."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from include.image_classification import __main__ as entry
from include.image_classification.container import CommandError

ROOT = Path(__file__).parents[3]


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SimpleNamespace:
    """A stand-in for the command `refresh`; set its `main`."""
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    module = SimpleNamespace(main=lambda flags: None, base=tmp_path)
    monkeypatch.setitem(sys.modules, "include.image_classification.dataset.refresh", module)
    return module


def test_flags_reach_the_command(command: SimpleNamespace) -> None:
    seen: list[str] = []
    command.main = seen.extend
    assert entry.main(["refresh", "--layout", "class_folders"]) == 0
    assert seen == ["--layout", "class_folders"]


def test_an_expected_failure_is_one_line(
    command: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(flags: list[str]) -> None:
        raise CommandError("the devkit is missing")

    command.main = fail
    assert entry.main(["refresh"]) == 1
    assert capsys.readouterr().err == "ERROR: the devkit is missing\n"
    assert (command.base / "output/failure").read_text() == "the devkit is missing"


def test_an_unexpected_failure_is_a_traceback_and_a_reason(
    command: SimpleNamespace, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(flags: list[str]) -> None:
        raise KeyError("label")

    command.main = fail
    assert entry.main(["refresh"]) == 1
    assert "Traceback" in capsys.readouterr().err
    assert (command.base / "output/failure").read_text() == "KeyError: 'label'"


@pytest.mark.parametrize("arguments", [[], ["fly"]])
def test_an_unknown_command_prints_the_usage(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert entry.main(arguments) == 2
    assert "refresh,im2rec,train" in capsys.readouterr().err


def test_an_invalid_flag_becomes_the_failure_reason(tmp_path: Path) -> None:
    """In a process, which includes the exit status and the import of the real command."""
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
