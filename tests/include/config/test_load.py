"""A YAML file's mistakes are told by file, field and what is allowed; overrides are merged."""

from collections.abc import Callable
from pathlib import Path

import pytest

from include.config import PipelineError, load_pipeline
from include.config.yaml_file import dump_yaml, parse_yaml

WriteYaml = Callable[[str, str], Path]

SOURCE = "source: {layout: class_folders}\n"

MISTAKES = {
    "an unknown section": (
        SOURCE + "trainig: {}",
        ["trainig: no such field; allowed here: name, description, owner, source"],
    ),
    "an unknown field": (
        SOURCE + "conversion: {size: 64}",
        [
            "conversion.size: no such field; allowed here: resize, fit, quality, ",
            "instance_count, instance",
        ],
    ),
    "a counted hyperparameter": (
        SOURCE + "training: {hyperparameters: {num_classes: 3}}",
        ["training.hyperparameters.num_classes: no such field; allowed here: num_layers"],
    ),
    "a value of a choice": (
        SOURCE + "conversion: {fit: stretch}",
        ["conversion.fit: 'stretch' is not allowed", "'squash' or 'crop'"],
    ),
    "a number out of range": (
        SOURCE + "training: {hyperparameters: {learning_rate: 3}}",
        ["training.hyperparameters.learning_rate: 3 is not allowed", "less than or equal to 1"],
    ),
    "a missing section": ("description: x", ["source: is required"]),
    "a bad cron": (
        SOURCE + "schedules: {refresh: every day}",
        ["schedules.refresh: 'every day' is not allowed", "cron expression such as '0 2 * * *'"],
    ),
    "a bad timezone": (
        SOURCE + "schedules: {timezone: Middle/Earth}",
        ["schedules.timezone: 'Middle/Earth' is not allowed", "such as UTC"],
    ),
    "two sources": (
        "source: {layout: class_folders, uri: 's3://abc/d', urls: ['https://a.b/c.zip']}",
        ["source: uri and urls exclude each other"],
    ),
    "two files of one name": (
        "source: {layout: class_folders, urls: ['https://a.b/1/c.zip', 'https://a.b/2/c.zip']}",
        ["source: urls: c.zip: each file keeps its name"],
    ),
    "a mirror of another scheme": (
        "source: {layout: class_folders, urls: [{mirrors: ['ftp://a.b/c.zip']}]}",
        ["source.urls.0.mirrors.0: 'ftp://a.b/c.zip' is not allowed", "https?://"],
    ),
    "a bad hash": (
        "source: {layout: class_folders, urls: [{mirrors: ['http://a.b/c.zip'], sha256: abc}]}",
        ["source.urls.0.sha256: 'abc' is not allowed"],
    ),
    "a name that is a path": (
        "source: {layout: class_folders, urls: [{mirrors: ['http://a.b/c.zip'], name: ../c}]}",
        ["source.urls.0.name: '../c' is not allowed"],
    ),
    "a file without an address": (
        "source: {layout: class_folders, urls: [{name: c.zip}]}",
        ["source.urls.0.mirrors: is required"],
    ),
    "an unknown field of a file": (
        "source: {layout: class_folders, urls: [{mirrors: ['http://a.b/c.zip'], md5: abc}]}",
        ["source.urls.0.md5: no such field; allowed here: name, mirrors, size, max_bytes, sha256"],
    ),
    "a file over http without its hash": (
        "source: {layout: class_folders, urls: [{name: c, mirrors: ['https://a.b/c', 'http://a.b/c']}]}",
        ["source: urls: c: a mirror uses http", "give its sha256, or use https"],
    ),
    "a password in a URL": (
        "source: {layout: class_folders, urls: ['https://me:secret@a.b/c.zip']}",
        [
            "source.urls.0.mirrors.0: 'https://a.b/c.zip' is not allowed",
            "a user or password in the URL is not supported",
        ],
    ),
    "a port that is none": (
        "source: {layout: class_folders, urls: ['https://a.b:99999/c.zip']}",
        ["source.urls.0.mirrors.0: ", "cannot be a URL: Port out of range"],
    ),
    "a space in a URL": (
        "source: {layout: class_folders, urls: ['https://a.b/c d.zip']}",
        ["source.urls.0.mirrors.0: 'https://a.b/c d.zip' is not allowed"],
    ),
    "a file of nothing at most": (
        "source: {layout: class_folders, urls: [{mirrors: ['https://a.b/c'], max_bytes: 0}]}",
        ["source.urls.0.max_bytes: 0 is not allowed"],
    ),
    "a marker of what is fetched": (
        "source: {layout: class_folders, urls: ['https://a.b/c.zip'], complete_marker: _SUCCESS}",
        ["source: complete_marker is for a source that others upload: not with urls"],
    ),
    "a devkit without one": (
        "source: {layout: list, devkit: car_devkit.tgz}",
        ["source: devkit is only for layout stanford_cars, not for list"],
    ),
    "a devkit elsewhere": (
        "source: {layout: stanford_cars, devkit: ../car_devkit.tgz}",
        ["source: devkit: '../car_devkit.tgz' must be a path inside the source"],
    ),
    "boxes that the layout does not have": (
        SOURCE + "dataset: {boxes: crop}",
        ["dataset.boxes: crop needs boxes, and layout class_folders has none"],
    ),
    "no test split": (
        SOURCE + "dataset: {train_ratio: 0.9, validation_ratio: 0.1}",
        ["dataset: train_ratio + validation_ratio must be below 1"],
    ),
    "canary on one machine": (
        SOURCE + "endpoint: {traffic: {shift: canary, step_percent: 10}}",
        ["endpoint: traffic.shift: canary needs instance_count of at least 2"],
    ),
    "steps of no size": (
        SOURCE + "endpoint: {instance_count: 2, traffic: {shift: linear}}",
        ["endpoint.traffic: shift: linear needs step_percent"],
    ),
    "steps that are too small": (
        SOURCE + "endpoint: {instance_count: 2, traffic: {shift: linear, step_percent: 5}}",
        ["endpoint.traffic: step_percent: 5: a step of shift: linear is at least 10"],
    ),
    "a step of what goes at once": (
        SOURCE + "endpoint: {traffic: {step_percent: 10}}",
        ["endpoint.traffic: step_percent is only for shift: canary or linear"],
    ),
    "a margin without boxes": (
        SOURCE + "dataset: {box_margin: 0.1}",
        ["dataset: box_margin is only for boxes: crop"],
    ),
    "built-in without GPU": (
        SOURCE + "training: {algorithm: built-in}",
        ["training: instance.instance_type: ml.c5.4xlarge has no GPU", "use ml.g4dn.*"],
    ),
    "ours for the built-in": (
        SOURCE + "training: {algorithm: built-in, instance: {instance_type: ml.g5.xlarge}, "
        "hyperparameters: {lr_schedule: one_cycle}}",
        ["training: hyperparameters: lr_schedule: one_cycle", "use algorithm: custom"],
    ),
    "a family of networks for the built-in": (
        SOURCE + "training: {algorithm: built-in, instance: {instance_type: ml.g5.xlarge}, "
        "hyperparameters: {network: mxnet}}",
        ["training: hyperparameters: network: mxnet", "use algorithm: custom"],
    ),
    "photos made smaller than the network needs": (
        SOURCE + "training: {hyperparameters: {image_shape: '3,64,96', resize: 96}}",
        ["training.hyperparameters: resize must be above image_shape's longer side, 96"],
    ),
    "checkpoints that are never reached": (
        SOURCE + "training: {hyperparameters: {epochs: 5, checkpoint_frequency: 6}}",
        ["training.hyperparameters: checkpoint_frequency must not be above epochs, 5"],
    ),
    "several machines that do not know how to train together": (
        SOURCE + "training: {instance_count: 3}",
        ["training: instance_count: 3 needs hyperparameters.kv_store to be dist_sync or"],
    ),
    "our image on a GPU": (
        SOURCE + "training: {instance: {instance_type: ml.g5.xlarge}}",
        ["training: instance.instance_type: ml.g5.xlarge has a GPU", "use ml.c5.*"],
    ),
    "a pretrained network that does not exist": (
        SOURCE + "training: {hyperparameters: {use_pretrained_model: 1, num_layers: 20}}",
        ["training.hyperparameters: use_pretrained_model: 1 needs num_layers to be one of 18, 34"],
    ),
    "pretrained by our image, which brings nothing": (
        SOURCE + "training: {hyperparameters: {use_pretrained_model: 1}}",
        ["training: hyperparameters.use_pretrained_model: 1 needs pretrained_model_uri and"],
    ),
    "pretrained weights without their hash": (
        SOURCE + "training: {hyperparameters: {pretrained_model_uri: 's3://bucket/a'}}",
        ["training.hyperparameters: pretrained_model_uri needs pretrained_model_sha256"],
    ),
    "pretrained weights whose address has a token": (
        SOURCE + "training: {hyperparameters: {use_pretrained_model: 1, pretrained_model_sha256: "
        f"{'a' * 64}, pretrained_model_uri: 'https://u:t0ken@a.b/c?t0ken'}}}}",
        ["training.hyperparameters: pretrained_model_uri: https://a.b/c must have no user, passwo"],
    ),
    "a mirror whose address has a token": (
        "source: {layout: class_folders, urls: ['https://a.b/c/?t0ken=1/']}",
        ["'https://a.b/c/' is not allowed"],
    ),
    "pretrained weights in a folder": (
        SOURCE + "training: {hyperparameters: {pretrained_model_uri: 's3://bucket/a/'}}",
        ["training.hyperparameters.pretrained_model_uri: 's3://bucket/a/' is not allowed"],
    ),
    "a hash that is none": (
        SOURCE + "training: {hyperparameters: {pretrained_model_sha256: abc}}",
        ["training.hyperparameters.pretrained_model_sha256: 'abc' is not allowed"],
    ),
    "our weights for the built-in": (
        SOURCE + "training: {algorithm: built-in, instance: {instance_type: ml.g5.xlarge}, "
        f"hyperparameters: {{pretrained_model_sha256: {'a' * 64}}}}}",
        ["training: hyperparameters: pretrained_model_sha256: aaa", "use algorithm: custom"],
    ),
    "another shape than the built-in's weights have": (
        SOURCE + "training: {algorithm: built-in, instance: {instance_type: ml.g5.xlarge}, "
        "hyperparameters: {use_pretrained_model: 1, image_shape: '3,64,64'}}",
        ["training: hyperparameters.use_pretrained_model: 1 needs image_shape to be 3,224,224"],
    ),
    "a mode that the built-in does not take": (
        SOURCE + "training: {algorithm: built-in, instance: {instance_type: ml.g5.xlarge}, "
        "input_mode: FastFile}",
        ["training: input_mode: FastFile: the built-in algorithm takes File or Pipe"],
    ),
    "scratch and pretrained": (
        SOURCE + "training: {start_from: scratch, algorithm: built-in, instance: {instance_type: "
        "ml.g5.xlarge}, hyperparameters: {use_pretrained_model: 1}}",
        ["training: start_from: scratch contradicts hyperparameters.use_pretrained_model: 1"],
    ),
    "pretrained without weights": (
        SOURCE + "training: {start_from: pretrained}",
        ["training: start_from: pretrained needs hyperparameters.use_pretrained_model: 1"],
    ),
    "several record files for the built-in": (
        SOURCE + "conversion: {instance_count: 3}\n"
        "training: {algorithm: built-in, instance: {instance_type: ml.g5.xlarge}}",
        [
            "conversion.instance_count: 3 gives 3 record files a channel",
            "training.algorithm: custom",
        ],
    ),
    "records smaller than the network's input": (
        SOURCE + "conversion: {resize: 64}",
        ["conversion.resize: 64 is smaller than training.hyperparameters.image_shape (224)"],
    ),
    "too large a payload": (
        SOURCE + "batch: {transform: {concurrency: 10, max_payload_mb: 20}}",
        ["batch.transform: concurrency times max_payload_mb may be at most 100, not 200"],
    ),
    "a name of its own": (SOURCE + "name: x", ["name: leave it out"]),
    "a list": ("- source", ["must hold a mapping: description, owner, source"]),
    "no YAML": ("source: {", ["is not YAML"]),
    "a schedule for one deployment": (
        SOURCE + "local: {schedules: {refresh: null}}",
        ["local.schedules: cannot be overridden"],
    ),
    "an approver whom nobody asks": (
        SOURCE + "promotion: {approval: manual, approvers: [ada]}",
        ["promotion: approvers is only for approval: ask, and it is manual"],
    ),
    "an approver twice": (
        SOURCE + "promotion: {approval: ask, approvers: [ada, {id: ada, name: Ada}]}",
        ["promotion: approvers: ada: name each user once"],
    ),
    "an approver without an id": (
        SOURCE + "promotion: {approval: ask, approvers: [{name: Ada}]}",
        ["promotion.approvers.0.id"],
    ),
    "an owner for one deployment": (
        SOURCE + "local: {owner: ann}",
        ["local.owner: cannot be overridden"],
    ),
    "a mistake in the local overrides": (
        SOURCE + "local: {conversion: {fit: stretch}}",
        ["(with local): conversion.fit: 'stretch' is not allowed"],
    ),
    "a mistake in a deployment's overrides": (
        SOURCE + "deployments: {staging: {endpoint: {instances: 2}}}",
        ["(with deployments.staging): endpoint.instances: no such field"],
    ),
    "a learning rate of nothing": (
        SOURCE + "training: {hyperparameters: {learning_rate: 0}}",
        ["training.hyperparameters.learning_rate: 0 is not allowed", "greater than 0"],
    ),
    "a mean that never moves": (
        SOURCE + "training: {hyperparameters: {momentum: 1}}",
        ["training.hyperparameters.momentum: 1 is not allowed", "less than 1"],
    ),
    "a boolean for a number": (
        SOURCE + "training: {hyperparameters: {epochs: true}}",
        ["training.hyperparameters.epochs: True is not allowed", "valid integer"],
    ),
    "a boolean for a number with a fraction": (
        SOURCE + "promotion: {margin: yes}",
        ["promotion.margin: True is not allowed", "valid number"],
    ),
    "a boolean for a switch": (
        SOURCE + "training: {hyperparameters: {use_pretrained_model: true}}",
        ["hyperparameters.use_pretrained_model: True is not allowed: must be a whole number"],
    ),
    "a fraction for a depth": (
        SOURCE + "training: {hyperparameters: {num_layers: 18.0}}",
        ["training.hyperparameters.num_layers: 18.0 is not allowed: must be a whole number"],
    ),
    "a number for a switch": (
        SOURCE + "training: {spot: 1}",
        ["training.spot: 1 is not allowed", "valid boolean"],
    ),
    "a number in quotes": (
        SOURCE + "endpoint: {instance_count: '2'}",
        ["endpoint.instance_count: '2' is not allowed", "valid integer"],
    ),
    "an infinite budget": (
        SOURCE + "budget: {per_run_usd: .inf}",
        ["budget.per_run_usd: inf is not allowed", "finite number"],
    ),
    "a share that is no number": (
        SOURCE + "promotion: {significance: .nan}",
        ["promotion.significance: nan is not allowed", "finite number"],
    ),
    "a time that no calendar holds": (
        SOURCE + "batch: {transform: {max_runtime_minutes: 99999999999}}",
        ["batch.transform.max_runtime_minutes: 99999999999 is not allowed"],
    ),
    "an alarm without a name": (
        SOURCE + "endpoint: {rollback_alarms: [' ']}",
        ["endpoint.rollback_alarms.0: ' ' is not allowed", "at least 1 character"],
    ),
    "a section twice": (
        SOURCE + "training: {spot: true}\nbatch: {}\ntraining: {spot: false}",
        ["training: is there twice, in line 2 and in line 4: keep one of them"],
    ),
    "a field twice, deep in the overrides": (
        SOURCE + "local:\n  training:\n    spot: true\n    spot: true",
        ["local.training.spot: is there twice, in line 4 and in line 5"],
    ),
    "a field of a file twice": (
        "source:\n layout: list\n urls:\n - mirrors: ['https://a.b/c']\n   size: 1\n   size: 2",
        ["source.urls.0.size: is there twice, in line 5 and in line 6"],
    ),
    "an octal number": (
        SOURCE + "training: {hyperparameters: {epochs: 010}}",
        ["training.hyperparameters.epochs: 010 in line 2 is read as another number", '"010"'],
    ),
    "minutes and seconds": (
        SOURCE + "training: {instance: {instance_type: ml.c5.xlarge, max_runtime_minutes: 1:30}}",
        ["training.instance.max_runtime_minutes: 1:30 in line 2 is read as another number"],
    ),
    "a text that is a boolean": (
        SOURCE + "description: no",
        ["description: False is not allowed", "true or false (also yes, no, on, off)", "in quotes"],
    ),
    "a name that is a date": (
        SOURCE + "owner: 2012-01-01",
        ["owner: datetime.date(2012, 1, 1) is not allowed", "YAML reads this as a date"],
    ),
    "a deployment that cannot be": (
        SOURCE + "deployments: {no: {}}",
        ["deployments: False cannot be a deployment's name", "in quotes"],
    ),
    "overrides that are none": (SOURCE + "local: false", ["local: must hold a mapping"]),
    "six fields of cron": (
        SOURCE + "schedules: {refresh: '0 0 2 * * *'}",
        ["schedules.refresh: '0 0 2 * * *' is not allowed", "five fields"],
    ),
    "a day that never comes": (
        SOURCE + "schedules: {refresh: '0 0 30 2 *'}",
        ["schedules.refresh: '0 0 30 2 *' is not allowed: no date in the next 50 years fits it"],
    ),
    "a time drawn by chance": (
        SOURCE + "schedules: {refresh: 'R 2 * * *'}",
        ["schedules.refresh: 'R 2 * * *' is not allowed", "cron expression such as"],
    ),
    "an epoch before the first": (
        SOURCE + "training: {hyperparameters: {lr_scheduler_step: '0,5'}}",
        ["training.hyperparameters.lr_scheduler_step: '0,5' is not allowed"],
    ),
    "a shape below the smallest": (
        SOURCE + "training: {hyperparameters: {image_shape: '3,4,4'}}",
        ["training.hyperparameters.image_shape: '3,4,4' is not allowed"],
    ),
    "weights that are not asked for": (
        SOURCE + "training: {hyperparameters: {pretrained_model_uri: 's3://bucket/a', "
        f"pretrained_model_sha256: {'a' * 64}}}}}",
        ["training.hyperparameters: pretrained_model_uri is for use_pretrained_model: 1 only"],
    ),
    "local in the wrong place": (
        SOURCE + "deployments: {local: {}}",
        ["deployments.local: belongs in the section `local:`"],
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_names_file_field_and_what_is_allowed(
    mistake: str, write_yaml: WriteYaml
) -> None:
    content, expected = MISTAKES[mistake]
    file = write_yaml("some_name", content)
    with pytest.raises(PipelineError) as caught:
        load_pipeline(file)
    (line,) = str(caught.value).splitlines()
    assert line.startswith(str(file))
    for part in expected:
        assert part in line
    assert "t0ken" not in line


def test_every_mistake_has_a_line(write_yaml: WriteYaml) -> None:
    file = write_yaml("two", "source: {layout: zip}\nendpoint: {smoke_images: 0}")
    with pytest.raises(PipelineError) as caught:
        load_pipeline(file)
    assert len(str(caught.value).splitlines()) == 2


@pytest.mark.parametrize("name", ["Cars", "my-cars", "two__underscores", "1st", "x" * 41])
def test_a_name_that_cannot_be_a_slug_is_refused(name: str, write_yaml: WriteYaml) -> None:
    with pytest.raises(PipelineError, match=f"name: '{name}' is not allowed"):
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


def refusals(write_yaml: WriteYaml, classes: str) -> str:
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
def test_a_class_that_yaml_reads_as_something_else_is_refused(
    classes: str, expected: str, write_yaml: WriteYaml
) -> None:
    refused = refusals(write_yaml, classes)
    assert "source.classes" in refused
    assert expected in refused


def test_what_merges_into_a_mapping_may_be_overridden_there(write_yaml: WriteYaml) -> None:
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
def test_a_text_that_is_written_is_read_back(text: str) -> None:
    assert parse_yaml(dump_yaml({"classes": [text]})) == {"classes": [text]}


@pytest.mark.parametrize(
    "expression", ["0 2 * * *", "*/5 * * * *", "@daily", "0 0 29 2 *", "30 1 * jan,MAR mon-THU"]
)
def test_a_cron_expression_that_comes_true_is_taken(expression: str, write_yaml: WriteYaml) -> None:
    pipeline = load_pipeline(write_yaml("x", SOURCE + f"schedules: {{batch: '{expression}'}}"))
    assert pipeline.schedules.cron("batch_inference") == expression


def test_an_approver_may_be_an_id_alone(tmp_path: Path) -> None:
    file = tmp_path / "flowers.yaml"
    file.write_text(SOURCE + "promotion: {approval: ask, approvers: [ada, 7, {id: 8, name: Bob}]}")
    approvers = load_pipeline(file).promotion.approvers
    assert [(each.id, each.name) for each in approvers] == [
        ("ada", "ada"),
        ("7", "7"),
        ("8", "Bob"),
    ]
