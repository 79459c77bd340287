"""Renamed keys and values: the old names load like the new ones, with a warning."""

import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

from include.config import PipelineError, load_pipeline
from include.config.versions import ListingDigest, source_fingerprint

WriteYaml = Callable[[str, str], Path]

SOURCE = "source: {layout: class_folders}\n"
SMALL = "{instance_type: ml.c5.xlarge, volume_gb: 9}"
SECTIONS = ["dataset", "conversion", "training", "evaluation", "batch"]


def test_algorithm_own_is_custom_with_a_warning(write_yaml: WriteYaml) -> None:
    file = write_yaml("flowers", SOURCE + "training: {algorithm: own}")
    with pytest.warns(FutureWarning) as caught:
        pipeline = load_pipeline(file)
    message = "training.algorithm: own is deprecated: write algorithm: custom"
    assert [str(warning.message) for warning in caught] == [f"{file}: {message}"]
    assert list(pipeline.deprecations) == [message]
    assert pipeline.training.algorithm == "custom"


@pytest.mark.parametrize("section", SECTIONS)
def test_machine_is_instance_with_a_warning(section: str, write_yaml: WriteYaml) -> None:
    old = write_yaml("old", SOURCE + f"{section}: {{machine: {SMALL}}}")
    new = write_yaml("new", SOURCE + f"{section}: {{instance: {SMALL}}}")
    with pytest.warns(
        FutureWarning, match=rf"{section}\.machine: is deprecated: rename it to inst"
    ):
        pipeline = load_pipeline(old)
    expected = load_pipeline(new)
    assert expected.deprecations == ()
    assert getattr(pipeline, section) == getattr(expected, section)
    files = ListingDigest("files", {"a.tgz": "1"})
    assert source_fingerprint(files, pipeline.source, pipeline.dataset) == source_fingerprint(
        files, expected.source, expected.dataset
    )


@pytest.mark.parametrize("deployment", [None, "local", "staging"])
def test_overrides_may_have_old_names(deployment: str | None, write_yaml: WriteYaml) -> None:
    """Old and new names in the base and in overrides merge like one name."""
    file = write_yaml(
        "flowers",
        SOURCE
        + "training: {algorithm: built-in, machine: {instance_type: ml.g5.xlarge}}\n"
        + f"local: {{training: {{algorithm: own, instance: {SMALL}}}}}\n"
        + "deployments: {staging: {training: {machine: {volume_gb: 77}}}}\n",
    )
    with pytest.warns(FutureWarning):
        pipeline = load_pipeline(file, deployment)
    assert list(pipeline.deprecations) == [
        "training.machine: is deprecated: rename it to instance",
        "local.training.algorithm: own is deprecated: write algorithm: custom",
        "deployments.staging.training.machine: is deprecated: rename it to instance",
    ]
    expected = {None: ("built-in", 30), "local": ("custom", 9), "staging": ("built-in", 77)}
    training = pipeline.training
    assert (training.algorithm, training.instance.volume_gb) == expected[deployment]


def test_a_key_under_both_names_is_a_mistake(write_yaml: WriteYaml) -> None:
    file = write_yaml("flowers", SOURCE + f"batch: {{machine: {SMALL}, instance: {SMALL}}}")
    expected = r"batch\.machine: is the old name of batch\.instance, which is set, too: remove mach"
    with pytest.raises(PipelineError, match=expected):
        load_pipeline(file)


def test_present_names_load_without_a_warning(write_yaml: WriteYaml) -> None:
    file = write_yaml("flowers", SOURCE + "training: {algorithm: custom}")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load_pipeline(file).deprecations == ()
