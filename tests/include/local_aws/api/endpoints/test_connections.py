"""Connections to model servers: kept alive, and replaced when the server closed them."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from include.local_aws.api.endpoints.connections import Answer, ModelConnections, NoAnswer

PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Model: it\r\n\r\nok"
CHUNKED = b"HTTP/1.1 400 No\r\nTransfer-Encoding: chunked\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n"
CLOSING = b"HTTP/1.0 200 OK\r\n\r\nok"
CUT_OFF = b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\nok"
NO_HTTP = b"ready to serve\r\n\r\n"


class ModelServer:
    """A server that gives the same answer to each request.

    Args:
        answer: The bytes of the answer.
        closes: Close each connection after an answer.
        drops: Close each connection when its second request has arrived, without an answer.
    """

    def __init__(self, answer: bytes, *, closes: bool = False, drops: bool = False) -> None:
        self.answer = answer
        self.closes = closes
        self.drops = drops
        self.connections = 0
        self.requests: list[bytes] = []

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        answered = 0
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                self.requests.append(head + await reader.readexactly(length))
                if self.drops and answered:
                    return
                writer.write(self.answer)
                await writer.drain()
                answered += 1
                if self.closes:
                    return
        except asyncio.IncompleteReadError:
            return
        finally:
            writer.close()


def run_client(
    server: ModelServer, client: Callable[[ModelConnections, int], Awaitable[None]]
) -> None:
    async def run() -> None:
        listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
        connections = ModelConnections()
        try:
            await client(connections, listening.sockets[0].getsockname()[1])
        finally:
            await connections.close()
            listening.close()

    asyncio.run(run())


def post(
    server: ModelServer, count: int, pause: float = 0.0, body: bytes = b"photo"
) -> list[Answer]:
    answers: list[Answer] = []

    async def client(connections: ModelConnections, port: int) -> None:
        for _ in range(count):
            answers.append(await connections.post(port, {"content-type": "image/jpeg"}, body))
            await asyncio.sleep(pause)

    run_client(server, client)
    return answers


def test_a_connection_is_kept_and_the_request_arrives_whole() -> None:
    server = ModelServer(PLAIN)
    first, *_ = post(server, 3)
    assert (first.status, first.body, first.headers["x-model"]) == (200, b"ok", "it")
    assert server.connections == 1
    assert server.requests[2].startswith(b"POST /invocations HTTP/1.1\r\n")
    assert b"\r\ncontent-type: image/jpeg\r\n" in server.requests[2]
    assert server.requests[2].endswith(b"\r\n\r\nphoto")


def test_no_header_is_added_that_the_client_did_not_send() -> None:
    server = ModelServer(PLAIN)
    post(server, 1, body=b"")
    lines = server.requests[0].lower().split(b"\r\n")[1:]
    names = {line.partition(b":")[0] for line in lines if line}
    assert names == {b"host", b"content-type", b"content-length"}


@pytest.mark.parametrize(
    ("answer", "closes", "status", "connections"),
    [(CHUNKED, False, 400, 1), (CLOSING, True, 200, 2), (PLAIN, True, 200, 2)],
)
def test_answers_of_every_length_are_read_to_their_end(
    answer: bytes, closes: bool, status: int, connections: int
) -> None:
    server = ModelServer(answer, closes=closes)
    found = post(server, 2)
    assert [(answer.status, answer.body) for answer in found] == [(status, b"ok")] * 2
    assert server.connections == connections


def test_an_idle_connection_that_the_server_closed_loses_no_request() -> None:
    server = ModelServer(PLAIN, closes=True)
    assert len(post(server, 2, pause=0.05)) == 2
    assert len(server.requests) == 2


def test_a_kept_connection_that_closes_during_the_request_loses_no_request() -> None:
    server = ModelServer(PLAIN, drops=True)
    assert [answer.body for answer in post(server, 3, body=b"x" * 1_000_000)] == [b"ok"] * 3
    assert (server.connections, len(server.requests)) == (3, 5)


def test_kept_connections_that_all_close_lose_no_request() -> None:
    server = ModelServer(PLAIN, drops=True)

    async def client(connections: ModelConnections, port: int) -> None:
        for _ in range(2):
            answers = await asyncio.gather(*(connections.post(port, {}, b"x") for _ in range(8)))
            assert [answer.body for answer in answers] == [b"ok"] * 8

    run_client(server, client)


def test_a_request_on_a_new_connection_is_sent_once() -> None:
    server = ModelServer(b"", closes=True)
    with pytest.raises(NoAnswer):
        post(server, 1)
    assert len(server.requests) == 1


def test_a_port_where_nothing_listens_is_an_os_error() -> None:
    async def client(connections: ModelConnections, port: int) -> None:
        with pytest.raises(OSError, match="Connect"):
            await connections.post(1, {}, b"")

    run_client(ModelServer(PLAIN), client)


@pytest.mark.parametrize("answer", [CUT_OFF, NO_HTTP, b""])
def test_an_incomplete_answer_is_an_error(answer: bytes) -> None:
    with pytest.raises(NoAnswer):
        post(ModelServer(answer, closes=True), 1)


def test_a_cancelled_request_closes_its_connection() -> None:
    server = ModelServer(b"")

    async def client(connections: ModelConnections, port: int) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.1):
                await connections.post(port, {}, b"x")
        server.answer = PLAIN
        assert (await connections.post(port, {}, b"x")).status == 200

    run_client(server, client)
    assert server.connections == 2


def test_headers_that_http_does_not_have_are_refused_by_name() -> None:
    async def client(connections: ModelConnections, port: int) -> None:
        with pytest.raises(NoAnswer, match="headers cannot be passed on"):
            await connections.post(port, {"accept": "a\nb"}, b"")

    run_client(ModelServer(PLAIN), client)
