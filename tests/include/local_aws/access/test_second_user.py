"""A second user of the computer can access neither the API, nor the folder, nor objects."""

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

USER = f"la-{os.getpid()}"  # unique, as several test runs may share the computer
PYTHON = "/usr/bin/python3"  # the virtual environment may not be accessible for other users
needs_root = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("useradd") or not Path(PYTHON).exists(),
    reason=f"creating a second user requires root, useradd and {PYTHON}",
)


@pytest.fixture
def second_user() -> Iterator[str]:
    """A user without special permissions, for the test only."""
    subprocess.run(["useradd", "--system", "--no-create-home", "--user-group", USER], check=True)
    yield USER
    subprocess.run(["userdel", USER], check=True)


@pytest.fixture
def server() -> Iterator[LocalServer]:
    """A server in a folder that all users can enter, unlike pytest's folders."""
    with tempfile.TemporaryDirectory() as parent:
        os.chmod(parent, 0o755)
        with running(Path(parent) / "aws") as server:
            yield server


@needs_root
def test_a_second_user_gets_no_access(server: LocalServer, second_user: str) -> None:
    server.put("secret", a="private content")
    # The owner can read the object, so the errors below mean rejections and no outage.
    assert server.get(f"s3://{BUCKET}/secret/a.txt").decode() == "private content"
    ports = sorted(listening_ports(server.pid) - {server.port})
    assert len(ports) >= 8
    arguments = {
        "root": str(server.root),
        "port": server.port,
        "ports": ports,
        "bucket": BUCKET,
        "key": "secret/a.txt",
    }
    program = Path(__file__).with_name("second_user.py").read_text()
    done = subprocess.run(
        [PYTHON, "-I", "-c", program],
        input=json.dumps(arguments),
        user=second_user,
        group=second_user,
        extra_groups=[],
        cwd="/",
        env={},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["uid"] not in (0, os.getuid())
    assert result["accessible"] == []
    assert server.get(f"s3://{BUCKET}/secret/a.txt").decode() == "private content"
