"""The key of encrypted objects is created once, and a damaged file is reported."""

from pathlib import Path

import pytest

from include.local_aws.errors import StartupError
from include.local_aws.storage.encryption import load_or_create_key


def test_the_key_is_created_once_with_mode_0600(tmp_path: Path) -> None:
    file = tmp_path / "sse.key"
    key = load_or_create_key(file)
    assert (len(key), load_or_create_key(file)) == (64, key)
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("content", [b"", b"0123", b"\0" * 64, b"\xff" * 64])
def test_a_file_without_a_key_is_named_and_kept(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "sse.key"
    file.write_bytes(content)
    with pytest.raises(StartupError, match=f"{file} does not contain a key.*restore it"):
        load_or_create_key(file)
    assert file.read_bytes() == content
