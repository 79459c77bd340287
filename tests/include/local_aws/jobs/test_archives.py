"""Archives from elsewhere cannot write where they should not."""

import io
import tarfile
from pathlib import Path

import pytest

from include.local_aws.errors import JobFailure
from include.local_aws.jobs.archives import pack, unpack


def _archive(path: Path, member: tarfile.TarInfo, content: bytes = b"") -> Path:
    with tarfile.open(path, "w:gz") as tar:
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return path


def test_what_is_packed_is_unpacked(tmp_path: Path) -> None:
    (tmp_path / "in/deep").mkdir(parents=True)
    (tmp_path / "in/deep/file").write_text("1")
    pack([tmp_path / "in"], tmp_path / "a.tar.gz")
    unpack(tmp_path / "a.tar.gz", tmp_path / "out", "s3://b/k")
    assert (tmp_path / "out/deep/file").read_text() == "1"


def test_a_member_that_leads_out_is_refused(tmp_path: Path) -> None:
    archive = _archive(tmp_path / "a.tar.gz", tarfile.TarInfo("../escape"), b"1")
    with pytest.raises(JobFailure, match="Cannot unpack s3://b/k"):
        unpack(archive, tmp_path / "out", "s3://b/k")
    assert not (tmp_path / "escape").exists()


def test_a_link_that_leads_out_is_refused(tmp_path: Path) -> None:
    link = tarfile.TarInfo("link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    with pytest.raises(JobFailure, match="Cannot unpack"):
        unpack(_archive(tmp_path / "a.tar.gz", link), tmp_path / "out", "s3://b/k")


def test_what_is_no_archive_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "a.tar.gz").write_bytes(b"no archive")
    with pytest.raises(JobFailure, match=r"Cannot unpack s3://b/model\.tar\.gz"):
        unpack(tmp_path / "a.tar.gz", tmp_path / "out", "s3://b/model.tar.gz")
