"""Moto's CloudWatch, with alarms that evaluate and that a kill of the server does not lose."""

from typing import Any

import anyio.to_thread
from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

from include.local_aws.errors import ApiError
from include.local_aws.observability.cloudwatch.alarms import Alarms


class CloudWatch:
    """Passes a request on to moto, and the answer back once the alarms are on disk."""

    def __init__(self, moto: Any, alarms: Alarms) -> None:
        self._moto = moto
        self._alarms = alarms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        answer: list[Message] = []

        async def hold(message: Message) -> None:
            answer.append(message)

        try:
            await anyio.to_thread.run_sync(self._alarms.evaluate)
            await self._moto(scope, receive, hold)
            await anyio.to_thread.run_sync(self._alarms.save)
        except ApiError as error:
            content = {"__type": error.code, "message": error.message}
            await JSONResponse(content, error.status)(scope, receive, send)
            return
        for message in answer:
            await send(message)
