"""A fake of an aiobotocore client with stubbed answers, as Stubber works for sync clients only."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError


def client_error(code: str, message: str = "", status: int = 400) -> ClientError:
    """Return the error that aiobotocore raises for this code."""
    return ClientError(
        {
            "Error": {"Code": code, "Message": message},
            "ResponseMetadata": {"HTTPStatusCode": status},
        },
        "Describe",
    )


class FakeAsyncClient:
    """Answers each operation from a list, whose last answer is repeated, and records the calls."""

    exceptions = SimpleNamespace(ClientError=ClientError)

    def __init__(self, **answers: list[Any]) -> None:
        self.answers = answers
        self.calls: list[tuple[str, dict[str, Any]]] = []

    async def __aenter__(self) -> "FakeAsyncClient":
        return self

    async def __aexit__(self, *error: object) -> None:
        return None

    def __getattr__(self, operation: str) -> Callable[..., Any]:
        async def call(**parameters: Any) -> Any:
            self.calls.append((operation, parameters))
            answers = self.answers[operation]
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
            if isinstance(answer, Exception):
                raise answer
            return answer

        return call

    def made(self, operation: str) -> list[dict[str, Any]]:
        """Return the parameters of the calls of one operation."""
        return [parameters for name, parameters in self.calls if name == operation]
