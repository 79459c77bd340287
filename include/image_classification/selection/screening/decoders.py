"""Child processes that decode untrusted photos, without access to the job's credentials.

The processes have neither the command's environment nor its memory. A photo that crashes its
process is rejected with this reason, and the next photo gets a new process. If a process is killed
from outside, no photo is rejected: the job fails.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
from types import TracebackType
from typing import Any

from include.contracts.limits import MAX_PIXELS
from include.image_classification.container import CommandError
from include.image_classification.selection.screening.budget import Budget
from include.image_classification.selection.screening.child import LENGTH

CHILD = "include.image_classification.selection.screening.child"
PROCESSES = 4

MEMORY = 2 << 30
"""The address space of one process in bytes. A progressive JPEG of 100 million pixels in four
colors needs the most, 1.3 GB."""

SECONDS = 120
"""The processor time for one photo."""

KEPT_VARIABLES = ("PATH", "LD_LIBRARY_PATH", "LANG", "LC_ALL", "TMPDIR")
"""The child's environment variables: others lead to the
credentials of the job's role."""


FROM_OUTSIDE = frozenset({signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP})
"""Signals that are not caused by the photo, but by the kernel's OOM killer or by a job that is
stopped. A photo ends its process by MemoryError, SIGXCPU, SIGSEGV or SIGABRT."""


class DecoderError(CommandError):
    """The decoding process does not start, or was killed from outside; no photo is rejected."""


class _DiedError(Exception):
    """The process ended without a result; the text is the reason for rejecting the photo."""


class Decoder:
    """A child process that is started at its first photo. It is not thread-safe."""

    def __init__(self, memory: int = MEMORY, seconds: int = SECONDS) -> None:
        """Create a decoder with this much memory, in bytes, and processor time for each photo."""
        self._memory, self._seconds = memory, seconds
        self.process: subprocess.Popen[bytes] | None = None

    def problem(self, content: bytes, pixels: Budget) -> str | None:
        """Return why a photo is rejected, or None.

        Args:
            content: The photo's bytes.
            pixels: The budget of pixels that all processes together decode at the same time.

        Raises:
            DecoderError: The process cannot be started, or was killed from outside.
        """
        process = self.process or self._start()
        try:
            header = self._ask(process, LENGTH.pack(len(content)) + content)
            if header["problem"] is not None:
                return str(header["problem"])
            with pixels.taken(header["pixels"]):
                found: str | None = self._ask(process, b"!")["problem"]
                return found
        except _DiedError as reason:
            self.close()
            return str(reason)
        except DecoderError:
            self.close()
            raise

    def close(self) -> None:
        """End the process."""
        if self.process is None:
            return
        with self.process as process:
            process.kill()
            assert process.stdin is not None
            # Closing flushes bytes that have not been sent.
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
        self.process = None

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-P", "-m", CHILD, str(self._memory), str(self._seconds)]
        self.process = process = subprocess.Popen(
            command,
            env=_environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout is not None
        assert process.stderr is not None
        if not process.stdout.readline():
            output = process.stderr.read().decode(errors="replace").strip() or "no output"
            self.close()
            raise DecoderError(f"{CHILD}, which decodes incoming photos, does not start: {output}")
        return process

    def _ask(self, process: subprocess.Popen[bytes], request: bytes) -> dict[str, Any]:
        """Send bytes, and return the result.

        Raises:
            _DiedError: The process ended because of the photo.
            DecoderError: The process was killed from outside.
        """
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            process.stdin.write(request)
            process.stdin.flush()
            answer = process.stdout.readline()
        except BrokenPipeError:
            answer = b""
        if not answer:
            raise _DiedError(self._reason(process.wait()))
        return dict(json.loads(answer))

    def _reason(self, status: int) -> str:
        """Return why a photo that ended the process is rejected.

        Raises:
            DecoderError: A signal from outside ended the process.
        """
        if status == -signal.SIGXCPU:
            return f"needs more than {self._seconds} s of processor time to be decoded"
        if -status in FROM_OUTSIDE:
            raise DecoderError(
                f"{CHILD}, which decodes incoming photos, was killed by"
                f" {signal.Signals(-status).name} from outside, for example because the instance"
                " ran out of memory. No photo is rejected for this reason: clear submit_select and"
                " its downstream tasks; if it fails again, use a larger instance in batch.instance"
            )
        how = f"by signal {signal.Signals(-status).name}" if status < 0 else f"with status {status}"
        return f"cannot be decoded: the process that decoded it ended {how}"


class Decoders:
    """Several decoders for several threads, which share a budget of pixels."""

    def __init__(
        self,
        processes: int = PROCESSES,
        pixels: Budget | None = None,
        memory: int = MEMORY,
        seconds: int = SECONDS,
    ) -> None:
        """Create the decoders; each process is started at its first photo."""
        self._pixels = pixels or Budget(MAX_PIXELS)
        self._all = [Decoder(memory, seconds) for _ in range(processes)]
        self._free: queue.LifoQueue[Decoder] = queue.LifoQueue()
        for decoder in self._all:
            self._free.put(decoder)

    def problem(self, content: bytes) -> str | None:
        """Return why a photo is rejected, or None; wait for a free process.

        Raises:
            DecoderError: A process cannot be started, or was killed from outside.
        """
        decoder = self._free.get()
        try:
            return decoder.problem(content, self._pixels)
        finally:
            self._free.put(decoder)

    def __enter__(self) -> Decoders:
        """Return the decoders."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End all processes."""
        for decoder in self._all:
            decoder.close()


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in KEPT_VARIABLES if name in os.environ}
    return {
        **kept,
        "PYTHONPATH": os.pathsep.join(os.path.abspath(entry) for entry in sys.path),
        "PYTHONDONTWRITEBYTECODE": "1",
        # Unused threads of these libraries would need address space.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
    }
