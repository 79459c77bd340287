"""The port of S3: forwards connections to SeaweedFS."""

import asyncio
import contextlib
import re

from include.local_aws.settings import Credentials
from include.local_aws.storage.kms_requests import (
    UNSUPPORTED_DEFAULT_RESPONSE,
    asks_for_kms,
    expects_continue,
    sets_default,
    sign_for_own_key,
)
from include.local_aws.storage.object_keys import changed_key_response

_CHUNK = 256 * 1024  # bytes
_MAX_HEAD_BYTES = 1024 * 1024 + 4096
"""Maximum bytes of a request's head: the default limit of Go's net/http.

The gateway has the same limit as SeaweedFS, so that it checks each head SeaweedFS accepts.
"""

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)[ \t]*\r\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)


class _NotForwarded(Exception):
    """The request is not forwarded; `response` is the answer to the client."""

    def __init__(self, response: bytes) -> None:
        super().__init__()
        self.response = response


class Gateway:
    """A TCP port that forwards to SeaweedFS's S3 on the loopback interface.

    SeaweedFS opens a gRPC port at each address of S3. Therefore it listens on the loopback
    interface only, and the gateway forwards S3. Requests are forwarded unchanged, except those for
    encryption by KMS; those for keys that SeaweedFS would change are answered here. SeaweedFS
    verifies signatures with the Host header that the client sent.
    """

    def __init__(self, bind: str, port: int, credentials: Credentials) -> None:
        self.port = port
        self._bind = bind
        self._credentials = credentials
        self._target = 0
        self._server: asyncio.Server | None = None

    async def start(self, target: int) -> None:
        """Listen, and forward all connections to the loopback port `target`."""
        self._target = target
        self._server = await asyncio.start_server(
            self._forward, self._bind, self.port, limit=_MAX_HEAD_BYTES
        )

    def close(self) -> None:
        """Stop listening."""
        if self._server is not None:
            self._server.close()

    async def _forward(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # The event loop cancels open connections at a stop; Python 3.11 would print the error.
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
        """Copy request by request while the start of the next request is known, then copy bytes."""
        try:
            while await self._copy_request(source, sink, client):
                pass
        except asyncio.IncompleteReadError as error:
            sink.write(error.partial)
        except asyncio.LimitOverrunError:
            pass  # SeaweedFS answers 431 to a head above _MAX_HEAD_BYTES, and closes the connection
        except _NotForwarded as refusal:
            client.write(refusal.response)
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
        """Copy a request; return False if its end is not known."""
        head = await source.readuntil(b"\r\n\r\n")
        if response := changed_key_response(head):
            raise _NotForwarded(response)
        if asks_for_kms(head):
            with contextlib.suppress(ValueError):  # the head is not HTTP, and SeaweedFS rejects it
                head = sign_for_own_key(head, self._credentials)
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
        _NotForwarded: The default is aws:kms, or the body is chunked or too long.
    """
    if length > _CHUNK or _CHUNKED.search(head):
        raise _NotForwarded(UNSUPPORTED_DEFAULT_RESPONSE)
    if expects_continue(head):
        # SeaweedFS sends a second 100, which HTTP allows (RFC 9110, section 15.2).
        client.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    body = await source.readexactly(length)
    if b"aws:kms" in body:
        raise _NotForwarded(UNSUPPORTED_DEFAULT_RESPONSE)
    return body


async def _discard(source: asyncio.StreamReader) -> None:
    """Read and discard what the client still sends.

    Closing a socket with unread bytes resets the connection, and the response may be lost.
    """
    with contextlib.suppress(OSError):
        while await source.read(_CHUNK):
            pass


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Copy until the end of the source, then end the sink; an error closes the sink."""
    try:
        while chunk := await source.read(_CHUNK):
            sink.write(chunk)
            await sink.drain()
        sink.write_eof()
    except OSError:
        sink.close()
