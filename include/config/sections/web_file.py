"""A file on the web, in `source.urls`."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Any
from urllib.parse import unquote, urlparse

from pydantic import AfterValidator, Field, model_validator

from include.config.strict import Strict
from include.contracts.patterns import like


def _url(text: str) -> str:
    """Reject a URL to which no request can be sent."""
    try:
        parts = urlparse(text)
        usable = bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise ValueError(f"cannot be a URL: {error}") from None
    if not usable:
        raise ValueError("cannot be a URL: it names no host, or port 0")
    if "@" in parts.netloc:
        raise ValueError("a user or password in the URL is not supported: leave it out")
    return text


Url = Annotated[
    str,
    like(r"https?://[^\s/]+/\S*[^\s/]", "the URL of a file, such as https://example.com/cars.zip"),
    AfterValidator(_url),
]
FileName = Annotated[
    str, like(r"[^/\\]*[^/\\.][^/\\]*", "a file name without folders, such as cars.zip")
]
Sha256 = Annotated[str, like(r"[0-9a-f]{64}", "64 hexadecimal digits, as sha256sum prints them")]


class WebFile(Strict):
    """One file and its mirrors: a plain URL in the YAML is a file with one mirror.

    Attributes:
        name: The file's name in the source's folder; default: its name at the first mirror.
        mirrors: URLs, in the order in which they are tried.
        size: The file's size in bytes, if known.
        max_bytes: The maximum size in bytes if `size` is not known.
        sha256: The file's hash in hexadecimal, if known.
    """

    name: FileName | None = None
    mirrors: Annotated[list[Url], Field(min_length=1)]
    size: Annotated[int, Field(ge=1)] | None = None
    max_bytes: Annotated[int, Field(ge=1)] = 50_000_000_000
    sha256: Sha256 | None = None

    @property
    def largest(self) -> int:
        """The maximum size of the file in bytes."""
        return self.max_bytes if self.size is None else self.size

    @property
    def plain_mirrors(self) -> list[str]:
        """The mirrors without TLS, whose file can be changed in transit."""
        return [url for url in self.mirrors if url.startswith("http://")]

    @model_validator(mode="before")
    @classmethod
    def _accept_url_alone(cls, value: Any) -> Any:
        return {"mirrors": [value]} if isinstance(value, str) else value

    @property
    def file_name(self) -> str:
        """The file's name in the source's folder."""
        return self.name or PurePosixPath(unquote(urlparse(self.mirrors[0]).path)).name
