"""Bodies of requests: reading with a limit, replay, and responses before the body's end."""

import asyncio
from collections.abc import Iterable

from starlette.requests import Request
from starlette.types import Message, Receive, Send

LARGEST = 8 * 1024 * 1024  # bytes of a body: InvokeEndpoint, the largest, takes 6 MiB
_DISCARDED = 16 * 1024 * 1024  # bytes of a refused body that are read before the end
_DISCARD_TIMEOUT = 2.0  # seconds


async def read(request: Request, largest: int = LARGEST) -> bytes | None:
    """Return the body, or None if it has, or announces, more than `largest` bytes."""
    if int(request.headers.get("content-length", 0)) > largest:
        return None
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > largest:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def replay(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that gives a body which has already been read, then what follows it."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive_again() -> Message:
        return messages.pop() if messages else await receive()

    return receive_again


class Exchange:
    """One request and its response, which may be sent before the body has been read completely.

    In that case the connection is closed after the response. Before that, a part of the rest is
    read and discarded, because a client that is disconnected while it sends does not read the
    response.
    """

    def __init__(
        self, headers: Iterable[tuple[bytes, bytes]], receive: Receive, send: Send
    ) -> None:
        self._receive = receive
        self._send = send
        self._unread = any(
            name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
            for name, value in headers
        )

    async def receive(self) -> Message:
        """Return the next message of the request."""
        message = await self._receive()
        if not message.get("more_body", False):
            self._unread = False
        return message

    async def send(self, message: Message) -> None:
        """Send a message of the response."""
        if not self._unread:
            await self._send(message)
        elif message["type"] == "http.response.start":
            headers = [*message.get("headers", []), (b"connection", b"close")]
            await self._send({**message, "headers": headers})
        elif message.get("more_body", False):
            await self._send(message)
        else:
            await self._send({**message, "more_body": True})
            await self._discard()
            await self._send({"type": "http.response.body", "body": b""})

    async def _discard(self) -> None:
        size = 0
        try:
            async with asyncio.timeout(_DISCARD_TIMEOUT):
                while self._unread and size < _DISCARDED:
                    size += len((await self.receive()).get("body", b""))
        except TimeoutError:
            return
