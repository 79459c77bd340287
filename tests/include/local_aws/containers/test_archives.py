"""Archives cannot write outside their folder."""

import io
import os
import tarfile
from pathlib import Path

import pytest

from include.local_aws.containers import archives
from include.local_aws.containers.archives import pack, unpack
from include.local_aws.errors import JobFailure


def _archive(path: Path, member: tarfile.TarInfo, content: bytes = b"") -> Path:
    with tarfile.open(path, "w:gz") as tar:
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return path


def test_a_packed_folder_is_unpacked(tmp_path: Path) -> None:
    (tmp_path / "in/deep").mkdir(parents=True)
    (tmp_path / "in/deep/file").write_text("1")
    pack([tmp_path / "in"], tmp_path / "a.tar.gz")
    unpack(tmp_path / "a.tar.gz", tmp_path / "out", "s3://b/k")
    assert (tmp_path / "out/deep/file").read_text() == "1"


def test_a_member_outside_the_folder_is_refused(tmp_path: Path) -> None:
    archive = _archive(tmp_path / "a.tar.gz", tarfile.TarInfo("../escape"), b"1")
    with pytest.raises(JobFailure, match="Cannot unpack s3://b/k"):
        unpack(archive, tmp_path / "out", "s3://b/k")
    assert not (tmp_path / "escape").exists()


def test_hard_links_to_files_inside_are_packed_and_unpacked(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "in/epoch-9").write_text("1")
    (tmp_path / "in/best").hardlink_to(tmp_path / "in/epoch-9")
    pack([tmp_path / "in"], tmp_path / "a.tar.gz")
    unpack(tmp_path / "a.tar.gz", tmp_path / "out", "s3://b/k")
    assert (tmp_path / "out/best").read_text() == (tmp_path / "out/epoch-9").read_text() == "1"


def test_pipes_among_outputs_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "in/deep").mkdir(parents=True)
    (tmp_path / "in/deep/file").write_text("1")
    os.mkfifo(tmp_path / "in/deep/pipe")
    pack([tmp_path / "in"], tmp_path / "a.tar.gz")
    with tarfile.open(tmp_path / "a.tar.gz") as tar:
        assert tar.getnames() == ["deep", "deep/file"]


def test_a_plain_tar_is_refused_as_on_sagemaker(tmp_path: Path) -> None:
    """A model that fails on AWS must fail locally, too."""
    with tarfile.open(tmp_path / "a.tar", "w") as tar:
        tar.addfile(tarfile.TarInfo("file"))
    with pytest.raises(JobFailure, match="Cannot unpack s3://b/k: Not a gzipped file"):
        unpack(tmp_path / "a.tar", tmp_path / "out", "s3://b/k")


def test_an_archive_larger_than_the_free_space_is_refused_before_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = _archive(tmp_path / "a.tar.gz", tarfile.TarInfo("zeros"), bytes(1_000_000))
    assert archive.stat().st_size < 10_000
    monkeypatch.setattr(archives, "_MOST_BYTES", 999_999)
    with pytest.raises(JobFailure, match="more than there is room for"):
        unpack(archive, tmp_path / "out", "s3://b/k")
    assert not (tmp_path / "out/zeros").exists()
    monkeypatch.setattr(archives, "_MOST_BYTES", 1_000_000)
    unpack(archive, tmp_path / "out", "s3://b/k")
    monkeypatch.setattr(archives, "_MOST_MEMBERS", 0)
    with pytest.raises(JobFailure, match="more than 0 files"):
        unpack(archive, tmp_path / "out", "s3://b/k")


def test_a_header_that_would_fill_the_memory_is_refused(tmp_path: Path) -> None:
    """Tarfile reads headers completely, and 20 MB of zeros take 20 kB in an archive."""
    header = tarfile.TarInfo("name")
    header.type = tarfile.XHDTYPE
    archive = _archive(tmp_path / "a.tar.gz", header, bytes(20 * 1024**2))
    with pytest.raises(JobFailure, match="a header is longer than any name could be"):
        unpack(archive, tmp_path / "out", "s3://b/k")


@pytest.mark.parametrize("at", [12, 60])
def test_a_damaged_archive_is_refused_by_name(tmp_path: Path, at: int) -> None:
    archive = _archive(tmp_path / "a.tar.gz", tarfile.TarInfo("file"), bytes(range(256)) * 9)
    content = bytearray(archive.read_bytes())
    content[at : at + 8] = b"\xff" * 8
    archive.write_bytes(content)
    with pytest.raises(JobFailure, match="Cannot unpack s3://b/k"):
        unpack(archive, tmp_path / "out", "s3://b/k")


def test_a_file_that_is_not_an_archive_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "a.tar.gz").write_bytes(b"no archive")
    with pytest.raises(JobFailure, match=r"Cannot unpack s3://b/model\.tar\.gz"):
        unpack(tmp_path / "a.tar.gz", tmp_path / "out", "s3://b/model.tar.gz")
