"""All versions in constraints.txt have hashes, which uv checks."""

import hashlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mwaa.recorded import write_wheels

ROOT = Path(__file__).parents[1]
TEXT = (ROOT / "constraints-hashes.txt").read_text()


def test_every_pin_has_hashes() -> None:
    pins = re.split(r"\n(?=[A-Za-z0-9])", re.sub(r"^#.*\n", "", TEXT, flags=re.MULTILINE).strip())
    assert len(pins) > 200
    wrong = [
        pin.splitlines()[0]
        for pin in pins
        if not re.fullmatch(r"[\w.\-]+==\S+( ; [^\\]+)?( \\\n    --hash=sha256:[0-9a-f]{64})+", pin)
    ]
    assert wrong == []
    plain = (ROOT / "constraints.txt").read_text().splitlines()
    names = [pin.splitlines()[0].removesuffix(" \\") for pin in pins]
    assert names == [line for line in plain if not line.startswith("#")]


def test_make_installs_with_hashes() -> None:
    makefile = (ROOT / "Makefile").read_text()
    (install,) = re.findall(r"^INSTALL = .*$", makefile, re.MULTILINE)
    assert install.endswith("-c constraints-hashes.txt")


@pytest.mark.parametrize("right", [True, False])
def test_a_file_with_another_hash_is_rejected(tmp_path: Path, right: bool) -> None:
    """Uv checks hashes in a constraints file without further options."""
    write_wheels({"thing==1.0": []}, tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest() if right else "0" * 64
    constraints, requirements = tmp_path / "constraints.txt", tmp_path / "requirements.txt"
    constraints.write_text(f"thing==1.0 --hash=sha256:{digest}\n")
    requirements.write_text("thing\n")
    command = [sys.executable, "-m", "uv", "pip", "install", "--target", str(tmp_path / "target")]
    command += ["--offline", "--no-index", "--no-cache", "--no-config", "--python", sys.executable]
    command += ["--find-links", str(tmp_path), "-r", str(requirements), "-c", str(constraints)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode == 0) is right, done.stderr
    assert ("Hash mismatch" in done.stderr) is not right
