"""All List operations: filters, orders and pages."""

from typing import Any

import pytest

from include.local_aws.api.sagemaker import SageMaker
from tests.include.local_aws.api.odd_requests import first_requests

_NAMES = ["listed-1", "Listed-2", "listed-3"]
# Operation: the member with the summaries, the name's field, a filter that all resources match.
_LISTS: dict[str, tuple[str, str, dict[str, str]]] = {
    "ListTrainingJobs": (
        "TrainingJobSummaries",
        "TrainingJobName",
        {"StatusEquals": "InProgress"},
    ),
    "ListProcessingJobs": (
        "ProcessingJobSummaries",
        "ProcessingJobName",
        {"StatusEquals": "InProgress"},
    ),
    "ListTransformJobs": (
        "TransformJobSummaries",
        "TransformJobName",
        {"StatusEquals": "InProgress"},
    ),
    "ListModels": ("Models", "ModelName", {}),
    "ListEndpointConfigs": ("EndpointConfigs", "EndpointConfigName", {}),
    "ListEndpoints": (
        "Endpoints",
        "EndpointName",
        {"StatusEquals": "Creating"},
    ),
    "ListModelPackageGroups": (
        "ModelPackageGroupSummaryList",
        "ModelPackageGroupName",
        {},
    ),
    "ListModelPackages": (
        "ModelPackageSummaryList",
        "ModelPackageName",
        {"ModelPackageType": "Versioned", "ModelApprovalStatus": "PendingManualApproval"},
    ),
}


class Lister:
    """One list operation on three resources."""

    def __init__(self, api: SageMaker, operation: str) -> None:
        self._api, self._operation = api, operation
        self._answer, self.field, self.status = _LISTS[operation]

    def page(self, **request: Any) -> dict[str, Any]:
        """Return one page."""
        if self._operation == "ListModelPackages":
            request = {"ModelPackageType": "Both", **request}
        return self._api.call(self._operation, {"NameContains": "LISTED", **request})

    def names(self, **request: Any) -> list[str]:
        """Return the names on all pages."""
        page = self.page(**request)
        found = [str(summary[self.field]) for summary in page[self._answer]]
        if "NextToken" in page:
            found += self.names(**{**request, "NextToken": page["NextToken"]})
        return found

    def summary(self) -> dict[str, Any]:
        """Return the first resource's summary."""
        page = self.page(NameContains=_NAMES[0])
        first: dict[str, Any] = page[self._answer][0]
        return first


@pytest.mark.conformance(
    "ListTrainingJobs",
    "ListProcessingJobs",
    "ListTransformJobs",
    "ListModels",
    "ListEndpointConfigs",
    "ListEndpoints",
    "ListModelPackageGroups",
    "ListModelPackages",
)
def test_lists_are_filtered_sorted_and_paged(
    api: SageMaker,
) -> None:
    for name in _NAMES:
        for operation, request in first_requests(name):
            api.call(operation, request)
    for operation in _LISTS:
        lister = Lister(api, operation)
        by_name = sorted(_NAMES)
        assert lister.names(SortBy="Name", SortOrder="Ascending") == by_name
        for size in (1, 2, 3):
            order = {"SortBy": "CreationTime", "SortOrder": "Descending", "MaxResults": size}
            assert lister.names(**order) == _NAMES[::-1]
        created = lister.summary()["CreationTime"]
        assert lister.names(CreationTimeBefore=created) == _NAMES[:1]
        assert sorted(lister.names(CreationTimeAfter=created)) == by_name
        assert sorted(lister.names(**lister.status)) == by_name
        nothing = {"StatusEquals": "Failed", "ModelApprovalStatus": "Rejected"}
        if lister.status:
            filters = {name: nothing.get(name, value) for name, value in lister.status.items()}
            assert lister.names(**filters) == []
