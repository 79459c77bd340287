"""Options of `make` reach the program unchanged, whatever characters they contain."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

STUB = """#!{python} -IS
import json, os, sys
with open({log!r}, "a") as log:
    log.write(json.dumps([sys.argv, os.environ.get("CARS"), os.environ.get("DATA")]) + "\\n")
"""

ODD = (
    "it's",
    "two words",
    "$HOME",
    "a$b$$c",
    "$(touch touched)",
    "$(shell touch touched)",
    "`touch touched`",
    "back\\slash\\",
    "*",
    'double"quote',
    "a;touch touched",
    "a#b",
    "-dash",
    "a,b=c",
    "~",
    "é",
)


class Makefile:
    """The Makefile with a fake Python that records its calls."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._log = folder, folder / "calls.jsonl"
        shutil.copy(ROOT / "Makefile", folder)
        (folder / "requirements").mkdir()
        (folder / "requirements.txt").touch()
        for name in ("airflow", "container", "dev", "local-aws", "local-run", "production"):
            (folder / "requirements" / f"{name}.txt").touch()
        for name in ("constraints", "constraints-hashes"):
            (folder / f"{name}.txt").touch()
        self.stub(folder / ".venv" / "bin" / "python")
        self.stub(folder / ".venv" / "bin" / "uv")
        for name in ("run", "dev"):
            (folder / ".venv" / f"{name}.installed").touch()

    def stub(self, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(STUB.format(python=sys.executable, log=str(self._log)))
        file.chmod(file.stat().st_mode | stat.S_IXUSR)

    def __call__(self, *arguments: str, **environment: str) -> list[list[object]]:
        """Run make; return the calls: the arguments, CARS and DATA of each program."""
        self._log.unlink(missing_ok=True)
        inherited = {k: v for k, v in os.environ.items() if not k.startswith("MAKE")}
        inherited["PYTHON"] = str(self.folder / ".venv" / "bin" / "python")
        subprocess.run(
            ["make", *arguments],
            cwd=self.folder,
            env=inherited | environment,
            check=True,
            capture_output=True,
        )
        assert not (self.folder / "touched").exists()
        calls = [json.loads(line) for line in self._log.read_text().splitlines()]
        return [call for call in calls if call[0][1] != "-c"]

    def arguments(self, *arguments: str, **environment: str) -> list[str]:
        """Run make; return the arguments of the only call."""
        ((program, *_),) = self(*arguments, **environment)
        assert isinstance(program, list)
        return program[1:]


@pytest.fixture
def make(tmp_path: Path) -> Makefile:
    return Makefile(tmp_path)


@pytest.mark.parametrize("value", ODD)
def test_a_value_reaches_the_program_unchanged(make: Makefile, value: str) -> None:
    names = {
        "DATA": "--data",
        "PIPELINE": "--pipeline",
        "CLASSES": "--classes",
        "SEED": "--seed",
        "UI_PORT": "--ui-port",
        "AWS_PORT": "--aws-port",
    }
    options = [f"{name}={value}" for name in names]
    run = make.arguments("run", *options)
    assert run[:3] == ["-m", "include.local_run", "run"]
    assert run[5:] == [f"{flag}={value}" for flag in names.values()]
    assert make.arguments("run", **dict.fromkeys(names, value))[5:] == run[5:]
    image = make.arguments("predict", f"IMAGE={value}")
    assert image == ["-m", "include.local_run", "predict", f"--image={value}"]
    preflight = make.arguments("preflight", f"PIPELINE={value}", "JSON=1")
    assert preflight == ["-m", "include.preflight", f"--pipeline={value}", "--json"]
    weights = make.arguments("weights", f"NETWORKS={value}")
    assert weights == ["-m", "include.image_classification", "weights", f"--networks={value}"]


@pytest.mark.parametrize("value", ODD)
def test_a_folder_of_photos_reaches_the_studies(make: Makefile, value: str) -> None:
    ((_, cars, _),) = make("studies", f"CARS={value}")
    assert cars == value


@pytest.mark.parametrize("value", ODD)
def test_paths_of_tests_are_separate_arguments(make: Makefile, value: str) -> None:
    assert make.arguments("test", f"TESTS={value}", "SEED=1") == [
        *("-m", "pytest", "--hypothesis-seed=1"),
        *value.split(),
    ]


def test_all_tests_run_in_parallel_except_the_end_to_end_tests(make: Makefile) -> None:
    pytest_command = ["-m", "pytest", "--hypothesis-seed=3"]
    commands = [arguments[1:] for arguments, *_ in make("test", "SEED=3")]  # type: ignore[index]
    parallel = ["-n", "auto", "--dist", "loadfile", "-m", "not end_to_end"]
    assert commands == [[*pytest_command, *parallel], [*pytest_command, "-m", "end_to_end"]]


@pytest.mark.parametrize(
    ("status", "calls"), [(1, 2), (2, 1)], ids=["a test failed", "interrupted"]
)
def test_a_failure_of_the_parallel_tests_fails_make(
    make: Makefile, status: int, calls: int
) -> None:
    python, log = make.folder / ".venv" / "bin" / "python", make.folder / "calls"
    fails = f'case "$*" in *"not end_to_end"*) exit {status};; esac'
    python.write_text(f'#!/bin/sh\n[ "$1" = -m ] && echo "$*" >> {log}\n{fails}\n')
    result = subprocess.run(["make", "test", f"PYTHON={python}"], cwd=make.folder, check=False)
    assert result.returncode != 0
    assert len(log.read_text().splitlines()) == calls


def test_unset_options_are_left_out(make: Makefile) -> None:
    assert make.arguments("run")[:3] == ["-m", "include.local_run", "run"]
    assert len(make.arguments("run")) == 5
    assert len(make.arguments("run", "ONCE=0", "DATA=")) == 5
    assert make.arguments("run", "ONCE=1")[5:] == ["--once"]
    assert make.arguments("explore")[-1] == "--hypothesis-profile=explore"
    assert make.arguments("predict")[-1] == "--image="


@pytest.mark.parametrize("name", [value for value in ODD if value not in {"~", "*"}])
def test_the_path_of_python_may_contain_any_characters(make: Makefile, name: str) -> None:
    python = make.folder / name / "python"
    make.stub(python)
    shutil.rmtree(make.folder / ".venv")
    make.folder.joinpath(".venv", "bin").mkdir(parents=True)
    make.stub(make.folder / ".venv" / "bin" / "python")
    calls = make("venv", f"PYTHON={python}")
    assert calls[0][0] == [str(python), "-m", "venv", "--clear", ".venv"]


def test_an_environment_that_does_not_work_is_created_and_installed_again(make: Makefile) -> None:
    """Its Python was upgraded or removed; the packages of the old one are not used."""
    python = make.folder / ".venv" / "bin" / "python"
    python.write_text(python.read_text().replace("import json", IMPORTS_NO_PACKAGE))
    make.stub(make.folder / "python3.12")
    calls = [call[0] for call in make("run", PYTHON=str(make.folder / "python3.12"))]
    arguments = [call[1:] for call in calls if isinstance(call, list)]
    assert arguments[0] == ["-m", "venv", "--clear", ".venv"]
    assert arguments[1][:3] == ["-m", "pip", "install"]
    assert arguments[2][-2:] == ["-r", "requirements.txt"]
    assert arguments[3][:3] == ["-m", "include.local_run", "run"]
    assert len(arguments) == 4


IMPORTS_NO_PACKAGE = """import sys
if sys.argv[1:] == ["-c", "import uv"]:
    sys.exit("ModuleNotFoundError: No module named 'uv'")
import json"""
