"""The port at which clients reach S3."""

import asyncio
import contextlib
import re

from include.local_aws.settings import Credentials
from include.local_aws.storage.kms_requests import (
    REFUSED_DEFAULT,
    asks_for_kms,
    sets_default,
    with_own_key,
)

_CHUNK = 256 * 1024  # bytes, and the longest head of a request
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
            self._pass_on, self._bind, self.port, limit=_CHUNK
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
            while await self._copy_request(source, sink):
                pass
        except asyncio.IncompleteReadError as rest:
            sink.write(rest.partial)
        except asyncio.LimitOverrunError:
            pass  # SeaweedFS refuses such a head
        except _Refused:
            client.write(REFUSED_DEFAULT)
            sink.close()
            return
        except OSError:
            sink.close()
            return
        await _copy(source, sink)

    async def _copy_request(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> bool:
        """Copy one request; false if its end is not known, or it switches to something else."""
        head = await source.readuntil(b"\r\n\r\n")
        if asks_for_kms(head):
            with contextlib.suppress(ValueError):  # a head that is no HTTP: SeaweedFS refuses it
                head = with_own_key(head, self._credentials)
        found = _LENGTH.search(head)
        left = int(found[1]) if found else 0
        if sets_default(head) and left <= _CHUNK:
            body = await source.readexactly(left)
            if b"aws:kms" in body:
                raise _Refused
            head, left = head + body, 0
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


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Copy until the source ends, and tell the sink; a connection that breaks ends both ways."""
    try:
        while chunk := await source.read(_CHUNK):
            sink.write(chunk)
            await sink.drain()
        sink.write_eof()
    except OSError:
        sink.close()
