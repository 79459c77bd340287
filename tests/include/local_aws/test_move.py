"""A backup of the folder starts elsewhere, as docs/local_aws.md describes."""

import subprocess
from pathlib import Path

from tests.include.local_aws.local_server import BUCKET, LocalServer


def test_a_backup_starts_in_another_folder(tmp_path: Path) -> None:
    """The server was killed, and its unfinished job refers to files of the old folder."""
    old = LocalServer(tmp_path / "old/local-aws")
    old.start()
    old.s3.create_bucket(Bucket=BUCKET)
    data = old.put("data", a="1")
    done = old.train(data)
    old.wait_for_job("training", done)
    endpoint = old.endpoint(old.config(old.model(VERSION="1")))
    running = old.train(data, sleep="300")
    old.wait_for_log("training", running, "sleeping")
    old.kill()
    tar = ["tar", "--exclude=work", "-czf", str(tmp_path / "backup.tar.gz"), "local-aws"]
    subprocess.run(tar, cwd=tmp_path / "old", check=True)
    (tmp_path / "old/local-aws").rename(tmp_path / "gone")
    new = LocalServer(tmp_path / "new/local-aws")
    tar = ["tar", "-xzf", str(tmp_path / "backup.tar.gz")]
    subprocess.run(tar, cwd=tmp_path / "new", check=True)
    new.start()

    job = new.sagemaker.describe_training_job(TrainingJobName=done)
    assert job["TrainingJobStatus"] == "Completed"
    assert new.get(job["ModelArtifacts"]["S3ModelArtifacts"])
    assert "sleeping" in new.log("training", running)
    job = new.sagemaker.describe_training_job(TrainingJobName=running)
    assert job["TrainingJobStatus"] == "Failed"
    assert new.wait_for_endpoint(endpoint)["EndpointStatus"] == "InService"
    assert new.invoke(endpoint, b"1")["version"] == "1"
    assert new.stop() == 0
    assert not (tmp_path / "old/local-aws").exists()
