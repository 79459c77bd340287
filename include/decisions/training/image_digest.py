"""Resolve the training image's tag to its digest.

A tag may point to other code tomorrow. With the digest, all jobs of a run use the same code, and a
run after a push is recognized as a new training.
"""

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
"""An image URI in ECR, with its parts as named groups."""

MISSING = frozenset({"ImageNotFoundException", "RepositoryNotFoundException"})


@dataclass(frozen=True)
class PinnedImage:
    """An image URI for the jobs of one run.

    Attributes:
        uri: The image's URI, with its digest if the digest is known.
        warning: Why the digest is not known, for the run's reason; None if it is known or not
            needed.
    """

    uri: str
    warning: str | None = None

    @property
    def identity(self) -> str:
        """The digest if the URI has one, else the whole URI; part of the training's fingerprint."""
        return self.uri.rpartition("@")[2]


def pin_image(ecr: Any, deployment: Deployment, algorithm: str) -> PinnedImage:
    """Return the training image with its digest.

    The built-in algorithm's image is published by AWS and keeps its tag. A URI that has a digest
    already is returned as it is.

    Args:
        ecr: A boto3 ECR client of the region whose registry holds the image.
        deployment: The deployment whose image it is.
        algorithm: The pipeline's `training.algorithm`.

    Raises:
        DeploymentError: ECR has no such image.
    """
    uri = deployment.image(algorithm)
    if algorithm == "built-in" or "@sha256:" in uri:
        return PinnedImage(uri)
    parts = ECR.fullmatch(uri)
    if parts is None:
        return PinnedImage(uri, _warning(uri, "its registry is not ECR"))
    try:
        found = ecr.describe_images(
            registryId=parts["registry"],
            repositoryName=parts["repository"],
            imageIds=[{"imageTag": parts["tag"] or "latest"}],
        )
    except ecr.exceptions.ClientError as error:
        return PinnedImage(uri, _warning(uri, _why_unknown(error, uri)))
    return PinnedImage(f"{parts['repository_uri']}@{found['imageDetails'][0]['imageDigest']}")


def _why_unknown(error: Any, uri: str) -> str:
    """Return why the digest cannot be read, or raise if the run cannot continue without it."""
    code = error_code(error)
    if code in MISSING:
        raise DeploymentError(
            f"Airflow Variable image_uri is {uri!r}, which ECR does not have ({code}): push the "
            "image, or set the Variable to an image that exists"
        ) from error
    if not is_denied(error):
        raise error
    return f"ecr:DescribeImages is not allowed ({code})"


def _warning(uri: str, reason: str) -> str:
    return f"image {uri} is known by its tag only, so new code under this tag is missed: {reason}"
