"""Compare policies with needed permissions: missing and unused ones."""

from collections.abc import Iterable

from include.iam_policies import policies
from tests.iam.evaluator import Policy, Right, grants
from tests.iam.needed import ACCOUNT, REGION


def filled(bucket: str, *pipelines: str, **values: str) -> dict[str, Policy]:
    """Return the project's policies, filled in for the tests."""
    names = {"JOB_ROLE": "jobs", "ENDPOINT_ROLE": "endpoint"}
    rest = {"REPOSITORY": "image-classification", "TOPIC": "messages"}
    place = {"ACCOUNT": ACCOUNT, "REGION": REGION, "BUCKET": bucket}
    return dict(policies({**place, **names, **rest, **values}, pipelines))


def missing(policy: Policy, rights: Iterable[Right]) -> list[str]:
    """Return the needed permissions that a policy does not allow."""
    allowed = list(grants(policy))
    return sorted({str(r) for r in rights if not any(grant.allows(r) for grant in allowed)})


def unused(policy: Policy, rights: Iterable[Right]) -> list[str]:
    """Return the grants of a policy that no needed permission uses."""
    needed = list(rights)
    return [str(grant) for grant in grants(policy) if not any(map(grant.allows, needed))]
