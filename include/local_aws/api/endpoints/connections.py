"""Keep-alive connections to the model servers: one request at a time on each."""

import asyncio
import time
from dataclasses import dataclass, field

import h11

_IDLE = 1.5  # seconds; a model server may close a connection that has idled for two
_CHUNK = 1 << 18


class NoAnswer(Exception):
    """The connection ended before the answer did."""


@dataclass
class Answer:
    """What a model server said; the headers' names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


@dataclass
class _Connection:
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    http: h11.Connection = field(default_factory=lambda: h11.Connection(h11.CLIENT))
    idle_since: float = 0.0
    heard: bool = False

    @property
    def is_fresh(self) -> bool:
        """Whether another request may be sent: it is open, and has not idled for long."""
        young = time.monotonic() - self.idle_since < _IDLE
        return young and not (self.reader.at_eof() or self.writer.is_closing())

    async def ask(self, head: h11.Request, body: bytes) -> Answer:
        """Send one request and return its answer; the connection is of no use after an error."""
        self.heard = False
        parts = (head, h11.Data(body), h11.EndOfMessage())
        self.writer.write(b"".join(self.http.send(part) or b"" for part in parts))
        status, headers, content = 0, {}, []
        while not isinstance(event := await self._event(), h11.EndOfMessage):
            if isinstance(event, h11.Response):
                status = event.status_code
                headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in event.headers}
            elif isinstance(event, h11.Data):
                content.append(bytes(event.data))
            elif isinstance(event, h11.ConnectionClosed):
                raise NoAnswer("the connection was closed")
        return Answer(status, headers, b"".join(content))

    async def _event(self) -> object:
        while (event := self.http.next_event()) is h11.NEED_DATA:
            received = await self.reader.read(_CHUNK)
            self.heard = self.heard or bool(received)
            self.http.receive_data(received)
        return event

    def reset(self) -> bool:
        """Make it ready for another request, if both sides keep it open."""
        if self.http.our_state is not h11.DONE or self.http.their_state is not h11.DONE:
            return False
        self.http.start_next_cycle()
        self.idle_since = time.monotonic()
        return True


class ModelConnections:
    """Sends requests to model servers on this machine, over connections that are kept."""

    def __init__(self) -> None:
        self._idle: dict[int, list[_Connection]] = {}

    async def post(self, port: int, headers: dict[str, str], body: bytes) -> Answer:
        """POST /invocations.

        A kept connection that turns out to have been closed is no failure: the server had not
        begun to answer, so the request is sent once more, on a new one.

        Raises:
            OSError: nobody listens, or the connection broke.
            NoAnswer: it was closed, or what came is not HTTP.
        """
        head = _head(port, headers, len(body))
        kept = self._kept(port)
        if kept is not None:
            try:
                return await self._ask(port, kept, head, body)
            except (OSError, NoAnswer):
                if kept.heard:
                    raise
        self._forget_old()
        made = _Connection(*await asyncio.open_connection("127.0.0.1", port))
        return await self._ask(port, made, head, body)

    async def close(self) -> None:
        """Close those that are not in use."""
        for connection in [each for kept in self._idle.values() for each in kept]:
            connection.writer.close()
        self._idle.clear()

    async def _ask(
        self, port: int, connection: _Connection, head: h11.Request, body: bytes
    ) -> Answer:
        kept = False
        try:
            answer = await connection.ask(head, body)
            kept = connection.reset()
        except h11.RemoteProtocolError as error:
            raise NoAnswer(str(error)) from error
        finally:
            if not kept:
                connection.writer.close()
        if kept:
            self._idle.setdefault(port, []).append(connection)
        return answer

    def _kept(self, port: int) -> _Connection | None:
        waiting = self._idle.get(port, [])
        while waiting:
            connection = waiting.pop()
            if connection.is_fresh:
                return connection
            connection.writer.close()
        return None

    def _forget_old(self) -> None:
        """Close what has idled for too long, also to servers that are gone."""
        for port, waiting in list(self._idle.items()):
            for connection in [each for each in waiting if not each.is_fresh]:
                waiting.remove(connection)
                connection.writer.close()
            if not waiting:
                del self._idle[port]


def _head(port: int, headers: dict[str, str], length: int) -> h11.Request:
    fixed = [("host", f"127.0.0.1:{port}"), ("content-length", str(length))]
    try:
        return h11.Request(method="POST", target="/invocations", headers=[*fixed, *headers.items()])
    except h11.LocalProtocolError as error:
        raise NoAnswer(f"the request's headers cannot be passed on: {error}") from error
