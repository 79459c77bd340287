"""Processes of a killed server are terminated before the next server starts."""

import subprocess
import sys
from pathlib import Path

from include.local_aws.processes.leftovers import find_leftovers, terminate_leftovers


def _sleeper(base: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", "print(flush=True); import time; time.sleep(60)"],
        env={"SAGEMAKER_BASE_DIR": str(base)},
        stdout=subprocess.PIPE,
    )


def test_only_processes_of_the_folder_are_terminated(tmp_path: Path) -> None:
    own = _sleeper(tmp_path / "aws/work/training-job/a/ml")
    others = _sleeper(tmp_path / "aws2/work/training-job/a/ml")
    for process in (own, others):
        assert process.stdout is not None
        process.stdout.readline()
    assert find_leftovers(tmp_path / "aws") == [own.pid]
    assert find_leftovers(tmp_path / "aws2") == [others.pid]
    try:
        terminate_leftovers(tmp_path / "aws", grace=0)
        assert own.wait(0) == -9
        assert others.poll() is None
    finally:
        others.kill()
        others.wait()
