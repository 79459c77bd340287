"""What a killed server's children left must be gone before the next one starts."""

import subprocess
import sys
from pathlib import Path

from include.local_aws.processes.leftovers import end_leftovers, leftovers


def _sleeper(base: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-c", "print(flush=True); import time; time.sleep(60)"],
        env={"SAGEMAKER_BASE_DIR": str(base)},
        stdout=subprocess.PIPE,
    )


def test_only_what_belongs_to_the_folder_is_ended(tmp_path: Path) -> None:
    ours = _sleeper(tmp_path / "aws/work/training-job/a/ml")
    others = _sleeper(tmp_path / "aws2/work/training-job/a/ml")
    for process in (ours, others):
        assert process.stdout is not None
        process.stdout.readline()
    assert leftovers(tmp_path / "aws") == [ours.pid]
    assert leftovers(tmp_path / "aws2") == [others.pid]
    try:
        end_leftovers(tmp_path / "aws", moment=0)
        assert ours.wait(0) == -9
        assert others.poll() is None
    finally:
        others.kill()
        others.wait()
