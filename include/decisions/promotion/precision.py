"""Serving precision of a candidate, chosen once before the candidate is evaluated."""

from __future__ import annotations

import re
from collections.abc import Mapping

from include.config.deployment import LOCAL, Deployment
from include.config.pipeline import Pipeline
from include.contracts.environment import Precision
from include.contracts.metrics import INT8_ACCEPTED
from include.decisions.registry.packages import Package, RegistryError
from include.sagemaker_requests.precision import FACT

WITH_INT8_INSTRUCTIONS = re.compile(r"ml\.[a-z]+(?:[6-9]|\d\d)i[a-z-]*\.")
"""Instance types whose processors all have VNNI: Intel's from the sixth generation on.

Earlier types, such as ml.c5 and ml.m5, run on processors with and without VNNI.
"""


def choose_precision(
    pipeline: Pipeline, deployment: Deployment, metrics: Mapping[str, float]
) -> tuple[Precision | None, str]:
    """Return the precision in which a candidate is evaluated and will serve, and the reason.

    The precision is int8 if the training accepted an int8 form and all instance types of the
    pipeline's inference have the instructions for it, else float32. It is None for the built-in
    algorithm, whose server has no such setting.

    Args:
        pipeline: The candidate's pipeline.
        deployment: The running deployment.
        metrics: The training job's final metrics. Without the metric int8:accepted, as from an
            image that does not log it, the model serves in float32.
    """
    if pipeline.training.algorithm != "custom":
        return None, "the built-in algorithm has only one precision"
    if metrics.get(INT8_ACCEPTED) != 1:
        return "float32", "the training job accepted no int8 form; its log has the reason"
    lacking = {
        field: kind
        for field, kind in _serving_types(pipeline).items()
        if _may_lack_instructions(deployment, kind)
    }
    if lacking:
        named = ", ".join(f"{field} {kind}" for field, kind in lacking.items())
        return "float32", f"{named} may run on processors without instructions for int8 (VNNI)"
    return "int8", "the training job accepted the int8 form"


def check_precision(
    package: Package, deployment: Deployment, field: str, instance_type: str
) -> None:
    """Check that an int8 model is served only on instances with the instructions for int8.

    Without the instructions the server does not start, and the failed endpoint update would reject
    the model.

    Args:
        package: The model package to serve.
        deployment: The running deployment.
        field: The YAML field of the instance type.
        instance_type: The value of the field.

    Raises:
        RegistryError: The package serves in int8, and the instances may lack the instructions.
    """
    if package.metadata.get(FACT) == "int8" and _may_lack_instructions(deployment, instance_type):
        raise RegistryError(
            f"model package {package.version} was judged in int8, and {field} {instance_type} may "
            "run on processors without instructions for int8 (VNNI): use an instance type that "
            "always has them, such as ml.c6i or ml.m6i; or set the hyperparameter int8: never and "
            "train again"
        )


def _serving_types(pipeline: Pipeline) -> dict[str, str]:
    """Return the instance types of a pipeline's inference, by their YAML fields."""
    return {
        "evaluation.transform.instance_type": pipeline.evaluation.transform.instance_type,
        "batch.transform.instance_type": pipeline.batch.transform.instance_type,
        "endpoint.instance_type": pipeline.endpoint.instance_type,
    }


def _may_lack_instructions(deployment: Deployment, instance_type: str) -> bool:
    # The local AWS runs all jobs on this computer and ignores the instance types.
    return deployment.name != LOCAL and not WITH_INT8_INSTRUCTIONS.match(instance_type)
