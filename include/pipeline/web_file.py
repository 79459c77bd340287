"""A file on the web, as a pipeline's YAML names it."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Annotated, Any
from urllib.parse import unquote, urlparse

from pydantic import Field, model_validator

from include.pipeline.strict import Strict

Url = Annotated[str, Field(pattern=r"^https?://[^/]+/.*[^/]$")]


class WebFile(Strict):
    """One file, and where it can be had: a plain URL in the YAML is a file with one mirror.

    Attributes:
        name: What it is called in the source's folder; left out, as at its first mirror.
        mirrors: Where it is, in the order in which they are tried.
        size: Bytes, if known.
        sha256: Of the whole file, in hexadecimal, if known.
    """

    name: Annotated[str, Field(pattern=r"^[^/\\]*[^/\\.][^/\\]*$")] | None = None
    mirrors: Annotated[list[Url], Field(min_length=1)]
    size: Annotated[int, Field(ge=1)] | None = None
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")] | None = None

    @model_validator(mode="before")
    @classmethod
    def _a_url_is_a_file(cls, value: Any) -> Any:
        return {"mirrors": [value]} if isinstance(value, str) else value

    @property
    def file_name(self) -> str:
        """What the file is called in the source's folder."""
        return self.name or PurePosixPath(unquote(urlparse(self.mirrors[0]).path)).name
