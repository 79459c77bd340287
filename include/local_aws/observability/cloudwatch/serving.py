"""Moto's CloudWatch with evaluated alarms that survive a restart."""

from typing import Any

import anyio.to_thread
from starlette.responses import JSONResponse
from starlette.types import Message, Receive, Scope, Send

from include.local_aws.errors import ApiError
from include.local_aws.observability.cloudwatch.alarms import Alarms


class CloudWatch:
    """Forwards requests to moto, and returns the response when the alarms are saved."""

    def __init__(self, moto: Any, alarms: Alarms) -> None:
        self._moto = moto
        self._alarms = alarms

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request."""
        messages: list[Message] = []

        async def hold(message: Message) -> None:
            messages.append(message)

        try:
            await anyio.to_thread.run_sync(self._alarms.evaluate)
            await self._moto(scope, receive, hold)
            await anyio.to_thread.run_sync(self._alarms.save)
        except ApiError as error:
            content = {"__type": error.code, "message": error.message}
            await JSONResponse(content, error.status)(scope, receive, send)
            return
        for message in messages:
            await send(message)
