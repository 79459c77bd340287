"""Models and endpoint configurations: named once, never changed, so found equal or in conflict."""

from dataclasses import dataclass
from typing import Any

from sagemaker_jobs.aws_errors import Client, is_existing
from sagemaker_jobs.errors import ResourceConflict
from sagemaker_jobs.permanent_errors import describe, raise_permanent_errors


@dataclass(frozen=True)
class Resource:
    """One kind of immutable thing.

    Attributes:
        title: What people call it.
        call: How its API calls are named after their verb, as in ``create_model``.
        prefix: How its fields start, as in ``ModelName``.
    """

    title: str
    call: str
    prefix: str

    @property
    def name_field(self) -> str:
        """The field for its name."""
        return f"{self.prefix}Name"

    def describe(self, client: Client, name: str) -> dict[str, Any] | None:
        """Describe one, or return None where none has that name."""
        call = getattr(client, f"describe_{self.call}")
        return describe(f"{self.title} {name}", call, **{self.name_field: name})


MODEL = Resource("model", "model", "Model")
ENDPOINT_CONFIG = Resource("endpoint configuration", "endpoint_config", "EndpointConfig")


def ensure_resource(client: Client, resource: Resource, config: dict[str, Any]) -> tuple[str, bool]:
    """Make sure that a thing of this name and content exists.

    Args:
        client: A SageMaker client of boto3.
        resource: Which kind of thing.
        config: The whole boto3 request that creates it.

    Returns:
        Its ARN, and whether this call created it.

    Raises:
        ResourceConflict: One of the name exists with another content.
        PermanentAwsError: AWS does not accept the request, or does not let it be made.
    """
    name = config[resource.name_field]
    with raise_permanent_errors(f"{resource.title} {name}"):
        description = resource.describe(client, name)
        if description is None:
            try:
                answer = getattr(client, f"create_{resource.call}")(**config)
                return str(answer[f"{resource.prefix}Arn"]), True
            except client.exceptions.ClientError as error:
                description = resource.describe(client, name) if is_existing(error) else None
                if description is None:
                    raise
    _check_equal(resource, name, config, description)
    return str(description[f"{resource.prefix}Arn"]), False


def _check_equal(
    resource: Resource, name: str, config: dict[str, Any], description: dict[str, Any]
) -> None:
    wanted = {key: value for key, value in config.items() if key != "Tags"}
    differing = sorted(key for key in wanted if not _holds(description.get(key), wanted[key]))
    if differing:
        raise ResourceConflict(
            f"{resource.title} {name} exists with another {', '.join(differing)}: "
            "what it holds never changes, so give the new one another name"
        )


def _holds(found: Any, wanted: Any) -> bool:
    """Tell whether a description holds what was asked for: it may add defaults of its own."""
    if isinstance(wanted, dict):
        return all(_holds((found or {}).get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        found = found or []
        return len(found) == len(wanted) and all(map(_holds, found, wanted))
    return bool(found == wanted)
