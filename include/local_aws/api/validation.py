"""Validation of requests against botocore's service model, with AWS's error messages."""

from typing import Any

import botocore.session

from include.local_aws.api.violation_messages import constraint_message, type_message
from include.local_aws.errors import ApiError
from include.service_model.violations import find_violations


class ServiceModel:
    """A service's operations as botocore describes them."""

    def __init__(self, service: str = "sagemaker") -> None:
        self._model = botocore.session.Session().get_service_model(service)

    def has_operation(self, operation: str) -> bool:
        """Return whether the service has this operation, whether or not this server does."""
        return operation in self._model.operation_names

    def check(self, operation: str, request: Any) -> dict[str, Any]:
        """Return the request with only the members that the model knows.

        Raises:
            ApiError: A ValidationException that lists every constraint that the request breaks,
                or a SerializationException for the first value of a wrong type.
        """
        shape = self._model.operation_model(operation).input_shape
        violations = [v for v in find_violations(shape, request) if v.constraint != "unknown"]
        for violation in violations:
            if violation.constraint == "type":
                raise ApiError(type_message(violation), code="SerializationException")
        # AWS reports a list or map of plain values once, however many of its values are wrong.
        messages = list(dict.fromkeys(map(constraint_message, violations)))
        if messages:
            noun = "error" if len(messages) == 1 else "errors"
            raise ApiError(f"{len(messages)} validation {noun} detected: " + "; ".join(messages))
        return dict(_known_members(shape, request))

    def response(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        """Return the members of a body that the operation's response has."""
        shape = self._model.operation_model(operation).output_shape
        if shape is None:
            return {}
        return {key: value for key, value in body.items() if key in shape.members}


def _known_members(shape: Any, value: Any) -> Any:
    """Return a valid value without the members that the model does not know or that are None."""
    if shape.type_name == "structure":
        return {
            name: _known_members(member, value[name])
            for name, member in shape.members.items()
            if value.get(name) is not None
        }
    if shape.type_name == "list":
        return [_known_members(shape.member, item) for item in value]
    if shape.type_name == "map":
        return {key: _known_members(shape.value, inner) for key, inner in value.items()}
    return value
