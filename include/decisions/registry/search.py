"""Search of model packages by facts of their trainings, from the registry's listing.

A listing has the packages' descriptions, but not their metadata: a search that described every
package would make a call for each. `package_description` therefore repeats the facts to search by,
and a search takes a call for every hundred packages and one for each package that it returns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from include.decisions.registry.packages import Package, describe_package, list_packages
from include.sagemaker_requests.package import SearchKey

DESCRIBED = 100
"""The number of packages without facts in their description, as earlier releases registered them,
that a search reads one by one, the newest first."""


def find_package(
    sagemaker: Any, group: str, facts: Mapping[SearchKey, str | None]
) -> Package | None:
    """Return the newest package that has all these facts; None means that the fact is missing."""

    def matches(found: Mapping[str, str]) -> bool:
        return all(found.get(key) == value for key, value in facts.items())

    return next(matching_packages(sagemaker, group, matches), None)


def matching_packages(
    sagemaker: Any, group: str, matches: Callable[[Mapping[str, str]], bool]
) -> Iterator[Package]:
    """Yield the packages whose facts match, newest first.

    Args:
        sagemaker: A boto3 SageMaker client.
        group: The model package group.
        matches: Returns whether facts match; it may use the `SearchKey`s only.
    """
    described = 0
    for summary in list_packages(sagemaker, group):
        if summary.facts is None:
            described += 1
            if described <= DESCRIBED:
                package = describe_package(sagemaker, summary.arn)
                if matches(package.metadata):
                    yield package
        elif matches(summary.facts):
            yield describe_package(sagemaker, summary.arn)
