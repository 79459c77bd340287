"""Copies of checkpoints while a program writes them."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from include.local_aws.containers import s3_mirror
from include.local_aws.containers.s3_mirror import S3Mirror
from tests.waiting import LONG


class ReplacingS3:
    """An S3 during whose uploads the program replaces the checkpoint."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self.uploaded: list[tuple[bytes, str]] = []
        self.called = threading.Event()

    def under(self, uri: str) -> Iterator[Any]:
        return iter(())

    def download(self, items: Any, directory: Path) -> int:
        return 0

    def upload_file(self, file: Path, uri: str) -> None:
        size = file.stat().st_size
        part = self._file.with_suffix(".part")
        part.write_bytes(b"next")
        os.replace(part, self._file)
        content = file.read_bytes()
        assert len(content) == size, "S3 waits for bytes that never come"
        self.uploaded.append((content, uri))
        self.called.set()


def test_a_checkpoint_that_is_replaced_during_its_copy_is_complete(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_mirror, "_INTERVAL", 0.02)
    folder = tmp_path / "checkpoints"
    file = folder / "state"
    objects: Any = ReplacingS3(file)
    with S3Mirror(objects, "s3://bucket/c/", folder):
        file.write_bytes(b"the first checkpoint")
        assert objects.called.wait(LONG)
    assert objects.uploaded[0] == (b"the first checkpoint", "s3://bucket/c/state")
    assert objects.uploaded[-1][0] == b"next", "what is there at the end is copied, too"
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoints"]
