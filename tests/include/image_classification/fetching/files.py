"""Files on the web, and their content."""

import hashlib
import random
from typing import Any

from include.config.sections.web_file import WebFile

CONTENT = random.Random(1).randbytes(3500)
OTHER = random.Random(2).randbytes(3500)


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def web_file(*urls: str, **more: Any) -> WebFile:
    return WebFile(mirrors=list(urls), **more)
