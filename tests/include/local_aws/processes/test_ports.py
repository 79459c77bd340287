"""A server's addresses stay over restarts."""

import json
import socket
from pathlib import Path

import pytest

from include.local_aws.processes.ports import free_pairs, is_free, kept_pairs, kept_port


def test_a_port_is_kept_until_another_program_has_it(tmp_path: Path) -> None:
    file = tmp_path / "port.json"
    port = kept_port(file, "127.0.0.1")
    assert is_free(port)
    assert kept_port(file, "127.0.0.1") == port
    with socket.create_server(("127.0.0.1", port)):
        other = kept_port(file, "127.0.0.1")
    assert other != port
    assert kept_port(file, "127.0.0.1") == other


@pytest.mark.parametrize("content", [b"", b"[", b"null", b"70000", b"true", b'"x"', b"\xff", b"\0"])
def test_a_damaged_file_is_replaced_by_another_port(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "port.json"
    file.write_bytes(content)
    port = kept_port(file, "127.0.0.1")
    assert json.loads(file.read_text()) == port
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("content", ["", "{", "5", "{}", '{"a": 1}', '{"a": 1, "b": 60000}'])
def test_a_damaged_file_keeps_no_pairs(tmp_path: Path, content: str) -> None:
    file = tmp_path / "ports.json"
    assert kept_pairs(file, ["a", "b"]) is None
    file.write_text(content)
    assert kept_pairs(file, ["a", "b"]) is None
    whole = dict(zip("ab", free_pairs(2), strict=True))
    file.write_text(json.dumps(whole))
    assert kept_pairs(file, ["a", "b"]) == whole
