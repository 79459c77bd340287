"""The operations on model packages."""

import json
from typing import Any

from include.local_aws.api.listing import Listing
from include.local_aws.api.operation import Handler, Request, unsupported
from include.local_aws.api.registry import model_package_groups
from include.local_aws.errors import ApiError
from include.local_aws.services import Services
from include.local_aws.settings import ACCOUNT, arn
from include.local_aws.store import AlreadyExists, Body
from include.service_model.model_card import card_violations

KIND = "model-package"  # stored by ARN


_VISIBLE = {"model_overview": ("model_id", "model_name"), "intended_uses": ("risk_rating",)}
"""The fields of a card that DescribeModelPackage shows with IncludedData MetadataOnly."""


def _create(services: Services, request: Request) -> Body:
    _check_card(request.get("ModelCard"))
    if "ModelPackageGroupName" in request and "ModelPackageName" in request:
        raise ApiError(
            "Both ModelPackageName and ModelPackageGroupName are given; give one of them."
        )
    if "ModelPackageGroupName" in request:
        return _create_version(services, request)
    if "ModelPackageName" not in request:
        raise ApiError("ModelPackageName or ModelPackageGroupName is needed.")
    body = _new(request, arn(f"model-package/{request['ModelPackageName']}"))
    try:
        services.store.insert(KIND, body["ModelPackageArn"], body, body["ModelPackageArn"])
    except AlreadyExists as taken:
        raise ApiError(f"Model Package already exists: {body['ModelPackageArn']}") from taken
    return body


def _create_version(services: Services, request: Request) -> Body:
    group = model_package_groups.find_group(services, request["ModelPackageGroupName"])
    name = group["ModelPackageGroupName"]
    existing = _find_by_token(services, name, request.get("ClientToken"))
    if existing is not None:
        return existing
    while True:  # another request may take the same version number
        version = _next_version(services, name)
        body = _new(request, arn(f"model-package/{name}/{version}"))
        body |= {
            "ModelPackageName": name,
            "ModelPackageGroupName": name,
            "ModelPackageVersion": version,
        }
        body.setdefault("ModelApprovalStatus", "PendingManualApproval")
        try:
            return services.store.insert(
                KIND, body["ModelPackageArn"], body, body["ModelPackageArn"]
            )
        except AlreadyExists:
            continue


def _find_by_token(services: Services, group: str, token: str | None) -> Body | None:
    """Return the package that an earlier call with the same ClientToken created."""
    for package in services.store.list_all(KIND):
        keys = package.get("ModelPackageGroupName"), package.get("ClientToken")
        if token and keys == (group, token):
            return package
    return None


def _next_version(services: Services, group: str) -> int:
    """Return the next version number; numbers of deleted versions are not used again."""
    versions = [
        int(package["ModelPackageVersion"])
        for package in services.store.list_all(KIND)
        if package.get("ModelPackageGroupName") == group
    ]
    body = services.store.update(
        model_package_groups.KIND,
        group,
        lambda body: body.update(_last=max([body.get("_last", 0), *versions]) + 1),
    )
    return int(body["_last"])


def _new(request: Request, package_arn: str) -> Body:
    source = request.get("SourceAlgorithmSpecification")
    if source is not None:
        raise unsupported("SourceAlgorithmSpecification; use InferenceSpecification")
    statuses: list[Any] = []
    return {
        **request,
        "ModelPackageArn": package_arn,
        "ModelPackageStatus": "Completed",
        "ModelPackageStatusDetails": {
            "ValidationStatuses": statuses,
            "ImageScanStatuses": statuses,
        },
        "CreatedBy": {"UserProfileName": ACCOUNT},
    }


def _find(services: Services, name_or_arn: str) -> Body:
    is_arn = name_or_arn.startswith("arn:")
    package_arn = name_or_arn if is_arn else arn(f"model-package/{name_or_arn}")
    body = services.store.get(KIND, package_arn)
    if body is None:
        raise ApiError(f"ModelPackage {package_arn} does not exist.")
    return body


def _describe(services: Services, request: Request) -> Body:
    package = _find(services, request["ModelPackageName"])
    if request.get("IncludedData") != "MetadataOnly" or "ModelCard" not in package:
        return package
    card = package["ModelCard"]
    text = card.get("ModelCardContent", "{}")
    content = {} if card_violations(text) else json.loads(text)
    visible = {
        section: {name: content[section][name] for name in names if name in content[section]}
        for section, names in _VISIBLE.items()
        if section in content
    }
    shown = json.dumps({section: fields for section, fields in visible.items() if fields})
    return {**package, "ModelCard": {**card, "ModelCardContent": shown}}


def _check_card(card: Body | None) -> None:
    """Refuse a card whose content does not follow SageMaker's schema; AWS's words are unknown."""
    if not card or "ModelCardContent" not in card:
        return
    if violations := card_violations(card["ModelCardContent"]):
        raise ApiError(f"ModelCardContent does not follow the schema: {'; '.join(violations)}")


def _merge_card(body: Body, request: Request) -> dict[str, str]:
    """Return the card of a package after an update."""
    before, changes = body.get("ModelCard", {}), request.get("ModelCard", {})
    if before.get("ModelCardStatus") == "Archived" and "ModelCardContent" in changes:
        raise ApiError("Model Card is in Archived state")
    return {**before, **changes}


def _update(services: Services, request: Request) -> Body:
    package = _find(services, request["ModelPackageArn"])
    _check_card(request.get("ModelCard"))

    def change(body: Body) -> None:
        replaced = {
            key: value
            for key, value in request.items()
            if key in ("ModelApprovalStatus", "ApprovalDescription", "InferenceSpecification")
            or key in ("ModelLifeCycle", "SourceUri", "ModelPackageRegistrationType")
        }
        if card := _merge_card(body, request):
            replaced["ModelCard"] = card
        body.update(replaced, LastModifiedBy={"UserProfileName": ACCOUNT})
        body["CustomerMetadataProperties"] = _merge_metadata(body, request)
        if not body["CustomerMetadataProperties"]:
            del body["CustomerMetadataProperties"]

    services.store.update(KIND, package["ModelPackageArn"], change)
    return {"ModelPackageArn": package["ModelPackageArn"]}


def _merge_metadata(body: Body, request: Request) -> dict[str, str]:
    removed = request.get("CustomerMetadataPropertiesToRemove", [])
    before = body.get("CustomerMetadataProperties", {})
    kept = {key: value for key, value in before.items() if key not in removed}
    return {**kept, **request.get("CustomerMetadataProperties", {})}


def _delete(services: Services, request: Request) -> Body:
    package = _find(services, request["ModelPackageName"])
    services.store.delete(KIND, package["ModelPackageArn"], package["ModelPackageArn"])
    return {}


def _matches(body: Body, request: Request) -> bool:
    group = body.get("ModelPackageGroupName")
    requested = request.get("ModelPackageGroupName")
    default = "Unversioned" if requested is None else "Versioned"
    versioned = request.get("ModelPackageType", default)
    return (
        (requested is None or group == model_package_groups.group_name(requested))
        and request.get("ModelApprovalStatus") in (None, body.get("ModelApprovalStatus"))
        and (versioned == "Both" or (group is not None) == (versioned == "Versioned"))
    )


OPERATIONS: dict[str, Handler] = {
    "CreateModelPackage": _create,
    "DescribeModelPackage": _describe,
    "UpdateModelPackage": _update,
    "DeleteModelPackage": _delete,
    "ListModelPackages": Listing(
        kind=KIND,
        answer="ModelPackageSummaryList",
        name="ModelPackageName",
        fields=(
            "ModelPackageName",
            "ModelPackageGroupName",
            "ModelPackageVersion",
            "ModelPackageArn",
            "ModelPackageDescription",
            "CreationTime",
            "ModelPackageStatus",
            "ModelApprovalStatus",
        ),
        extra=_matches,
    ).handler(),
}
