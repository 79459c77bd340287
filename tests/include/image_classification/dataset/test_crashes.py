"""A killed refresh is completed by the next one in the same folders."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from include.image_classification.dataset.version.atomic_files import write_atomically
from include.image_classification.dataset.version.manifest import read_version
from tests.include.image_classification.dataset.refresh_runs import RefreshJob
from tests.include.image_classification.dataset.sample_sources import class_folders

COMMAND = [
    *(sys.executable, "-m", "include.image_classification", "refresh"),
    *("--layout", "class_folders", "--threads", "2"),
]


def start(job: RefreshJob) -> subprocess.Popen[bytes]:
    environment = os.environ | {"SAGEMAKER_BASE_DIR": str(job.base)}
    return subprocess.Popen(COMMAND, env=environment, stdout=subprocess.DEVNULL)


def whole(job: RefreshJob, name: str) -> bool:
    """Return whether a version is complete and its images match their hashes."""
    version = read_version(job.output / "versions" / name)
    for image in version.images:
        data = (job.output / "images" / image.key).read_bytes()
        assert hashlib.sha256(data).hexdigest() == image.sha256
    return version.name == name


def test_a_killed_refresh_is_completed_by_the_next(job: RefreshJob) -> None:
    class_folders(job.source, {"cat": 150, "dog": 150})
    report = job.run()
    expected = job.files("images", "versions", "quarantine")
    for name in expected:
        (job.output / name).unlink()
    stopped = 0
    for tenths in range(4, 40):
        process = start(job)
        time.sleep(tenths / 40)
        process.send_signal(signal.SIGKILL)
        stopped += process.wait() == -signal.SIGKILL
        finished = list((job.output / "versions").glob("*/dataset.json"))
        assert all(whole(job, path.parent.name) for path in finished)
        if finished:
            break
    assert stopped, "it was never stopped, so nothing was tried"
    assert start(job).wait() == 0
    assert whole(job, str(report["version"]))
    assert job.files("images", "versions", "quarantine") == expected


@pytest.mark.parametrize("left", [b"", b"half of an image"])
def test_an_incomplete_image_is_written_again(job: RefreshJob, left: bytes) -> None:
    class_folders(job.source, {"cat": 5, "dog": 5})
    report = job.run()
    image = job.output / "images" / job.version(report).images[0].key
    image.write_bytes(left)
    image.with_name(image.name + ".part").write_bytes(left)
    assert start(job).wait() == 0
    assert whole(job, str(report["version"]))
    assert not list(job.output.rglob("*.part"))


def test_a_file_is_complete_or_absent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def die(*_: object) -> None:
        raise KeyboardInterrupt

    write_atomically(tmp_path / "a", b"old")
    monkeypatch.setattr(os, "replace", die)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "a", b"new")
    assert (tmp_path / "a").read_bytes() == b"old"
