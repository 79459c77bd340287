"""request.json and fetch.json: files on the web, and what the command `fetch` did with them."""

from __future__ import annotations

from pydantic import Field

from include.contracts.records.base import Record


class WebFileRequest(Record):
    """A file and its mirrors.

    `mirrors` are tried in their order. The file must have `size` bytes and this `sha256` if they
    are known; else it may have at most `max_bytes`.
    """

    name: str
    mirrors: list[str]
    size: int | None = None
    max_bytes: int
    sha256: str | None = None

    @property
    def largest(self) -> int:
        """The maximum size of the file in bytes."""
        return self.max_bytes if self.size is None else self.size


class FetchRequest(Record):
    """The files to fetch, and hosts and networks that are allowed though they are not public.

    It is stored in S3 until the job has ended, because the addresses may contain tokens, which a
    job's arguments would show.
    """

    files: list[WebFileRequest]
    allowed_hosts: str = ""


class FetchReport(Record):
    """The names of the files that were fetched, and of those that were unchanged."""

    stage: str = "fetch"
    fetched: list[str] = Field(default_factory=list)
    unchanged: list[str] = Field(default_factory=list)
    seconds: float | None = None
    created: str | None = None
