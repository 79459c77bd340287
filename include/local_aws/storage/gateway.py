"""The port at which clients reach S3."""

import asyncio
import contextlib
import re

from include.local_aws.settings import Credentials
from include.local_aws.storage.kms_requests import (
    REFUSED_DEFAULT,
    asks_for_kms,
    expects_continue,
    sets_default,
    with_own_key,
)

_CHUNK = 256 * 1024  # bytes
_LONGEST_HEAD = 1024 * 1024 + 4096
"""Bytes of a request's head that SeaweedFS reads: the default limit of Go's net/http.

The gateway reads as many, so SeaweedFS accepts no head that the gateway did not check.
"""

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)[ \t]*\r\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)


class _Refused(Exception):
    """The request is not passed on; `REFUSED_DEFAULT` answers it."""


class Gateway:
    """A TCP port that leads to SeaweedFS's S3 on loopback.

    Wherever SeaweedFS opens S3 it also opens a gRPC port. So all of SeaweedFS stays on loopback,
    and this passes S3 alone on: byte for byte, but for requests that ask for encryption by KMS.
    The signature that SeaweedFS checks covers the Host header as the client sent it.
    """

    def __init__(self, bind: str, port: int, credentials: Credentials) -> None:
        self.port = port
        self._bind = bind
        self._credentials = credentials
        self._target = 0
        self._server: asyncio.Server | None = None

    async def start(self, target: int) -> None:
        """Listen, and lead every connection to the loopback port `target`."""
        self._target = target
        self._server = await asyncio.start_server(
            self._pass_on, self._bind, self.port, limit=_LONGEST_HEAD
        )

    def close(self) -> None:
        """Take no more connections."""
        if self._server is not None:
            self._server.close()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Cancelled is how the loop ends what is open at a stop; Python 3.11 would print that.
        ended = contextlib.suppress(OSError, asyncio.CancelledError)
        with ended, contextlib.closing(writer):
            s3_reader, s3_writer = await asyncio.open_connection(
                "127.0.0.1", self._target, limit=_CHUNK
            )
            with contextlib.closing(s3_writer):
                requests = self._copy_requests(reader, s3_writer, writer)
                await asyncio.gather(requests, _copy(s3_reader, writer))

    async def _copy_requests(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        client: asyncio.StreamWriter,
    ) -> None:
        """Copy request by request, as long as it is plain where the next one begins."""
        try:
            while await self._copy_request(source, sink, client):
                pass
        except asyncio.IncompleteReadError as rest:
            sink.write(rest.partial)
        except asyncio.LimitOverrunError:
            pass  # SeaweedFS answers 431 to a head above _LONGEST_HEAD, and closes the connection
        except _Refused:
            client.write(REFUSED_DEFAULT)
            sink.close()
            await _discard(source)
            return
        except OSError:
            sink.close()
            return
        await _copy(source, sink)

    async def _copy_request(
        self,
        source: asyncio.StreamReader,
        sink: asyncio.StreamWriter,
        client: asyncio.StreamWriter,
    ) -> bool:
        """Copy one request; false if its end is not known, or it switches to something else."""
        head = await source.readuntil(b"\r\n\r\n")
        if asks_for_kms(head):
            with contextlib.suppress(ValueError):  # a head that is no HTTP: SeaweedFS refuses it
                head = with_own_key(head, self._credentials)
        found = _LENGTH.search(head)
        left = int(found[1]) if found else 0
        if sets_default(head):
            head, left = head + await _default(head, left, source, client), 0
        sink.write(head)
        if _CHUNKED.search(head):
            return False
        while left:
            chunk = await source.read(min(left, _CHUNK))
            if not chunk:
                return False
            left -= len(chunk)
            sink.write(chunk)
            await sink.drain()
        return True


async def _default(
    head: bytes, length: int, source: asyncio.StreamReader, client: asyncio.StreamWriter
) -> bytes:
    """Return the body of a request that sets a bucket's default encryption.

    Raises:
        _Refused: The default is aws:kms, or the body is chunked or too long to be looked at.
    """
    if length > _CHUNK or _CHUNKED.search(head):
        raise _Refused
    if expects_continue(head):
        # SeaweedFS sends a second 100, which HTTP allows (RFC 9110, section 15.2).
        client.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = await source.readexactly(length)
    if b"aws:kms" in body:
        raise _Refused
    return body


async def _discard(source: asyncio.StreamReader) -> None:
    """Read and drop what the client still sends.

    A socket that is closed with unread bytes resets the connection, and the answer may be lost.
    """
    with contextlib.suppress(OSError):
        while await source.read(_CHUNK):
            pass


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Copy until the source ends, and tell the sink; a connection that breaks ends both ways."""
    try:
        while chunk := await source.read(_CHUNK):
            sink.write(chunk)
            await sink.drain()
        sink.write_eof()
    except OSError:
        sink.close()
