"""Isolation of `/opt/ml`: a private mount for each program, if mount namespaces are allowed."""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

_WRAPPER = [sys.executable, "-I", "-S", str(Path(__file__).with_name("private_opt_ml.py"))]


class Isolation:
    """Whether mount namespaces are allowed. The constructor tries it, which takes about 50 ms."""

    def __init__(self) -> None:
        self.private = _try()

    def __str__(self) -> str:
        if self.private:
            return "each job has its own /opt/ml (mount namespace)"
        return "mount namespaces are not allowed: jobs find their files only by SAGEMAKER_BASE_DIR"

    def command(self, base: Path, command: Sequence[str]) -> list[str]:
        """Return the command line that runs a program with `base` as its /opt/ml."""
        return [*_WRAPPER, str(base), *command] if self.private else list(command)


def _try() -> bool:
    with tempfile.TemporaryDirectory() as scratch:
        base = Path(scratch) / "ml"
        base.mkdir()
        (base / "mark").touch()
        tried = subprocess.run(
            [*_WRAPPER, str(base), "test", "-e", "/opt/ml/mark"],
            cwd=scratch,
            capture_output=True,
            check=False,
        )
    return tried.returncode == 0
