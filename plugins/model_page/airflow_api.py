"""Airflow's public REST API, called inside the API server in the name of the request's user.

The model page runs in the process that serves the REST API. Calls go to the API's application
directly, with the credentials of the page's request: rights, validation and audit log are
Airflow's own, and no private API is needed. Handlers run in threads, the calls in the server's
event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import anyio.from_thread
import httpx
from fastapi import HTTPException, Request

ROOT_APP = "model_page.root_app"
"""The key in the ASGI scope of the application that has mounted this one."""

_FORWARDED = ("authorization", "cookie", "host", "referer")


@dataclass(frozen=True)
class Call:
    """A call of the REST API: the path is below /api/v2."""

    method: str
    path: str
    params: dict[str, Any] = field(default_factory=dict)
    json: Any = None


class AirflowApi:
    """The REST API for the user of one request.

    Raises:
        HTTPException: With Airflow's status and message, if it refuses a call.
    """

    def __init__(self, request: Request) -> None:
        self._app = request.scope[ROOT_APP]
        known = {name: request.headers.get(name) for name in _FORWARDED}
        self._headers = {name: value for name, value in known.items() if value}

    def get(self, path: str, **params: Any) -> Any:
        """Return the answer to a GET request."""
        return self.send(Call("GET", path, params))

    def post(self, path: str, json: Any) -> Any:
        """Return the answer to a POST request."""
        return self.send(Call("POST", path, json=json))

    def patch(self, path: str, json: Any) -> Any:
        """Return the answer to a PATCH request."""
        return self.send(Call("PATCH", path, json=json))

    def send(self, call: Call) -> Any:
        """Return the answer to one call."""
        return self.send_all([call])[0]

    def send_all(self, calls: Sequence[Call]) -> list[Any]:
        """Return the answers to several calls, which run concurrently."""
        return anyio.from_thread.run(self._send_all, calls)

    def find_all(self, calls: Sequence[Call]) -> list[Any]:
        """Return the answers to several calls; None for those that Airflow refuses."""
        return anyio.from_thread.run(self._find_all, calls)

    async def _find_all(self, calls: Sequence[Call]) -> list[Any]:
        answers = await asyncio.gather(*map(self._send, calls), return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException) and not isinstance(answer, HTTPException):
                raise answer
        return [None if isinstance(answer, HTTPException) else answer for answer in answers]

    async def _send_all(self, calls: Sequence[Call]) -> list[Any]:
        return list(await asyncio.gather(*(self._send(call) for call in calls)))

    async def _send(self, call: Call) -> Any:
        # The transport alone: httpx's client would log each call.
        transport = httpx.ASGITransport(app=self._app, raise_app_exceptions=False)
        request = httpx.Request(
            call.method,
            f"http://airflow/api/v2/{call.path}",
            params=call.params,
            headers=self._headers,
            json=call.json,
        )
        answer = await transport.handle_async_request(request)
        await answer.aread()
        if answer.is_success:
            return answer.json() if answer.content else None
        raise HTTPException(answer.status_code, f"Airflow: {_detail(answer)}")


def _detail(answer: httpx.Response) -> str:
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError, TypeError):
        return answer.text[:300] or answer.reason_phrase
    return detail if isinstance(detail, str) else str(detail)[:300]
