"""Models and endpoint configurations, which SageMaker never changes after their creation."""

from dataclasses import dataclass
from typing import Any

from sagemaker_jobs.aws_errors import Client, is_existing
from sagemaker_jobs.errors import ResourceConflict
from sagemaker_jobs.permanent_errors import describe, raise_permanent_errors


@dataclass(frozen=True)
class Resource:
    """A kind of immutable resource.

    Attributes:
        title: The name of the kind in messages.
        call: The part of its API calls after the verb, as ``model`` in ``create_model``.
        prefix: The prefix of its fields, as ``Model`` in ``ModelName``.
    """

    title: str
    call: str
    prefix: str

    @property
    def name_field(self) -> str:
        """The field with the resource's name."""
        return f"{self.prefix}Name"

    def describe(self, client: Client, name: str) -> dict[str, Any] | None:
        """Return the description of a resource, or None if it does not exist."""
        call = getattr(client, f"describe_{self.call}")
        return describe(f"{self.title} {name}", call, **{self.name_field: name})


MODEL = Resource("model", "model", "Model")
ENDPOINT_CONFIG = Resource("endpoint configuration", "endpoint_config", "EndpointConfig")


def ensure_resource(client: Client, resource: Resource, config: dict[str, Any]) -> tuple[str, bool]:
    """Create a resource unless one of this name and content exists.

    Args:
        client: A SageMaker client of boto3.
        resource: The kind of resource.
        config: The boto3 request that creates it.

    Returns:
        The ARN, and whether this call created the resource.

    Raises:
        ResourceConflict: A resource of that name exists with other content.
        PermanentAwsError: AWS does not accept the request, or does not allow it.
    """
    name = config[resource.name_field]
    with raise_permanent_errors(f"{resource.title} {name}"):
        description = resource.describe(client, name)
        if description is None:
            try:
                response = getattr(client, f"create_{resource.call}")(**config)
                return str(response[f"{resource.prefix}Arn"]), True
            except client.exceptions.ClientError as error:
                description = resource.describe(client, name) if is_existing(error) else None
                if description is None:
                    raise
    _check_equal(resource, name, config, description)
    return str(description[f"{resource.prefix}Arn"]), False


def _check_equal(
    resource: Resource, name: str, config: dict[str, Any], description: dict[str, Any]
) -> None:
    expected = {key: value for key, value in config.items() if key != "Tags"}
    differing = sorted(key for key in expected if not _matches(description.get(key), expected[key]))
    if differing:
        raise ResourceConflict(
            f"{resource.title} {name} exists with another {', '.join(differing)}: "
            "SageMaker cannot change it, so use another name"
        )


def _matches(found: Any, expected: Any) -> bool:
    """Return whether a description has the expected values; it may have further ones."""
    if isinstance(expected, dict):
        return all(_matches((found or {}).get(key), value) for key, value in expected.items())
    if isinstance(expected, list):
        found = found or []
        return len(found) == len(expected) and all(map(_matches, found, expected))
    return bool(found == expected)
