"""HTTP requests to the model servers, over connections that are kept alive."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import aiohttp

_IDLE = 1.5  # seconds; a model server may close a connection that has been idle for two
_ADDED_BY_AIOHTTP = ("accept", "accept-encoding", "content-type", "user-agent")


class NoAnswer(ConnectionError):
    """The connection ended before the response did, or the response is not HTTP."""


@dataclass
class Answer:
    """The response of a model server; the headers' names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes


class ModelConnections:
    """An HTTP client of the model servers; create it in the event loop that uses it."""

    def __init__(self) -> None:
        trace = aiohttp.TraceConfig()
        trace.on_connection_reuseconn.append(_note_reuse)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=_IDLE),
            timeout=aiohttp.ClientTimeout(),  # none: the caller cancels the request
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=_ADDED_BY_AIOHTTP,
            auto_decompress=False,
            trace_configs=[trace],
        )

    async def post(self, port: int, headers: Mapping[str, str], body: bytes) -> Answer:
        """POST /invocations.

        A model server may close a kept connection while the request is on its way. The request
        is sent again then, until a new connection is used.

        Raises:
            OSError: Nothing listens on the port.
            NoAnswer: The connection was closed, or the response is not HTTP.
        """
        while True:
            attempt = SimpleNamespace(is_reused=False)
            try:
                return await self._post(port, headers, body, attempt)
            except aiohttp.ClientConnectorError:
                raise
            except aiohttp.ClientError as error:
                is_closed = isinstance(error, aiohttp.ClientConnectionError)
                if not (attempt.is_reused and is_closed):
                    raise NoAnswer(str(error)) from error
            except ValueError as error:
                message = f"the request's headers cannot be passed on: {error}"
                raise NoAnswer(message) from error

    async def close(self) -> None:
        """Close all connections."""
        await self._session.close()

    async def _post(
        self, port: int, headers: Mapping[str, str], body: bytes, attempt: SimpleNamespace
    ) -> Answer:
        url = f"http://127.0.0.1:{port}/invocations"
        async with self._session.post(
            url, headers=headers, data=body, allow_redirects=False, trace_request_ctx=attempt
        ) as response:
            found = {name.lower(): value for name, value in response.headers.items()}
            return Answer(response.status, found, await response.read())


async def _note_reuse(
    session: aiohttp.ClientSession,
    context: SimpleNamespace,
    params: aiohttp.TraceConnectionReuseconnParams,
) -> None:
    attempt: Any = context.trace_request_ctx
    attempt.is_reused = True
