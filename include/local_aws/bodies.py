"""Read a request's body once, and hand it on."""

from starlette.requests import Request
from starlette.types import Message, Receive


async def read(request: Request, largest: int) -> bytes | None:
    """The body, or None as soon as it is longer than `largest` bytes."""
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
