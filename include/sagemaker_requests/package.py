"""Requests of a model package, with lineage and verdict, and of its group."""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Mapping
from typing import Any, Literal, get_args

from include.config.deployment import Deployment
from include.config.pipeline import Pipeline
from include.contracts.content_types import IMAGE_TYPES
from include.sagemaker_requests.precision import FACT, precision_of

LONGEST_VALUE = 256
"""Characters that SageMaker accepts as a value of a package's metadata."""
LONGEST_DESCRIPTION = 1024
"""Characters that SageMaker accepts as an ApprovalDescription."""

CUT = "..."
"""Follows the last word of a text that was cut."""

SearchKey = Literal["training_job", "fingerprint", "recordio_version", "serving_precision"]
"""The facts of a package's metadata that its description repeats, to search by."""

_DESCRIPTION = re.compile(r"Trained by (?P<job>\S+):(?P<facts>( \w+=\S+)*)")

_UNSAFE_CATEGORIES = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode's control characters, lone surrogates, line and paragraph separators."""


def metadata(values: Mapping[str, object]) -> dict[str, str]:
    """Return values with the characters and length that a package's metadata allows.

    Other characters become a space, so that AWS accepts the values. None, lists and mappings are
    left out.
    """
    single = {
        name: str(value) for name, value in values.items() if isinstance(value, str | int | float)
    }
    clean = {name: _cut(metadata_text(value), LONGEST_VALUE) for name, value in single.items()}
    return {name: text for name, text in clean.items() if text}


def metadata_text(value: str) -> str:
    """Return a value of any length with the characters that a package's metadata allows."""
    return " ".join(re.sub(r"[^\w\s.:/=+\-@]", " ", value).split())


def approval_description(reason: str) -> str:
    """Return a reason as an ApprovalDescription: one line, cut to SageMaker's limit.

    The API's pattern is `.*`, which matches no line break. A user's text, an AWS failure reason or
    an exception may contain one, and AWS would reject the whole update of the package.
    """
    return one_line(reason, LONGEST_DESCRIPTION)


def one_line(text: str, longest: int) -> str:
    """Return a text without line breaks and control characters, cut to a length.

    Args:
        text: Any text.
        longest: The number of UTF-16 code units, as Java counts characters.
    """
    safe = "".join(
        " " if unicodedata.category(character) in _UNSAFE_CATEGORIES else character
        for character in text
    )
    return _cut(" ".join(safe.split()), longest)


def package_description(facts: Mapping[str, str]) -> str:
    """Return a package's description, which has the facts of its metadata to search by."""
    named = {key: facts[key] for key in get_args(SearchKey) if key in facts}
    job = named.pop("training_job")
    return f"Trained by {job}:" + "".join(f" {key}={value}" for key, value in named.items())


def read_description(description: str) -> dict[str, str] | None:
    """Return the facts in a package's description; None if `package_description` did not write it.

    Packages of earlier releases have a description without facts.
    """
    found = _DESCRIPTION.fullmatch(description)
    if found is None:
        return None
    pairs = (pair.partition("=") for pair in found["facts"].split())
    return {"training_job": found["job"]} | {key: value for key, _, value in pairs}


def _cut(text: str, longest: int) -> str:
    """Cut a text to a length in UTF-16 code units, as Java counts characters.

    The last word is whole, and `...` follows it. A text without spaces is cut where it has to be.
    """
    if len(text.encode("utf-16-le", "replace")) <= 2 * longest:
        return text.encode("utf-16-le", "replace").decode("utf-16-le")
    kept = _first_units(text, longest - len(CUT) + 1)
    words, space, _ = kept.rpartition(" ")
    return f"{words.rstrip()}{CUT}" if space else _first_units(text, longest)


def _first_units(text: str, count: int) -> str:
    units = text.encode("utf-16-le", "replace")[: 2 * count]
    return units.decode("utf-16-le", "ignore")


def package_group_request(pipeline: Pipeline, deployment: Deployment) -> dict[str, Any]:
    """Return the model package group of a pipeline."""
    return {
        "ModelPackageGroupName": pipeline.slug,
        "ModelPackageGroupDescription": f"Image classifier {pipeline.name}",
        "Tags": [
            {"Key": "pipeline", "Value": pipeline.name},
            {"Key": "deployment", "Value": deployment.name},
        ],
    }


def package_request(
    pipeline: Pipeline,
    container: Mapping[str, Any],
    approval: str,
    metrics_uri: str,
    lineage: Mapping[str, object],
) -> dict[str, Any]:
    """Return the model package of a candidate.

    Args:
        pipeline: The candidate's pipeline.
        container: The candidate's container as evaluated: image, model.tar.gz and environment.
        approval: Approved, Rejected or PendingManualApproval.
        metrics_uri: The candidate's evaluation.json, which the registry shows as model quality.
        lineage: training_job, versions, figures and verdict, for the package's metadata.
    """
    transforms = {
        pipeline.evaluation.transform.instance_type,
        pipeline.batch.transform.instance_type,
    }
    facts = metadata({**lineage, FACT: precision_of(container)})
    return {
        "ModelPackageGroupName": pipeline.slug,
        "ModelPackageDescription": package_description(facts),
        "ModelApprovalStatus": approval,
        "InferenceSpecification": {
            "Containers": [dict(container)],
            "SupportedContentTypes": list(IMAGE_TYPES),
            "SupportedResponseMIMETypes": ["application/json"],
            # Separate lists: endpoints run on many types that transforms do not support.
            "SupportedTransformInstanceTypes": sorted(transforms),
            "SupportedRealtimeInferenceInstanceTypes": [pipeline.endpoint.instance_type],
        },
        "ModelMetrics": {
            "ModelQuality": {
                "Statistics": {"ContentType": "application/json", "S3Uri": metrics_uri}
            }
        },
        "CustomerMetadataProperties": facts,
        "ClientToken": _client_token(lineage, container),
    }


def _client_token(lineage: Mapping[str, object], container: Mapping[str, Any]) -> str:
    """Return the token with which SageMaker registers a candidate only once.

    A retry after a lost response returns the same package. A candidate that is evaluated again in
    another precision has another container, so it becomes another package.
    """
    names = [str(lineage["training_job"]), precision_of(container)]
    return str(uuid.uuid5(uuid.NAMESPACE_URL, " ".join(name for name in names if name)))
