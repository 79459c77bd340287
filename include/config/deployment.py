"""Where a pipeline runs: what an installation's settings say."""

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
"""The registries that hold AWS's own image-classification image."""


LOCAL = "local"
"""The deployment of one machine without AWS: its overrides have a section of their own."""


DEPLOYMENT_NAME = r"[a-zA-Z0-9][a-zA-Z0-9_\-]*"
"""What a deployment's name has to match, as a regular expression."""


@dataclass(frozen=True)
class Setting:
    """One of an installation's Airflow Variables.

    Attributes:
        variable: Its name.
        field: The deployment's field that holds it.
        pattern: What its value has to match, as a regular expression.
        expected: What it is, for people.
        default: What holds where it is not set; None where it has to be set.
    """

    variable: str
    field: str
    pattern: str
    expected: str
    default: str | None = None

    def allows(self, value: str) -> bool:
        """Whether the value can be right."""
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
    """A setting of the installation is missing or wrong; the text names it and the fix."""


@dataclass(frozen=True)
class Deployment:
    """One installation: a bucket, a region, roles, an image.

    `fetch_allowed_hosts` names the hosts and networks that files may be fetched from though their
    addresses are not public, separated by commas.

    Raises:
        DeploymentError: A value cannot be right, found when a task runs and not by AWS later.
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
        """The role that the endpoint's containers run under: that of the jobs by default."""
        return self.endpoint_role_arn or self.role_arn

    @property
    def is_billed(self) -> bool:
        """Whether what runs here costs money: the local AWS sends no bill."""
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
        """Return this deployment with the image that a training ran, if that is the custom one.

        What follows a training then runs the same image, whatever its tag names by that time.
        """
        return replace(self, image_uri=uri) if algorithm == "custom" else self
