"""A server keeps its ports over restarts."""

import json
import socket
from pathlib import Path

import pytest

from include.local_aws.processes.ports import (
    choose_port_pairs,
    is_free,
    load_or_choose_port,
    load_port_pairs,
)


def test_a_port_is_kept_until_another_program_uses_it(tmp_path: Path) -> None:
    file = tmp_path / "port.json"
    port = load_or_choose_port(file, "127.0.0.1")
    assert is_free(port)
    assert load_or_choose_port(file, "127.0.0.1") == port
    with socket.create_server(("127.0.0.1", port)):
        other = load_or_choose_port(file, "127.0.0.1")
    assert other != port
    assert load_or_choose_port(file, "127.0.0.1") == other


@pytest.mark.parametrize("content", [b"", b"[", b"null", b"70000", b"true", b'"x"', b"\xff", b"\0"])
def test_a_damaged_file_is_replaced(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "port.json"
    file.write_bytes(content)
    port = load_or_choose_port(file, "127.0.0.1")
    assert json.loads(file.read_text()) == port
    assert file.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("content", ["", "{", "5", "{}", '{"a": 1}', '{"a": 1, "b": 60000}'])
def test_port_pairs_are_not_read_from_a_damaged_file(tmp_path: Path, content: str) -> None:
    file = tmp_path / "ports.json"
    assert load_port_pairs(file, ["a", "b"]) is None
    file.write_text(content)
    assert load_port_pairs(file, ["a", "b"]) is None
    pairs = dict(zip("ab", choose_port_pairs(2), strict=True))
    file.write_text(json.dumps(pairs))
    assert load_port_pairs(file, ["a", "b"]) == pairs
