"""S3's door to other machines."""

import asyncio
import contextlib

_CHUNK = 256 * 1024  # bytes


class Gateway:
    """A TCP port that leads to another one on loopback, byte for byte.

    Wherever SeaweedFS opens S3 it also opens a gRPC port that asks for no credentials. So all of
    SeaweedFS stays on loopback, and this passes S3 alone on. The signature that SeaweedFS checks
    covers the Host header as the client sent it: nothing in between may rewrite it.
    """

    def __init__(self, bind: str, port: int) -> None:
        self.port = port
        self._bind = bind
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
                await asyncio.gather(_copy(reader, s3_writer), _copy(s3_reader, writer))


async def _copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Copy until the source ends, and tell the sink; a connection that breaks ends both ways."""
    try:
        while chunk := await source.read(_CHUNK):
            sink.write(chunk)
            await sink.drain()
        sink.write_eof()
    except OSError:
        sink.close()
