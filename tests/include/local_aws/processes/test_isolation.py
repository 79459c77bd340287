"""A program sees its own /opt/ml, and the machine keeps the one it had."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from include.local_aws.processes import isolation
from include.local_aws.processes.isolation import Isolation


@pytest.fixture(scope="module")
def private() -> Isolation:
    found = Isolation()
    if not found.private:
        pytest.skip("this machine allows no mount namespaces")
    return found


def test_two_programs_each_have_their_own(private: Isolation, tmp_path: Path) -> None:
    before = Path("/opt/ml").exists()
    opt = sorted(os.listdir("/opt"))
    for name in ("one", "two"):
        base = tmp_path / name / "ml"
        base.mkdir(parents=True)
        code = "import os; open('/opt/ml/mine', 'w').write(str(sorted(os.listdir('/opt'))))"
        command = private.command(base, [sys.executable, "-c", code])
        subprocess.run(command, cwd=base, check=True)
        assert (base / "mine").read_text() == str(sorted({*opt, "ml"}))
    assert Path("/opt/ml").exists() == before


def test_the_exit_code_is_the_programs(private: Isolation, tmp_path: Path) -> None:
    (tmp_path / "ml").mkdir()
    command = private.command(tmp_path / "ml", ["sh", "-c", "exit 5"])
    assert subprocess.run(command, check=False).returncode == 5


def test_without_namespaces_the_command_stays_as_it_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(isolation, "_WRAPPER", ["false"])
    fallback = Isolation()
    assert fallback.command(tmp_path, ["train"]) == ["train"]
    assert "SAGEMAKER_BASE_DIR only" in str(fallback)
