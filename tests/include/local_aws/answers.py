"""Checks of responses against botocore's service model, in every client of the tests.

botocore itself ignores missing and unknown members of a response. Here such a response fails the
test that requested it.
"""

import json
from typing import Any

from botocore.validate import ParamValidator

from include.service_model.violations import find_violations

_LOCAL_LOGS = ("DescribeLogStreams", "GetLogEvents", "FilterLogEvents")  # the others are moto's


def check_answers(client: Any) -> None:
    """Let the client raise AssertionError for a response that breaks the service model."""
    operations = {"sagemaker": [""], "logs": [f".{name}" for name in _LOCAL_LOGS]}
    service = client.meta.service_model.service_name
    for operation in operations.get(service, []):
        client.meta.events.register(f"after-call.{service}{operation}", _check)


def _check(http_response: Any, model: Any, **_: Any) -> None:
    if http_response.status_code != 200:
        return
    answer = json.loads(http_response.content or b"{}")
    faults = find_faults(model.output_shape, answer) if model.output_shape else []
    assert not faults, f"{model.name} answered {answer}: {faults}"


def find_faults(shape: Any, answer: Any) -> list[str]:
    """Return what breaks the shape of a response: members, types, enums, patterns, lengths."""
    report = ParamValidator().validate(answer, shape)
    if report.has_errors():
        return [str(report.generate_report())]
    return [
        f"{'.'.join(str(step.name) for step in violation.path)} breaks {violation.constraint}: "
        f"{violation.value!r}"
        for violation in find_violations(shape, answer)
    ]
