"""A deployment: the settings of one installation, from Airflow Variables."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from include.common.errors import PermanentError

BUILT_IN_ACCOUNTS = {
    "us-east-1": "811284229777",
    "us-east-2": "825641698319",
    "us-west-1": "632365934929",
    "us-west-2": "433757028032",
    "eu-west-1": "685385470294",
    "eu-west-2": "644912444149",
    "eu-central-1": "813361260812",
    "ap-northeast-1": "501404015308",
    "ap-southeast-1": "475088953585",
    "ap-southeast-2": "544295431143",
    "ap-south-1": "991648021394",
    "ca-central-1": "469771592824",
    "sa-east-1": "855470959533",
}
"""The accounts whose ECR registries hold SageMaker's built-in image, by region."""


LOCAL = "local"
"""The deployment on the local AWS: its overrides are in the YAML section `local:`."""


DEPLOYMENT_NAME = r"[a-zA-Z0-9][a-zA-Z0-9_\-]*"
"""Regular expression of a deployment's name."""


@dataclass(frozen=True)
class Setting:
    """One of an installation's Airflow Variables.

    Attributes:
        variable: The Variable's name.
        field: The deployment's field with the value.
        pattern: Regular expression of valid values.
        expected: A description of valid values, for messages.
        default: A description of the default; None if the Variable is required.
    """

    variable: str
    field: str
    pattern: str
    expected: str
    default: str | None = None

    def allows(self, value: str) -> bool:
        """Return whether the value is valid."""
        if not value and self.default is not None:
            return True
        return re.fullmatch(self.pattern, value) is not None


ROLE = r"arn:aws[a-z\-]*:iam::\d{12}:role/\S+"

SETTINGS = (
    Setting("deployment", "name", DEPLOYMENT_NAME, "a short name"),
    Setting("artifact_bucket", "bucket", r"[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9]", "a bucket"),
    Setting(
        "sagemaker_role_arn",
        "role_arn",
        ROLE,
        "arn:aws:iam::<account>:role/<name>",
    ),
    Setting(
        "sagemaker_endpoint_role_arn",
        "endpoint_role_arn",
        ROLE,
        "arn:aws:iam::<account>:role/<name>, or leave it empty",
        default="the role of sagemaker_role_arn",
    ),
    Setting("image_uri", "image_uri", r"\S{1,255}", "the address of the custom container image"),
    Setting(
        "fetch_allowed_hosts",
        "fetch_allowed_hosts",
        r"[A-Za-z0-9_.:/, \-]{1,512}",
        "host names and networks separated by commas, or leave it empty",
        default="none: files are fetched from public addresses only",
    ),
)


class DeploymentError(PermanentError):
    """A setting of the installation is missing or invalid; the text names it and the fix."""


@dataclass(frozen=True)
class Deployment:
    """One installation: a bucket, a region, roles, an image.

    `fetch_allowed_hosts` is a comma-separated list of hosts and networks from which files may be
    fetched although their addresses are not public.

    Raises:
        DeploymentError: A value is invalid; found when a task starts, before AWS is called.
    """

    name: str
    bucket: str
    role_arn: str
    image_uri: str
    region: str
    endpoint_role_arn: str = ""
    fetch_allowed_hosts: str = ""

    def __post_init__(self) -> None:
        for setting in SETTINGS:
            value = getattr(self, setting.field)
            if not setting.allows(value):
                raise DeploymentError(
                    f"Airflow Variable {setting.variable} is {value!r}: set it to "
                    f"{setting.expected}"
                )

    @property
    def endpoint_role(self) -> str:
        """The role of the endpoint's containers; default: the role of the jobs."""
        return self.endpoint_role_arn or self.role_arn

    @property
    def is_billed(self) -> bool:
        """Whether jobs cost money: the local AWS sends no bill."""
        return self.name != LOCAL

    def image(self, algorithm: str) -> str:
        """Return the image that trains and serves: the custom one, or the region's built-in one.

        Raises:
            DeploymentError: The built-in image's registry in this region is not known.
        """
        if algorithm == "custom":
            return self.image_uri
        if self.region not in BUILT_IN_ACCOUNTS:
            known = ", ".join(sorted(BUILT_IN_ACCOUNTS))
            raise DeploymentError(
                f"training.algorithm: built-in: its registry in {self.region} is not known; "
                f"known regions: {known}; or use algorithm: custom"
            )
        account = BUILT_IN_ACCOUNTS[self.region]
        return f"{account}.dkr.ecr.{self.region}.amazonaws.com/image-classification:1"

    def with_image(self, algorithm: str, uri: str) -> Deployment:
        """Return this deployment with the image of a training, if that is the custom image.

        The jobs after a training then run the same image, even if its tag has moved meanwhile.
        """
        return replace(self, image_uri=uri) if algorithm == "custom" else self
