"""Load pipelines: names, overrides, classes, numbers, schedules and approvers."""

from collections.abc import Callable
from pathlib import Path

import pytest

from include.config import PipelineError, load_pipeline
from include.config.yaml_file import dump_yaml, parse_yaml

WriteYaml = Callable[[str, str], Path]

SOURCE = "source: {layout: class_folders}\n"


def test_every_mistake_has_a_line(write_yaml: WriteYaml) -> None:
    file = write_yaml("two", "source: {layout: zip}\nendpoint: {smoke_images: 0}")
    with pytest.raises(PipelineError) as caught:
        load_pipeline(file)
    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize("name", ["Cars", "my-cars", "two__underscores", "1st", "x" * 41])
def test_a_name_that_cannot_be_a_slug_is_rejected(name: str, write_yaml: WriteYaml) -> None:
    allowed = "allowed: lower-case letters and digits, a letter first, .*: rename the file"
    words = allowed if len(name) <= 40 else "String should have at most 40 characters"
    with pytest.raises(PipelineError, match=f"name: '{name}' is not allowed: {words}"):
        load_pipeline(write_yaml(name, SOURCE))


def test_local_overrides_are_merged_deeply_and_only_for_local(write_yaml: WriteYaml) -> None:
    file = write_yaml(
        "shapes",
        SOURCE
        + "training: {hyperparameters: {epochs: 30, learning_rate: 0.2}}\n"
        + "local: {training: {hyperparameters: {epochs: 2}}}\n"
        + "deployments: {staging: {training: {hyperparameters: {epochs: 9}}}}\n",
    )
    epochs = {
        name: load_pipeline(file, name).training.hyperparameters.epochs
        for name in (None, "local", "staging", "production")
    }
    assert epochs == {None: 30, "local": 2, "staging": 9, "production": 30}
    assert load_pipeline(file, "local").training.hyperparameters.learning_rate == 0.2


def load_error(write_yaml: WriteYaml, classes: str) -> str:
    with pytest.raises(PipelineError) as caught:
        load_pipeline(write_yaml("some_name", f"source: {{layout: list, classes: {classes}}}"))
    return str(caught.value)


@pytest.mark.parametrize(
    ("classes", "expected"),
    [
        ("[a, no]", "source.classes.1: False is not allowed: Input should be a valid string; YAML"),
        ("[a, 2012-01-01]", "YAML reads this as a date"),
        ("[a, 1.5]", "YAML reads this as a number"),
        ("[a, 0]", "classes are numbered from 1"),
        ("[a]", "at least 2 items"),
        ("true", "valid integer"),
        ("1", "greater than or equal to 2"),
    ],
)
def test_a_class_that_yaml_reads_as_another_type_is_rejected(
    classes: str, expected: str, write_yaml: WriteYaml
) -> None:
    error = load_error(write_yaml, classes)
    assert "source.classes" in error
    assert expected in error


def test_a_mapping_may_override_merged_keys(write_yaml: WriteYaml) -> None:
    file = write_yaml(
        "merged",
        SOURCE
        + "batch: {instance: &small {instance_type: ml.c5.xlarge, volume_gb: 9}}\n"
        + "conversion: {instance: {<<: *small, volume_gb: 20}}\n"
        + "evaluation: {instance: *small}\n",
    )
    pipeline = load_pipeline(file)
    assert pipeline.conversion.instance.volume_gb == 20
    assert pipeline.evaluation.instance.volume_gb == pipeline.batch.instance.volume_gb == 9


def test_a_number_with_an_exponent_needs_no_point(write_yaml: WriteYaml) -> None:
    file = write_yaml("small", SOURCE + "training: {hyperparameters: {eps: 1e-8}}")
    assert load_pipeline(file).training.hyperparameters.eps == 1e-8


@pytest.mark.parametrize("text", ["1e3", "010", "no", "2012-01-01", "1:30", "null", "a: b"])
def test_dumped_text_is_parsed_as_the_same_text(text: str) -> None:
    assert parse_yaml(dump_yaml({"classes": [text]})) == {"classes": [text]}


@pytest.mark.parametrize(
    "expression", ["0 2 * * *", "*/5 * * * *", "@daily", "0 0 29 2 *", "30 1 * jan,MAR mon-THU"]
)
def test_a_valid_cron_expression_is_accepted(expression: str, write_yaml: WriteYaml) -> None:
    pipeline = load_pipeline(write_yaml("x", SOURCE + f"schedules: {{batch: '{expression}'}}"))
    assert pipeline.schedules.cron("batch_inference") == expression


def test_an_approver_may_be_an_id_alone(tmp_path: Path) -> None:
    file = tmp_path / "flowers.yaml"
    file.write_text(SOURCE + "promotion: {approval: ask, approvers: [ada, 7, {id: 8, name: Bob}]}")
    approvers = load_pipeline(file).promotion.approvers
    assert [(approver.id, approver.name) for approver in approvers] == [
        ("ada", "ada"),
        ("7", "7"),
        ("8", "Bob"),
    ]
