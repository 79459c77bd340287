"""The key of encrypted objects is made once, and a damaged one is named."""

from pathlib import Path

import pytest

from include.local_aws.errors import StartupError
from include.local_aws.storage.encryption import kept_key


def test_it_is_made_once_and_closed_to_others(tmp_path: Path) -> None:
    file = tmp_path / "sse.key"
    key = kept_key(file)
    assert (len(key), kept_key(file)) == (64, key)
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("content", [b"", b"0123", b"\0" * 64, b"\xff" * 64])
def test_a_file_without_a_key_is_named_and_kept(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "sse.key"
    file.write_bytes(content)
    with pytest.raises(StartupError, match=f"{file} holds no key.*restore the file from a backup"):
        kept_key(file)
    assert file.read_bytes() == content
