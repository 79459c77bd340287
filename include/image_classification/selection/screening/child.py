"""The child process that decodes untrusted photos, with limited memory and processor time.

Run as `python -m <this module> <bytes of memory> <seconds>`. It writes one JSON object per line to
its standard output, first `{"ready": true}`. It reads photos from its standard input, each as its
length (8 bytes) and its bytes. After a photo's header it writes `{"pixels": n, "problem": reason}`.
If the reason is null, it waits for one more byte, decodes the pixels, and writes
`{"problem": reason}`. It exits at the end of its standard input.
"""

from __future__ import annotations

import json
import math
import os
import resource
import struct
import sys
from collections.abc import Callable
from typing import IO, Any, TypeVar

from include.image_classification.selection.screening.check import header_problem, pixels_problem

Found = TypeVar("Found")
LENGTH = struct.Struct("<Q")


def main(arguments: list[str]) -> None:
    """Check photos until the end of the standard input."""
    memory, seconds = map(int, arguments)
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    _load_decoders()
    photos, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "w", encoding="utf-8")
    _answer(answers, ready=True)
    _silence()
    while len(length := photos.read(LENGTH.size)) == LENGTH.size:
        content = photos.read(LENGTH.unpack(length)[0])
        _limit_time(seconds)
        _check(photos, answers, content, memory)


def _check(photos: IO[bytes], answers: IO[str], content: bytes, memory: int) -> None:
    pixels, problem = _within(memory, lambda: header_problem(content), lambda text: (0, text))
    _answer(answers, pixels=pixels, problem=problem)
    if problem is None and photos.read(1):
        found = _within(memory, lambda: pixels_problem(content), lambda text: text)
        _answer(answers, problem=found)


def _within(memory: int, check: Callable[[], Found], reject: Callable[[str], Found]) -> Found:
    try:
        return check()
    except MemoryError:
        return reject(f"needs more than {memory >> 20} MB of memory to be decoded")


def _answer(answers: IO[str], **fields: Any) -> None:
    print(json.dumps(fields), file=answers, flush=True)


def _load_decoders() -> None:
    """Import the decoders, so that a missing library fails the start and not a photo."""
    import simplejpeg  # noqa: F401
    from PIL import Image, JpegImagePlugin, MpoImagePlugin, PngImagePlugin  # noqa: F401

    # The project's own limits are checked before decoding; Pillow's limit would only warn.
    Image.MAX_IMAGE_PIXELS = None


def _silence() -> None:
    """Discard what libraries print about untrusted photos."""
    null = os.open(os.devnull, os.O_WRONLY)
    for stream in (1, 2):
        os.dup2(null, stream)


def _limit_time(seconds: int) -> None:
    """Limit this process's processor time from now on; SIGXCPU ends it after the limit.

    The kernel sends SIGKILL at the hard limit, and the parent would interpret SIGKILL as a signal
    from outside. Therefore the soft limit stays below the hard limit.
    """
    used = resource.getrusage(resource.RUSAGE_SELF)
    limit = math.ceil(used.ru_utime + used.ru_stime) + seconds
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    soft = limit if hard == resource.RLIM_INFINITY else min(limit, max(hard - 1, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))


if __name__ == "__main__":
    main(sys.argv[1:])
