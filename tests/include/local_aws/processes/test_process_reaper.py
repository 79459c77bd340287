"""The reaper's log: its size limit, and a temporarily full disk."""

import errno
import os
from pathlib import Path

import pytest

from include.local_aws.observability.logs import events, messages
from include.local_aws.processes import process_reaper


def test_disk_space_of_the_oldest_lines_is_freed_and_offsets_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_reaper, "_MAX_LOG_BYTES", 1 << 20)
    log, file = process_reaper.Log(str(tmp_path / "log")), tmp_path / "log"
    for number in range(4000):
        log.feed(b"%d %s\n" % (number, b"x" * 1000))
        if number == 3990:
            offset = file.stat().st_size
    log.close()
    assert file.stat().st_blocks * 512 < 2 << 20 < file.stat().st_size
    kept = [int(message.split()[0]) for message in messages(file)]
    assert kept == list(range(kept[0], 4000)), "the last lines, and only complete ones"
    assert 500 <= len(kept) <= 1100
    assert [e.message.split()[0] for e in events(file, offset)] == [
        str(number) for number in range(3991, 4000)
    ]


def test_lines_lost_on_a_full_disk_are_counted_and_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, file = process_reaper.Log(str(tmp_path / "log")), tmp_path / "log"
    log.feed(b"before\n")
    write = os.write

    def full(fd: int, data: bytes) -> int:
        if len(data) > 30:
            return write(fd, data[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    log.feed(b"short\n")
    log.feed(b"longer, and only a part will fit\n")
    monkeypatch.undo()
    log.feed(b"after\n")
    first, notice, last = messages(file)
    assert (first, last) == ("before", "after")
    assert notice == "local_aws: the disk was full: 67 bytes of this log are lost"
