"""The search for published weights, and the messages when it fails."""

import hashlib
import logging
import os
import threading
import time
from pathlib import Path
from typing import NoReturn

import pytest

from include.contracts.pretrained_weights import CATALOGUE, PackagedFile
from include.image_classification.container import MESSAGE_CHARACTERS, CommandError
from include.image_classification.training.pretrained import web_download
from include.image_classification.training.pretrained.catalogue import mirrors
from include.image_classification.training.pretrained.catalogue.find import find_weights
from tests.include.image_classification.training.pretrained.catalogue.published import (
    CONTENT,
    Mirror,
    entry_of,
    names,
    publish,
)

PACKAGE = PackagedFile("some-weights==1.0", "some_weights", "models/a.pth")


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    path = tmp_path / "temporary"
    path.mkdir()
    return path


@pytest.fixture
def packaged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of an installed package whose code must not be imported."""
    file = tmp_path / "packages" / PACKAGE.module / PACKAGE.path
    file.parent.mkdir(parents=True)
    file.write_bytes(CONTENT)
    (tmp_path / "packages" / PACKAGE.module / "__init__.py").write_text("import torch")
    monkeypatch.syspath_prepend(tmp_path / "packages")
    return file


def find(temporary: Path) -> Path:
    return find_weights("torchvision", 18, temporary)


def test_the_weights_folder_comes_first_then_the_package_then_the_web(
    monkeypatch: pytest.MonkeyPatch, mirror: Mirror, folder: Path, packaged: Path, temporary: Path
) -> None:
    publish(monkeypatch, entry_of(mirrors=(f"{mirror.url}/a",), package=PACKAGE))
    mirror.files["/a"] = CONTENT
    stored = folder / "resnet18.pth"
    folder.mkdir()
    stored.write_bytes(CONTENT)
    assert find(temporary) == stored
    stored.unlink()
    assert find(temporary) == packaged
    assert mirror.requested == []
    packaged.unlink()
    assert find(temporary) == stored
    assert stored.read_bytes() == CONTENT


def test_a_download_is_kept_in_the_weights_folder(
    monkeypatch: pytest.MonkeyPatch, mirror: Mirror, folder: Path, temporary: Path
) -> None:
    publish(monkeypatch, entry_of(mirrors=(f"{mirror.url}/a",)))
    mirror.files["/a"] = CONTENT
    assert find(temporary) == find(temporary) == folder / "resnet18.pth"
    assert mirror.requested == ["/a"]
    assert names(folder) == ["resnet18.pth"]
    assert names(temporary) == []


def test_a_download_logs_its_progress(
    monkeypatch: pytest.MonkeyPatch,
    mirror: Mirror,
    folder: Path,
    temporary: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(web_download, "SECONDS_BETWEEN_LINES", 0)
    caplog.set_level(logging.INFO)
    publish(monkeypatch, entry_of(mirrors=(f"{mirror.url}/a",), size=None))
    mirror.files["/a"] = CONTENT
    find(temporary)
    assert f"Downloading {mirror.url}/a to {folder}" in caplog.text
    assert "/a: 0.0 MB" in caplog.text


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (CONTENT[:-1], r"it has 16999 bytes instead of 17000"),
        (b"x" * len(CONTENT), rf"it has SHA-256 {hashlib.sha256(b'x' * 17000).hexdigest()} inst"),
    ],
)
def test_another_file_in_the_weights_folder_is_named_with_both_hashes(
    monkeypatch: pytest.MonkeyPatch,
    mirror: Mirror,
    folder: Path,
    temporary: Path,
    content: bytes,
    problem: str,
) -> None:
    publish(monkeypatch, entry_of(mirrors=(f"{mirror.url}/a",)))
    folder.mkdir()
    (folder / "resnet18.pth").write_bytes(content)
    message = rf"{folder}/resnet18\.pth is not the published file of resnet18: {problem}"
    with pytest.raises(CommandError, match=message) as raised:
        find(temporary)
    assert hashlib.sha256(CONTENT).hexdigest() in str(raised.value)
    assert "delete it, and run `make weights`" in str(raised.value)
    assert mirror.requested == []


def test_another_file_in_the_package_is_named(
    monkeypatch: pytest.MonkeyPatch, folder: Path, packaged: Path, temporary: Path
) -> None:
    publish(monkeypatch, entry_of(package=PACKAGE))
    packaged.write_bytes(CONTENT[1:])
    with pytest.raises(CommandError, match=rf"{packaged} is not the published file"):
        find(temporary)


def test_the_next_mirror_is_used_if_a_file_is_gone_or_another_one(
    monkeypatch: pytest.MonkeyPatch, mirror: Mirror, folder: Path, temporary: Path
) -> None:
    urls = tuple(f"{mirror.url}/{name}" for name in ("gone", "other", "cut", "a"))
    publish(monkeypatch, entry_of(mirrors=urls))
    mirror.files |= {"/other": CONTENT[::-1], "/cut": CONTENT[:-1], "/a": CONTENT}
    assert find(temporary).read_bytes() == CONTENT
    assert mirror.requested == ["/gone", "/other", "/cut", "/a"]
    assert names(folder) == ["resnet18.pth"]


def test_a_file_that_is_gone_from_all_mirrors_lists_them_and_every_way(
    monkeypatch: pytest.MonkeyPatch, mirror: Mirror, folder: Path, temporary: Path
) -> None:
    urls = (f"{mirror.url}/gone", f"{mirror.url}/other", f"{mirror.url}/large")
    publish(monkeypatch, entry_of(mirrors=urls, package=PACKAGE))
    mirror.files |= {"/other": CONTENT[::-1], "/large": CONTENT + b"x"}
    with pytest.raises(CommandError) as raised:
        find(temporary)
    message = str(raised.value)
    for part in (
        f"the weights resnet18.pth were not found: {folder} (PRETRAINED_WEIGHTS_FOLDER) does not",
        "the package some-weights==1.0 is not installed",
        f"{urls[0]}: 404 Not Found (the file is gone from there)",
        f"{urls[1]}: it is not the published file: it has SHA-256",
        f"{urls[2]}: it is larger than the limit of {len(CONTENT)} bytes",
        "run `make weights NETWORKS=resnet18`",
        "channel pretrained",
        "pretrained_model_uri (a path, s3:// or https://) and pretrained_model_sha256",
    ):
        assert part in message
    assert names(folder) == []


def test_without_a_network_every_way_is_listed(
    monkeypatch: pytest.MonkeyPatch, folder: Path, temporary: Path
) -> None:
    publish(monkeypatch, entry_of(mirrors=("https://mirror.invalid/a",)))
    with pytest.raises(CommandError, match=r"the download failed: https://mirror.invalid/a: "):
        find(temporary)
    assert names(folder) == []


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.name)
def test_the_message_is_not_truncated_in_a_job(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, temporary: Path, entry: object
) -> None:
    from include.contracts.pretrained_weights import PublishedWeights

    assert isinstance(entry, PublishedWeights)
    monkeypatch.setenv("PRETRAINED_WEIGHTS_FOLDER", str(tmp_path / ("x" * 100)))
    module = "include.image_classification.training.pretrained.catalogue.find.packaged_file"
    monkeypatch.setattr(module, lambda _: None)

    def refuse(url: str, *_: object) -> NoReturn:
        raise web_download.DownloadError("[Errno -3] Temporary failure in name resolution")

    monkeypatch.setattr(mirrors, "download", refuse)
    with pytest.raises(CommandError) as raised:
        find_weights(entry.network, entry.num_layers or 50, temporary)
    assert len(str(raised.value)) < MESSAGE_CHARACTERS - 100


def test_a_folder_that_cannot_be_written_to_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
    mirror: Mirror,
    tmp_path: Path,
    temporary: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("PRETRAINED_WEIGHTS_FOLDER", str(tmp_path / "file" / "weights"))
    publish(monkeypatch, entry_of(mirrors=(f"{mirror.url}/a",)))
    mirror.files["/a"] = CONTENT
    assert find(temporary) == temporary / "resnet18.pth"
    assert "cannot be written to (Not a directory): the download is not kept" in caplog.text


def test_a_full_disk_is_named(
    monkeypatch: pytest.MonkeyPatch, folder: Path, temporary: Path
) -> None:
    publish(monkeypatch, entry_of(mirrors=("https://mirror.invalid/a",)))

    def fail(*_: object) -> NoReturn:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(mirrors, "download", fail)
    with pytest.raises(CommandError, match=rf"cannot be stored in {folder}: No space left .* free"):
        find(temporary)
    assert names(folder) == []


def test_two_trainings_may_fill_the_folder_at_once(
    monkeypatch: pytest.MonkeyPatch, mirror: Mirror, folder: Path, tmp_path: Path
) -> None:
    """Both download at the same time: the mirror answers when both have sent their requests."""
    both = threading.Barrier(2, timeout=30)
    mirror.wait = both.wait
    mirror.files["/a"] = CONTENT
    publish(monkeypatch, entry_of(mirrors=(f"{mirror.url}/a",)))
    found: list[bytes] = []
    trainings = [
        threading.Thread(target=lambda: found.append(find(tmp_path).read_bytes())) for _ in range(2)
    ]
    for training in trainings:
        training.start()
    for training in trainings:
        training.join()
    assert found == [CONTENT, CONTENT]
    assert mirror.requested == ["/a", "/a"]
    assert names(folder) == ["resnet18.pth"]


def test_leftovers_of_killed_processes_are_deleted(
    monkeypatch: pytest.MonkeyPatch, mirror: Mirror, folder: Path, temporary: Path
) -> None:
    """The unfinished file of a running process is kept."""
    publish(monkeypatch, entry_of(mirrors=(f"{mirror.url}/a",)))
    mirror.files["/a"] = CONTENT
    folder.mkdir()
    old, new = folder / ".resnet18.pth.old.part", folder / ".resnet18.pth.new.part"
    for path in (old, new):
        path.touch()
    os.utime(old, (time.time() - 7200,) * 2)
    find(temporary)
    assert names(folder) == [new.name, "resnet18.pth"]
