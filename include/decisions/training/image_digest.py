"""Which image a night runs: by its digest, since a tag may name other code tomorrow."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from include.common.aws_errors import error_code, is_denied
from include.config.deployment import Deployment, DeploymentError

ECR = re.compile(
    r"(?P<repository_uri>(?P<registry>\d{12})\.dkr\.ecr(-fips)?\.(?P<region>[a-z0-9\-]+)\.amazonaws"
    r"\.com(\.cn)?/(?P<repository>[^:@]+))(:(?P<tag>[^:@]+))?(@(?P<digest>sha256:[0-9a-f]{64}))?"
)
"""An address in ECR, with its parts by name."""

MISSING = frozenset({"ImageNotFoundException", "RepositoryNotFoundException"})


@dataclass(frozen=True)
class PinnedImage:
    """An image as a night's jobs are given it.

    Attributes:
        uri: Its address, by digest where that is known.
        doubt: Why its digest is not known, for the reason that a night gives; None where it is.
    """

    uri: str
    doubt: str | None = None

    @property
    def identity(self) -> str:
        """What tells this image from others: its digest, else the whole address."""
        return self.uri.rpartition("@")[2]


def pin_image(ecr: Any, deployment: Deployment, algorithm: str) -> PinnedImage:
    """Find the digest of the image that trains.

    The built-in algorithm's tag is AWS's own and stays as it is, and so does an address that has a
    digest already.

    Args:
        ecr: A boto3 ECR client of the region whose registry holds the image.
        deployment: Whose image it is.
        algorithm: The pipeline's `training.algorithm`.

    Raises:
        DeploymentError: ECR has no such image.
    """
    uri = deployment.image(algorithm)
    if algorithm == "built-in" or "@sha256:" in uri:
        return PinnedImage(uri)
    place = ECR.fullmatch(uri)
    if place is None:
        return PinnedImage(uri, _doubt(uri, "its registry is not ECR"))
    try:
        found = ecr.describe_images(
            registryId=place["registry"],
            repositoryName=place["repository"],
            imageIds=[{"imageTag": place["tag"] or "latest"}],
        )
    except ecr.exceptions.ClientError as error:
        return PinnedImage(uri, _doubt(uri, _why_unknown(error, uri)))
    return PinnedImage(f"{place['repository_uri']}@{found['imageDetails'][0]['imageDigest']}")


def _why_unknown(error: Any, uri: str) -> str:
    """Return why ECR does not tell the digest, or raise what a night cannot go on with."""
    code = error_code(error)
    if code in MISSING:
        raise DeploymentError(
            f"Airflow Variable image_uri is {uri!r}, which ECR does not have ({code}): push the "
            "image, or set it to one that is there"
        ) from error
    if not is_denied(error):
        raise error
    return f"ecr:DescribeImages is not allowed ({code})"


def _doubt(uri: str, reason: str) -> str:
    return f"image {uri} is known by its tag only, so that other code is not noticed: {reason}"
