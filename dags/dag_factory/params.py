"""The params of DAGs: the fields of the trigger form, and the check of a run's configuration."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, get_args

from airflow.sdk import Param, get_current_context

from include.common.errors import PermanentError
from include.config import Pipeline
from include.contracts.hyperparameters import NumLayers


class RunParamsError(PermanentError):
    """A run's configuration has a key that is no param of the DAG; the text names allowed ones.

    Airflow accepts any key, and a misspelt one would have no effect.
    """


def force(otherwise: str) -> Param:
    """Return the field that runs the DAG although it would be skipped.

    Args:
        otherwise: Why it would be skipped, as the rest of "Run even if".
    """
    return Param(False, type="boolean", title="Force", description=f"Run even if {otherwise}.")


def dataset_version() -> Param:
    """Return the field for an earlier dataset version."""
    return Param(
        None,
        type=["null", "string"],
        pattern="^[0-9a-f]{16}$",
        title="Dataset version",
        description="An earlier dataset version: 16 hexadecimal digits, the name of a folder below "
        "dataset/versions/. Empty: the current version.",
    )


def package_version() -> Param:
    """Return the field for a model package to deploy."""
    return Param(
        None,
        type=["null", "integer"],
        minimum=1,
        title="Model package version",
        description="An approved model package, by its number in SageMaker's registry. Empty: the "
        "newest approved package.",
    )


def release() -> Param:
    """Return the field for the release to deploy again."""
    return Param(
        None,
        type=["null", "integer"],
        minimum=1,
        title="Release",
        description="The release to deploy again: its model package's number, the name of a folder "
        "below releases/. Empty: the release before the present one.",
    )


def why() -> Param:
    """Return the field for a user's reason, which the registry keeps."""
    return Param(
        None,
        type=["null", "string"],
        maxLength=500,
        title="Why",
        description="Your reason. The registry keeps it with the packages that you decide on. "
        "Empty: no reason.",
    )


def training_changes(pipeline: Pipeline) -> dict[str, Param]:
    """Return the fields that change the hyperparameters of one run.

    Args:
        pipeline: The pipeline, loaded without a deployment, whose values the form shows.
    """
    return {
        "epochs": Param(
            None,
            type=["null", "integer"],
            minimum=1,
            examples=[1, 10, 30],
            title="Epochs",
            description=f"Passes over all images. {empty_means(pipeline, 'epochs')}",
        ),
        "num_layers": Param(
            None,
            type=["null", "integer"],
            enum=[None, *sorted(get_args(NumLayers))],
            values_display={"null": "the pipeline's value"},
            title="Layers",
            description="Depth of the ResNet; 20, 32, 44, 56 and 110 are for small images. "
            f"{empty_means(pipeline, 'num_layers')}",
        ),
        "learning_rate": Param(
            None,
            type=["null", "number"],
            exclusiveMinimum=0,
            maximum=1,
            examples=[0.001, 0.01, 0.1],
            title="Learning rate",
            description="Learning rate of the first epochs, above 0. "
            f"{empty_means(pipeline, 'learning_rate')}",
        ),
    }


def empty_means(pipeline: Pipeline, hyperparameter: str) -> str:
    """Return what an empty field means: "Empty: 10 (in deployment local: 2)."."""
    value = _shown(pipeline, hyperparameter)
    others = {
        deployment: _shown(variant, hyperparameter)
        for deployment, variant in pipeline.overridden.items()
    }
    different = ", ".join(
        f"in deployment {deployment}: {other}"
        for deployment, other in others.items()
        if other != value
    )
    return f"Empty: {value} ({different})." if different else f"Empty: {value}."


def _shown(pipeline: Pipeline, hyperparameter: str) -> str:
    hyperparameters = pipeline.training.hyperparameters
    network = hyperparameters.network
    return hyperparameters.as_request().get(hyperparameter, f"none, with network {network}")


def run_params() -> Mapping[str, Any]:
    """Return the params of the running task's DAG run."""
    params: Mapping[str, Any] = get_current_context()["params"]
    return params


def check_run_params(context: Mapping[str, Any]) -> None:
    """Check that a run's configuration has no key besides the DAG's params.

    Every task has this as its `pre_execute`, so the first tasks of a DAG fail before they do
    anything. Later tasks do not check: a run in progress ends as it began.

    Raises:
        RunParamsError: There is another key.
    """
    if context["task"].upstream_task_ids:
        return
    allowed = list(context["dag"].params)
    unknown = [name for name in context["dag_run"].conf or {} if name not in allowed]
    if unknown:
        problems = "; ".join(_unknown(name, allowed) for name in unknown)
        expected = f"allowed are {', '.join(allowed)}" if allowed else "this DAG takes none"
        raise RunParamsError(
            f"the run's configuration: {problems}; {expected}: trigger the DAG anew without it"
        )


def _unknown(name: str, allowed: list[str]) -> str:
    close = difflib.get_close_matches(name, allowed, n=1)
    hint = f" (did you mean {close[0]}?)" if close else ""
    return f"{name!r} is no param of this DAG{hint}"
