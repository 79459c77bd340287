"""The container of a model: its image, model data and environment."""

from dataclasses import asdict, dataclass, field
from typing import Any

from include.local_aws.errors import ApiError
from include.local_aws.store import Body, Store


@dataclass(frozen=True)
class ModelContainer:
    """The container that serves a model.

    Attributes:
        image: The URI of the image.
        model_data: The S3 URI of the archive, or the prefix if `is_plain`.
        environment: The model's environment variables.
        is_plain: True if the model data are files below a prefix instead of an archive.
    """

    image: str
    model_data: str | None = None
    environment: dict[str, str] = field(default_factory=dict)
    is_plain: bool = False

    def saved(self) -> dict[str, Any]:
        """Return the fields as JSON for the store."""
        return asdict(self)


def resolve(store: Store, model_name: str) -> ModelContainer:
    """Return the container of a model, from its model package if the model names one.

    Raises:
        ApiError: The model or its package does not exist.
    """
    model = store.get("model", model_name)
    if model is None:
        raise ApiError(f'Could not find model "{model_name}".')
    container = model.get("PrimaryContainer") or model["Containers"][0]
    package = container.get("ModelPackageName")
    if package:
        inside = package_container(store, package)
        container = {
            **inside,
            "Environment": inside.get("Environment", {}) | container.get("Environment", {}),
        }
    return ModelContainer(
        container["Image"],
        _model_data(container),
        container.get("Environment", {}),
        is_plain=_source(container).get("CompressionType") == "None",
    )


def package_container(store: Store, package_arn: str) -> Body:
    """Return the first container of a model package; ApiError if there is none."""
    package = store.get("model-package", package_arn)
    if package is None:
        raise ApiError(f"ModelPackage {package_arn} does not exist.")
    containers = package.get("InferenceSpecification", {}).get("Containers", [])
    if not containers:
        raise ApiError(f"ModelPackage {package_arn} has no InferenceSpecification.")
    first: Body = containers[0]
    return first


def _model_data(container: Body) -> str | None:
    url: str | None = container.get("ModelDataUrl")
    return url or _source(container).get("S3Uri")


def _source(container: Body) -> Body:
    found: Body = container.get("ModelDataSource", {}).get("S3DataSource", {})
    return found
