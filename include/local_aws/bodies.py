"""Read a request's body once, bounded, and hand it on; leave no client stuck that still sends."""

import asyncio
from collections.abc import Iterable

from starlette.requests import Request
from starlette.types import Message, Receive, Send

LARGEST = 8 * 1024 * 1024  # bytes of a body: InvokeEndpoint, the largest, takes 6 MiB
_DISCARDED = 16 * 1024 * 1024  # bytes of a refused body that are read all the same
_PATIENCE = 2.0  # seconds for them


async def read(request: Request, largest: int = LARGEST) -> bytes | None:
    """The body, or None as soon as it is longer than `largest` bytes, or says that it will be."""
    if int(request.headers.get("content-length", 0)) > largest:
        return None
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > largest:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def replayed(body: bytes, receive: Receive) -> Receive:
    """`receive` of a request whose body has been read already."""
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return messages.pop() if messages else await receive()

    return replay


class Exchange:
    """One request and its answer, which may come before the body was read to its end.

    Then the connection is closed behind the answer; but first some of the rest is read and
    thrown away: a client that is cut off while it sends never sees the answer.
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
        """The next message of the request."""
        message = await self._receive()
        if not message.get("more_body", False):
            self._unread = False
        return message

    async def send(self, message: Message) -> None:
        """Send a message of the answer."""
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
            async with asyncio.timeout(_PATIENCE):
                while self._unread and size < _DISCARDED:
                    size += len((await self.receive()).get("body", b""))
        except TimeoutError:
            return
