"""Each program has its own /opt/ml, and other processes see no change."""

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
        pytest.skip("mount namespaces are not allowed here")
    return found


def test_two_programs_have_different_opt_ml(private: Isolation, tmp_path: Path) -> None:
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


def test_the_command_is_unchanged_without_namespaces(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(isolation, "_WRAPPER", ["false"])
    fallback = Isolation()
    assert fallback.command(tmp_path, ["train"]) == ["train"]
    assert "only by SAGEMAKER_BASE_DIR" in str(fallback)
