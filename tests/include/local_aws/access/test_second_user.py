"""A second user of the machine reaches neither the API, nor the folder, nor the objects."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.include.local_aws.local_server import BUCKET, LocalServer, running
from tests.include.local_aws.storage.listening import listening_ports

USER = f"la-{os.getpid()}"  # a name of this run: several may share the machine
PYTHON = "/usr/bin/python3"  # this environment's may lie in a folder that is closed to others
needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("useradd") or not Path(PYTHON).exists(),
    reason=f"making a second user takes root, useradd and {PYTHON}",
)


@pytest.fixture
def stranger() -> Iterator[str]:
    """A user of no rights, who is there for the test only."""
    subprocess.run(["useradd", "--system", "--no-create-home", "--user-group", USER], check=True)
    yield USER
    subprocess.run(["userdel", USER], check=True)


@pytest.fixture
def server() -> Iterator[LocalServer]:
    """A server whose folder lies where everybody can come: pytest's own folders are closed."""
    with tempfile.TemporaryDirectory() as parent:
        os.chmod(parent, 0o755)
        with running(Path(parent) / "aws") as server:
            yield server


@needs_root
def test_they_get_nothing(server: LocalServer, stranger: str) -> None:
    server.put("secret", a="what nobody else may read")
    # The owner reads the key: what the stranger gets below are refusals, and no outage.
    assert server.get(f"s3://{BUCKET}/secret/a.txt").decode() == "what nobody else may read"
    ports = sorted(listening_ports(server.pid) - {server.port})
    assert len(ports) >= 8
    told = {
        "root": str(server.root),
        "port": server.port,
        "ports": ports,
        "bucket": BUCKET,
        "key": "secret/a.txt",
    }
    program = Path(__file__).with_name("stranger.py").read_text()
    tried = subprocess.run(
        [PYTHON, "-I", "-c", program],
        input=json.dumps(told),
        user=stranger,
        group=stranger,
        extra_groups=[],
        cwd="/",
        env={},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert tried.returncode == 0, tried.stderr
    said = json.loads(tried.stdout)
    assert said["uid"] not in (0, os.getuid())
    assert said["let_through"] == []
    assert server.get(f"s3://{BUCKET}/secret/a.txt").decode() == "what nobody else may read"
