"""A server's addresses stay over restarts."""

import socket
from pathlib import Path

from include.local_aws.processes.ports import is_free, kept_port


def test_a_port_is_kept_until_another_program_has_it(tmp_path: Path) -> None:
    file = tmp_path / "port.json"
    port = kept_port(file, "127.0.0.1")
    assert is_free(port)
    assert kept_port(file, "127.0.0.1") == port
    with socket.create_server(("127.0.0.1", port)):
        other = kept_port(file, "127.0.0.1")
    assert other != port
    assert kept_port(file, "127.0.0.1") == other
