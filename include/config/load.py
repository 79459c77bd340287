"""Load one pipeline from its YAML file, with the overrides of a deployment."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from include.config.deployment import DEPLOYMENT_NAME, LOCAL
from include.config.deprecated import RenamedTwice, replace_deprecated
from include.config.errors import PipelineError, describe, name_file, quote_hint
from include.config.pipeline import Pipeline
from include.config.yaml_file import YamlMistakes, parse_yaml

FIXED = {
    "schedules": "pause the DAG in this deployment instead",
    "owner": "leave it out: it is the same in every deployment",
    "description": "leave it out: it is the same in every deployment",
}
"""Fields that DAGs read at parse time, so that no deployment can override them, with the fix."""


def load_pipeline(file: Path, deployment: str | None = None) -> Pipeline:
    """Read one pipeline's file.

    A deprecated key or value is replaced by its new name, with a FutureWarning; the pipeline's
    `deprecations` has the same messages.

    Args:
        file: The YAML file; its name without the suffix is the pipeline's name.
        deployment: The deployment whose overrides are merged in: `local:` for "local", else
            `deployments: <name>:`, if there is such a section. None merges nothing and checks
            everything, including that every section of overrides gives a valid pipeline.

    Raises:
        PipelineError: One line per mistake, each with the file, the field and what is allowed.
    """
    content, overrides, deprecations = _parse(file)
    for message in deprecations:
        warnings.warn(f"{file}: {message}", FutureWarning, stacklevel=2)
    if deployment is not None:
        pipeline = _validate(content, overrides, deployment, file)
    else:
        pipeline = _validate(content, {}, None, file).with_variants(
            {name: _validate(content, overrides, name, file) for name in overrides}
        )
    return pipeline.with_deprecations(deprecations)


def _parse(file: Path) -> tuple[dict[str, Any], dict[str, dict[str, Any]], list[str]]:
    """Return the file's content, the overrides by deployment, and messages about old names."""
    content = _read(file)
    overrides = _take_overrides(content, file)
    try:
        content, deprecations = replace_deprecated(content)
        for name, section in overrides.items():
            overrides[name], messages = replace_deprecated(section, _title(name))
            deprecations += messages
    except RenamedTwice as error:
        raise PipelineError(f"{file}: {error}") from error
    return content, overrides, deprecations


def _read(file: Path) -> dict[str, Any]:
    try:
        content = parse_yaml(file.read_text(encoding="utf-8"))
    except YamlMistakes as error:
        raise PipelineError(name_file(error, file)) from error
    except yaml.YAMLError as error:
        problem = " ".join(str(error).split())
        raise PipelineError(f"{file}: is not YAML: {problem}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise PipelineError(f"{file}: cannot be read: {error}") from error
    if not isinstance(content, dict):
        raise PipelineError(f"{file}: must hold a mapping: {', '.join(_sections())}")
    if "name" in content:
        raise PipelineError(f"{file}: name: leave it out, the file's name is the pipeline's name")
    return content


def _sections() -> list[str]:
    return [name for name in Pipeline.model_fields if name != "name"]


def _take_overrides(content: dict[str, Any], file: Path) -> dict[str, dict[str, Any]]:
    """Remove the sections of overrides from the content and return them, by deployment."""
    named = _take_section(content, "deployments")
    local = _take_section(content, LOCAL)
    if not isinstance(named, dict):
        raise PipelineError(f"{file}: deployments: must map deployments' names to overrides")
    if LOCAL in named:
        raise PipelineError(f"{file}: deployments.local: belongs in the section `local:`")
    for name in named:
        _check_name(name, file)
    overrides = {LOCAL: local, **named} if local != {} else dict(named)
    for name, section in overrides.items():
        _check_overrides(section, _title(name), file)
    return overrides


def _take_section(content: dict[str, Any], name: str) -> Any:
    """Remove a section from the content and return it; a missing or empty section is {}."""
    section = content.pop(name, None)
    return {} if section is None else section


def _check_name(name: Any, file: Path) -> None:
    """Reject a name that no deployment can have: its overrides would never apply."""
    if not isinstance(name, str) or re.fullmatch(DEPLOYMENT_NAME, name) is None:
        hint = quote_hint(name)
        raise PipelineError(
            f"{file}: deployments: {name!r} cannot be a deployment's name: allowed are letters, "
            f"digits, _ and -, beginning with a letter or digit{hint}"
        )


def _check_overrides(section: Any, title: str, file: Path) -> None:
    if not isinstance(section, dict):
        raise PipelineError(f"{file}: {title}: must hold a mapping of overrides")
    for name, instead in FIXED.items():
        if name in section:
            raise PipelineError(
                f"{file}: {title}.{name}: cannot be overridden, since DAGs are built before the "
                f"deployment is known; {instead}"
            )


def _title(deployment: str) -> str:
    return LOCAL if deployment == LOCAL else f"deployments.{deployment}"


def _validate(
    content: dict[str, Any],
    overrides: dict[str, dict[str, Any]],
    deployment: str | None,
    file: Path,
) -> Pipeline:
    section = overrides.get(deployment) if deployment is not None else None
    merged = _merge(content, section or {})
    title = _title(deployment) if deployment is not None and section else ""
    try:
        return Pipeline.model_validate({**merged, "name": file.stem})
    except ValidationError as error:
        raise PipelineError(describe(error, Pipeline, file, title)) from error


def _merge(base: dict[str, Any], overrides: dict[str, Any]) -> dict[str, Any]:
    """Return `base` with the overrides' values: mappings are merged, other values replaced."""
    merged = dict(base)
    for key, value in overrides.items():
        current = merged.get(key)
        if isinstance(current, dict) and isinstance(value, dict):
            value = _merge(current, value)
        merged[key] = value
    return merged
