"""Record every call of boto3 and aiobotocore, in this process or in all of Airflow's processes.

`hook/sitecustomize.py` records in each Python process that has its folder on PYTHONPATH.
"""

import contextlib
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import wrapt

from tests.iam.needed import Call

FILE_VARIABLE = "RECORDED_AWS_CALLS"
HOOK = Path(__file__).with_name("hook")

Answer = Callable[[str, Mapping[str, Any]], Any]
"""Returns the response to an operation with its parameters, or raises."""


def record_to_file() -> None:
    """Append each call of this process and of its forks to the file named in FILE_VARIABLE."""
    file = os.environ.get(FILE_VARIABLE)
    if not file:
        return
    for module, name in (("botocore", "BaseClient"), ("aiobotocore", "AioBaseClient")):
        wrapt.register_post_import_hook(_patcher(name, Path(file)), f"{module}.client")


def recorded_calls(file: Path) -> list[Call]:
    """Return the recorded calls of a file."""
    return [Call(**json.loads(line)) for line in file.read_text(encoding="utf-8").splitlines()]


@contextlib.contextmanager
def canned(answer: Answer) -> Iterator[list[Call]]:
    """Respond to every boto3 call of this process by a function, and record the calls."""
    from botocore.client import BaseClient

    calls: list[Call] = []
    original = BaseClient._make_api_call

    def answered(client: Any, operation: str, params: dict[str, Any]) -> Any:
        calls.append(Call(client.meta.service_model.service_name, operation, params))
        return answer(operation, params)

    BaseClient._make_api_call = answered
    try:
        yield calls
    finally:
        BaseClient._make_api_call = original


def _patcher(name: str, file: Path) -> Callable[[Any], None]:
    def patch(module: Any) -> None:
        client = getattr(module, name)
        original = client._make_api_call

        def recorded(self: Any, operation: str, params: dict[str, Any]) -> Any:
            _append(file, self.meta.service_model.service_name, operation, params)
            return original(self, operation, params)

        client._make_api_call = recorded

    return patch


def _content(body: Any) -> str:
    """Return the content of a request's body, which may be an open file."""
    if not hasattr(body, "read"):
        return bytes(body).decode()
    content: bytes = body.read()
    body.seek(0)
    return content.decode()


def _append(file: Path, service: str, operation: str, params: Mapping[str, Any]) -> None:
    kept = {key: value for key, value in params.items() if key != "Body"}
    if re.search(r"\.manifest$", str(params.get("Key", ""))) and "Body" in params:
        kept["Body"] = _content(params["Body"])
    call = {"service": service, "operation": operation, "params": kept}
    line = json.dumps(call, default=str) + "\n"
    # A single write to a file opened for appending: lines of several processes do not mix.
    target = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(target, line.encode())
    finally:
        os.close(target)
