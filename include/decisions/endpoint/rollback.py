"""Which release to go back to, and which models must not come back by themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from include.common.errors import PermanentError
from include.decisions.endpoint.release import Release
from include.decisions.registry.packages import approved_packages, reject
from include.decisions.registry.serving_model import CHANGING_STATES, EndpointStatus, ServingModel


class RollbackError(PermanentError):
    """There is nothing to go back to, or not to that; the text says what there is."""


class RejectionIncompleteError(Exception):
    """The registry refused to reject some packages; the text names them and those rejected."""


def check_not_changing(endpoint: EndpointStatus | None) -> None:
    """Make sure that what serves is known: during a change, going back one could go back two.

    Raises:
        RollbackError: The endpoint is changing.
    """
    if endpoint is not None and endpoint.status in CHANGING_STATES:
        raise RollbackError(
            f"endpoint {endpoint.name} is {endpoint.status}: a change is under way, and what it "
            "comes to is not known yet; wait until it ends, then clear plan"
        )


def choose_release(
    sagemaker: Any,
    group: str,
    releases: Sequence[Release],
    champion: ServingModel | None,
    wanted: int | None,
) -> Release:
    """Return the release to serve again.

    Args:
        sagemaker: A boto3 SageMaker client.
        group: The pipeline's model package group.
        releases: What was deployed, the last first.
        champion: What serves now, if anything.
        wanted: The release that a person chose, by its model package's number; None means the last
            one before the present that is still approved.

    Raises:
        RollbackError: There is no such release.
    """
    if wanted is not None:
        found = next((release for release in releases if release.version == wanted), None)
        if found is None:
            raise RollbackError(f"model package {wanted} was never a release; {_known(releases)}")
        return found
    serving = champion.endpoint_config if champion else None
    position = next(
        (at for at, release in enumerate(releases) if release.endpoint_config == serving), -1
    )
    approved = approved_packages(sagemaker, group)
    earlier = [release for release in releases[position + 1 :] if release.version in approved]
    if not earlier:
        raise RollbackError(
            f"no approved release served before {serving or 'this'}; {_known(releases)}"
        )
    return earlier[0]


def reject_newer(sagemaker: Any, group: str, version: int, reason: str) -> list[str]:
    """Reject the approved packages that are newer than a release, and return their numbers.

    Else the next endpoint update would bring the newest of them back. A package that the registry
    refuses to change does not keep the others from being rejected.

    Raises:
        RejectionIncompleteError: The registry refused some of them; another try may reject them.
    """
    approved = approved_packages(sagemaker, group)
    newer = {number: arn for number, arn in approved.items() if number > version}
    refused: dict[int, Exception] = {}
    for number, arn in newer.items():
        try:
            reject(sagemaker, arn, reason)
        except Exception as error:
            refused[number] = error
    rejected = [str(number) for number in newer if number not in refused]
    if refused:
        raise RejectionIncompleteError(_incomplete(group, rejected, refused))
    return rejected


def _incomplete(group: str, rejected: Sequence[str], refused: Mapping[int, Exception]) -> str:
    done = f"rejected: {', '.join(rejected)}" if rejected else "none was rejected"
    causes = "; ".join(f"{number}: {error}" for number, error in refused.items())
    return (
        f"model packages of {group} that are newer than the release stay Approved, and the next "
        f"endpoint update would deploy the newest of them ({causes}); {done}. Fix the cause and "
        "clear this task, or reject them by hand in SageMaker's registry"
    )


def _known(releases: Sequence[Release]) -> str:
    if not releases:
        return "there is no release yet"
    known = ", ".join(f"{release.version} ({release.deployed})" for release in releases[:10])
    return f"the releases are, the last first: {known}"
