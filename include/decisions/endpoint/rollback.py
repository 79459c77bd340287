"""Choice of the release to roll back to, and rejection of newer packages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from include.common.errors import PermanentError
from include.decisions.endpoint.release import Release
from include.decisions.registry.packages import approved_packages, reject
from include.decisions.registry.serving_model import CHANGING_STATES, EndpointStatus, ServingModel


class RollbackError(PermanentError):
    """A rollback is not possible; the text names the releases that exist."""


class RejectionIncompleteError(Exception):
    """Some packages could not be rejected; the text names them and the rejected ones."""


def check_not_changing(endpoint: EndpointStatus | None) -> None:
    """Check that the endpoint is not being changed.

    During an update the endpoint still names the former configuration, so that the release before
    it would be one release too old.

    Raises:
        RollbackError: The endpoint is changing.
    """
    if endpoint is not None and endpoint.status in CHANGING_STATES:
        raise RollbackError(
            f"endpoint {endpoint.name} is {endpoint.status}: a change is under way, and its result "
            "is not known yet; wait until it has ended, then clear plan"
        )


def choose_release(
    sagemaker: Any,
    group: str,
    releases: Sequence[Release],
    serving: ServingModel | None,
    selected: int | None,
) -> Release:
    """Return the release to deploy again.

    Args:
        sagemaker: A boto3 SageMaker client.
        group: The pipeline's model package group.
        releases: The pipeline's releases, the last first.
        serving: The model that serves now, or None.
        selected: The model package's number of the release that a user selected; None means the
            last release before the present one whose package is still approved.

    Raises:
        RollbackError: There is no such release.
    """
    if selected is not None:
        found = next((release for release in releases if release.version == selected), None)
        if found is None:
            raise RollbackError(
                f"model package {selected} was never a release; {_list_releases(releases)}"
            )
        return found
    config = serving.endpoint_config if serving else None
    position = next(
        (index for index, release in enumerate(releases) if release.endpoint_config == config), -1
    )
    approved = approved_packages(sagemaker, group)
    earlier = [release for release in releases[position + 1 :] if release.version in approved]
    if not earlier:
        raise RollbackError(
            f"no approved release served before {config or 'now'}; {_list_releases(releases)}"
        )
    return earlier[0]


def reject_newer(sagemaker: Any, group: str, version: int, reason: str) -> list[str]:
    """Reject the approved packages that are newer than a release, and return their numbers.

    Otherwise the next endpoint update would deploy the newest of them again. If one package cannot
    be rejected, the others are rejected nevertheless.

    Raises:
        RejectionIncompleteError: Some could not be rejected; a retry may reject them.
    """
    approved = approved_packages(sagemaker, group)
    newer = {number: arn for number, arn in approved.items() if number > version}
    errors: dict[int, Exception] = {}
    for number, arn in newer.items():
        try:
            reject(sagemaker, arn, reason)
        except Exception as error:
            errors[number] = error
    rejected = [str(number) for number in newer if number not in errors]
    if errors:
        raise RejectionIncompleteError(_incomplete(group, rejected, errors))
    return rejected


def _incomplete(group: str, rejected: Sequence[str], errors: Mapping[int, Exception]) -> str:
    done = f"rejected: {', '.join(rejected)}" if rejected else "none was rejected"
    causes = "; ".join(f"{number}: {error}" for number, error in errors.items())
    return (
        f"model packages of {group} that are newer than the release are still Approved, and the "
        f"next endpoint update would deploy the newest of them ({causes}); {done}. Fix the cause "
        "and clear this task, or reject them by hand in SageMaker's registry"
    )


def _list_releases(releases: Sequence[Release]) -> str:
    if not releases:
        return "there is no release yet"
    listed = ", ".join(f"{release.version} ({release.deployed})" for release in releases[:10])
    return f"the releases are (last first): {listed}"
