"""Connections to model servers: kept, opened anew when they were closed, never trusted blindly."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from include.local_aws.api.endpoints.connections import Answer, ModelConnections, NoAnswer

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Said: it\r\n\r\nok"
CHUNKED = b"HTTP/1.1 400 No\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n"
CLOSING = b"HTTP/1.0 200 OK\r\n\r\nok"
CUT_OFF = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok"
NO_HTTP = b"ready to serve\r\n\r\n"


class ModelServer:
    """Answers each request with the same bytes; `closes` ends the connection afterwards."""

    def __init__(self, answer: bytes, *, closes: bool = False) -> None:
        self.answer = answer
        self.closes = closes
        self.connections = 0
        self.requests: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                self.requests.append(head + await reader.readexactly(length))
                writer.write(self.answer)
                await writer.drain()
                if self.closes:
                    return
        except asyncio.IncompleteReadError:
            return
        finally:
            writer.close()


def talk(server: ModelServer, say: Callable[[ModelConnections, int], Awaitable[None]]) -> None:
    async def both() -> None:
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        connections = ModelConnections()
        try:
            await say(connections, listening.sockets[0].getsockname()[1])
        finally:
            await connections.close()
            listening.close()

    asyncio.run(both())


def answers(server: ModelServer, count: int, pause: float = 0.0) -> list[Answer]:
    found: list[Answer] = []

    async def ask(connections: ModelConnections, port: int) -> None:
        for _ in range(count):
            found.append(await connections.post(port, {"content-type": "image/jpeg"}, b"photo"))
            await asyncio.sleep(pause)

    talk(server, ask)
    return found


def test_a_connection_is_kept_and_the_request_arrives_whole() -> None:
    server = ModelServer(PLAIN)
    first, *_ = answers(server, 3)
    assert (first.status, first.body, first.headers["x-said"]) == (200, b"ok", "it")
    assert server.connections == 1
    assert server.requests[2].startswith(b"POST /invocations HTTP/1.1\r\n")
    assert server.requests[2].endswith(b"content-type: image/jpeg\r\n\r\nphoto")


@pytest.mark.parametrize(
    ("answer", "closes", "status", "connections"),
    [(CHUNKED, False, 400, 1), (CLOSING, True, 200, 2), (PLAIN, True, 200, 2)],
)
def test_answers_of_every_length_are_read_to_their_end(
    answer: bytes, closes: bool, status: int, connections: int
) -> None:
    server = ModelServer(answer, closes=closes)
    found = answers(server, 2)
    assert [(each.status, each.body) for each in found] == [(status, b"ok")] * 2
    assert server.connections == connections


def test_a_connection_that_the_server_closed_meanwhile_fails_no_request() -> None:
    server = ModelServer(PLAIN, closes=True)
    assert len(answers(server, 2, pause=0.05)) == 2
    assert len(server.requests) == 2


@pytest.mark.parametrize("answer", [CUT_OFF, NO_HTTP, b""])
def test_what_is_no_whole_answer_is_none(answer: bytes) -> None:
    with pytest.raises(NoAnswer):
        answers(ModelServer(answer, closes=True), 1)


def test_headers_that_http_does_not_have_are_refused_by_name() -> None:
    async def ask(connections: ModelConnections, port: int) -> None:
        with pytest.raises(NoAnswer, match="headers cannot be passed on"):
            await connections.post(port, {"accept": "a\nb"}, b"")

    talk(ModelServer(PLAIN), ask)
