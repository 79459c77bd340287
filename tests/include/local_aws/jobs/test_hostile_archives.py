"""Archives that would write outside their folder or never end are refused on all Pythons."""

import io
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from include.local_aws.containers.archives import unpack
from include.local_aws.errors import JobFailure

Member = tuple[str, bytes, str]
"""The name of a member, its type in tarfile, and the target of a link."""

_LONG = "d" * 247  # sixteen of them exceed PATH_MAX, which realpath cannot resolve


def _escaping_chain() -> list[Member]:
    """CVE-2025-4517: a chain of links whose real path is too long to be resolved.

    `escape` seems to lead below the archive's folder, and leads above it.
    """
    members: list[Member] = []
    folder = ""
    for step in "abcdefghijklmnop":
        members.append((folder + _LONG, tarfile.DIRTYPE, ""))
        members.append((folder + step, tarfile.SYMTYPE, _LONG))
        folder += f"{_LONG}/"
    chain = "/".join("abcdefghijklmnop") + "/" + "l" * 254
    members.append((chain, tarfile.SYMTYPE, "../" * 16))
    members.append(("escape", tarfile.SYMTYPE, f"{chain}/../outside"))
    return members


def _tar(path: Path, members: list[Member], content: bytes = b"") -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, kind, target in members:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, target
            member.size = len(content) if kind == tarfile.REGTYPE else 0
            tar.addfile(member, io.BytesIO(content))
    return path


FILE, LINK, HARD, FOLDER = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE
HOSTILE: dict[str, list[Member]] = {
    "a chain of links longer than PATH_MAX": [
        *_escaping_chain(),
        ("written", HARD, "escape/victim"),
        ("written", FILE, ""),
    ],
    "a file through a chain of links": [*_escaping_chain(), ("escape/new", FILE, "")],
    "a folder through a chain of links": [*_escaping_chain(), ("escape/new", FOLDER, "")],
    "a link inside": [("file", FILE, ""), ("link", LINK, "file")],
    "a link out": [("link", LINK, "/etc/passwd")],
    "a file below a link": [("link", LINK, "../outside"), ("link/new", FILE, "")],
    "a file that replaces a link": [("link", LINK, "../outside/victim"), ("link", FILE, "")],
    "a hard link out": [("hard", HARD, "../outside/victim"), ("hard", FILE, "")],
    "an absolute hard link": [("hard", HARD, "/etc/passwd")],
    "a hard link to a later link": [("hard", HARD, "later"), ("later", LINK, "../outside")],
    "a hard link to itself": [("hard", HARD, "hard")],
    "dots": [("folder/../../outside/new", FILE, "")],
    "dots inside": [("folder/../file", FILE, "")],
    "an absolute path": [("/outside/new", FILE, "")],
    "a device": [("null", tarfile.CHRTYPE, "")],
    "a block device": [("disk", tarfile.BLKTYPE, "")],
    "a pipe": [("pipe", tarfile.FIFOTYPE, "")],
    "an unknown type": [("what", b"Z", "")],
    "a long name": [("n" * 256, FILE, "")],
    "a long path": [("/".join(["n" * 100] * 60), FILE, "")],
    "a deep path": [("d/" * 500 + "file", FILE, "")],
    "a file where a folder is": [("a", FOLDER, ""), ("a", FILE, "")],
    "a folder where a file is": [("a", FILE, ""), ("a", FOLDER, "")],
    "a file below a file": [("a", FILE, ""), ("a/b", FILE, "")],
    "the folder itself as a file": [(".", FILE, "")],
}


@pytest.mark.parametrize("members", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_archive_is_refused_and_writes_nothing_outside_its_folder(
    tmp_path: Path, members: list[Member]
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir(mode=0o700)
    (outside / "victim").write_text("as it was")
    archive = _tar(tmp_path / "a.tar.gz", members, b"changed")
    with pytest.raises(JobFailure, match=r"^ClientError: Cannot unpack s3://b/k: ") as refused:
        unpack(archive, tmp_path / "out", "s3://b/k")
    assert "  " not in str(refused.value)
    assert os.listdir(outside) == ["victim"]
    assert (outside / "victim").read_text() == "as it was"
    assert outside.stat().st_mode & 0o777 == 0o700
    assert not [path for path in (tmp_path / "out").rglob("*") if path.is_symlink()]


def _pax_headers(path: Path) -> None:
    """Make tarfile read headers recursively."""
    header = tarfile.TarInfo("name")
    header.type = tarfile.XHDTYPE
    with tarfile.open(path, "w:gz") as tar:
        for _ in range(3000):
            tar.addfile(header)


def _negative_size(path: Path) -> None:
    """CVE-2025-8194: the next header is the same header."""
    header = tarfile.TarInfo("name")
    header.size = -512
    with tarfile.open(path, "w:gz") as tar:
        tar.addfile(tarfile.TarInfo("first"))
        tar.fileobj.write(header.tobuf(tarfile.GNU_FORMAT))


def _holes_outside(path: Path) -> None:
    """A sparse file whose data begin a terabyte after its end."""
    header = tarfile.TarInfo("name")
    header.type = tarfile.GNUTYPE_SPARSE
    block = bytearray(header.tobuf(tarfile.GNU_FORMAT))
    block[386:410] = b"%011o\0%011o\0" % (1 << 32, 1)
    block[483:495] = b"%011o\0" % 1
    block[148:156] = b"%06o\0 " % (sum(block[:148] + block[156:512]) + 256)
    with tarfile.open(path, "w:gz") as tar:
        tar.fileobj.write(bytes(block))


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (_pax_headers, "recursion"),
        (_negative_size, "'name' has a negative size"),
        (_holes_outside, "'name' has a damaged map of its holes"),
    ],
)
def test_an_archive_with_hostile_headers_is_refused(
    tmp_path: Path, make: Callable[[Path], None], reason: str
) -> None:
    make(tmp_path / "a.tar.gz")
    with pytest.raises(JobFailure, match=rf"^ClientError: Cannot unpack s3://b/k: .*{reason}"):
        unpack(tmp_path / "a.tar.gz", tmp_path / "out", "s3://b/k")


def test_the_error_for_a_symbolic_link_names_the_fix(tmp_path: Path) -> None:
    """SageMaker's hosting refuses such an archive, too."""
    archive = _tar(tmp_path / "a.tar.gz", HOSTILE["a link inside"])
    with pytest.raises(JobFailure, match=r"'link' is a symbolic link to 'file'.*--dereference"):
        unpack(archive, tmp_path / "out", "s3://b/k")
