"""The params of the DAGs: the form of a run by hand, and the check of what a run was given."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any, get_args

from airflow.sdk import Param, get_current_context

from include.common.errors import PermanentError
from include.contracts.hyperparameters import NumLayers


class RunParamsError(PermanentError):
    """A run was given a param that its DAG does not have; the text names it and the allowed ones.

    Airflow accepts any key in a run's configuration, and a misspelt one would change nothing.
    """


def force(otherwise: str) -> Param:
    """Return the switch that does the work though there is no need for it."""
    return Param(False, type="boolean", title="Force", description=f"Run even if {otherwise}.")


def dataset_version() -> Param:
    """Return the field for an earlier dataset version."""
    return Param(
        None,
        type=["null", "string"],
        pattern="^[0-9a-f]{16}$",
        title="Dataset version",
        description="An earlier dataset version, 16 digits; empty: the current one.",
    )


def package_version() -> Param:
    """Return the field for an earlier model package, which is how one goes back."""
    return Param(
        None,
        type=["null", "integer"],
        minimum=1,
        title="Model package version",
        description="An approved model package to serve, by its number in the registry, for "
        "example to go back to it; empty: the newest approved one.",
    )


def release() -> Param:
    """Return the field for the release to go back to."""
    return Param(
        None,
        type=["null", "integer"],
        minimum=1,
        title="Release",
        description="The release to serve again, by its model package's number; empty: the one "
        "that served before the present one.",
    )


def why() -> Param:
    """Return the field for a person's reason, which is kept with the packages it decides on."""
    return Param(
        None,
        type=["null", "string"],
        maxLength=500,
        title="Why",
        description="Kept in the registry with the packages that this decides on.",
    )


def training_changes() -> dict[str, Param]:
    """Return the fields that change one night's training."""
    return {
        "epochs": Param(
            None,
            type=["null", "integer"],
            minimum=1,
            title="Epochs",
            description="How often training sees every image; empty: the pipeline's value.",
        ),
        "num_layers": Param(
            None,
            type=["null", "integer"],
            enum=[None, *get_args(NumLayers)],
            values_display={"null": "the pipeline's value"},
            title="Layers",
            description="Depth of the ResNet: 20, 32, 44, 56 and 110 are for small images.",
        ),
        "learning_rate": Param(
            None,
            type=["null", "number"],
            exclusiveMinimum=0,
            maximum=1,
            title="Learning rate",
            description="The first epochs' learning rate, above 0; empty: the pipeline's value.",
        ),
    }


def run_params() -> Mapping[str, Any]:
    """Return what was filled in for the run of the present task."""
    params: Mapping[str, Any] = get_current_context()["params"]
    return params


def check_run_params(context: Mapping[str, Any]) -> None:
    """Refuse a run whose configuration has a key that is no param of the DAG.

    Every task has this as its `pre_execute`: the DAG's first tasks fail, whichever they are, before
    they do anything. Later tasks do not look, so that a run under way ends as it began.

    Raises:
        RunParamsError: There is such a key.
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
