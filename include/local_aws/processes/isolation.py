"""How a program finds its `/opt/ml`: mounted for it alone, or by SAGEMAKER_BASE_DIR only."""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

_WRAPPER = [sys.executable, "-I", "-S", str(Path(__file__).with_name("private_opt_ml.py"))]


class Isolation:
    """What this machine allows; tried out when it is made, which takes about 50 ms."""

    def __init__(self) -> None:
        self.private = _try()

    def __str__(self) -> str:
        if self.private:
            return "every job has an /opt/ml of its own (mount namespace)"
        return "no mount namespaces here: jobs find their files by SAGEMAKER_BASE_DIR only"

    def command(self, base: Path, command: Sequence[str]) -> list[str]:
        """The command line that runs a program on its base directory."""
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
