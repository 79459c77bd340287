"""Mistakes in the section `training`: the error names file, field and what is allowed."""

import pytest

from tests.include.config.mistakes import check_mistake
from tests.include.conftest import WriteYaml

SOURCE = "source: {layout: class_folders}\n"

MISTAKES = {
    "a counted hyperparameter": (
        SOURCE + "training: {hyperparameters: {num_classes: 3}}",
        ["training.hyperparameters.num_classes: no such field; allowed here: num_layers"],
    ),
    "a number out of range": (
        SOURCE + "training: {hyperparameters: {learning_rate: 3}}",
        ["training.hyperparameters.learning_rate: 3 is not allowed", "less than or equal to 1"],
    ),
    "built-in without GPU": (
        SOURCE + "training: {algorithm: built-in}",
        ["training: instance.instance_type: ml.c5.4xlarge has no GPU", "use ml.g4dn.*"],
    ),
    "a custom-only hyperparameter for the built-in algorithm": (
        SOURCE + "training: {algorithm: built-in, instance: {instance_type: ml.g5.xlarge}, "
        "hyperparameters: {lr_schedule: one_cycle}}",
        ["training: hyperparameters: lr_schedule: one_cycle", "use algorithm: custom"],
    ),
    "a network family for the built-in algorithm": (
        SOURCE + "training: {algorithm: built-in, instance: {instance_type: ml.g5.xlarge}, "
        "hyperparameters: {network: mxnet}}",
        ["training: hyperparameters: network: mxnet", "use algorithm: custom"],
    ),
    "num_layers of a network that has none": (
        SOURCE + "training: {hyperparameters: {network: efficientnet_lite0, num_layers: 18}}",
        ["training.hyperparameters: num_layers is for the networks torchvision and mxnet: leave"],
    ),
    "num_layers of the base with another network in the overrides": (
        SOURCE + "training: {hyperparameters: {num_layers: 18}}\n"
        "local: {training: {hyperparameters: {network: efficientnet_lite0}}}",
        ["training.hyperparameters: num_layers is for the networks", "null in overrides"],
    ),
    "an image that is too small for the network": (
        SOURCE + "training: {hyperparameters: {network: efficientnet_lite0, "
        "image_shape: '3,16,64'}}",
        ["training.hyperparameters: image_shape must be C,H,W", "at least 32", "not 3,16,64"],
    ),
    "an image shape that is no list of numbers": (
        SOURCE + "training: {hyperparameters: {image_shape: 3x224x224}}",
        ["image_shape: '3x224x224' is not allowed: must be whole numbers of at least 1, separated"],
    ),
    "a resize below the image shape": (
        SOURCE + "training: {hyperparameters: {image_shape: '3,64,96', resize: 96}}",
        ["training.hyperparameters: resize must be above image_shape's longer side, 96"],
    ),
    "a checkpoint frequency above the epochs": (
        SOURCE + "training: {hyperparameters: {epochs: 5, checkpoint_frequency: 6}}",
        ["training.hyperparameters: checkpoint_frequency must not be above epochs, 5"],
    ),
    "several instances without kv_store": (
        SOURCE + "training: {instance_count: 3}",
        ["training: instance_count: 3 needs hyperparameters.kv_store to be dist_sync or"],
    ),
    "the custom image on a GPU": (
        SOURCE + "training: {instance: {instance_type: ml.g5.xlarge}}",
        ["training: instance.instance_type: ml.g5.xlarge has a GPU", "use ml.c5.*"],
    ),
    "a depth without pretrained weights": (
        SOURCE + "training: {hyperparameters: {use_pretrained_model: 1, num_layers: 20}}",
        ["training.hyperparameters: use_pretrained_model: 1 needs num_layers to be one of 18, 34"],
    ),
    "no published weights, and no URI": (
        SOURCE + "training: {hyperparameters: {use_pretrained_model: 1, num_layers: 200}}",
        [
            "training: hyperparameters.use_pretrained_model: 1 needs pretrained_model_uri and",
            "no published weights of network torchvision with num_layers 200 are known",
        ],
    ),
    "pretrained weights without their hash": (
        SOURCE + "training: {hyperparameters: {pretrained_model_uri: 's3://bucket/a'}}",
        ["training.hyperparameters: pretrained_model_uri needs pretrained_model_sha256"],
    ),
    "a weights address with a token": (
        SOURCE + "training: {hyperparameters: {use_pretrained_model: 1, pretrained_model_sha256: "
        f"{'a' * 64}, pretrained_model_uri: 'https://u:t0ken@a.b/c?t0ken'}}}}",
        ["training.hyperparameters: pretrained_model_uri: https://a.b/c must have no user, passwo"],
    ),
    "pretrained weights in a folder": (
        SOURCE + "training: {hyperparameters: {pretrained_model_uri: 's3://bucket/a/'}}",
        ["training.hyperparameters.pretrained_model_uri: 's3://bucket/a/' is not allowed"],
    ),
    "an invalid hash of weights": (
        SOURCE + "training: {hyperparameters: {pretrained_model_sha256: abc}}",
        ["training.hyperparameters.pretrained_model_sha256: 'abc' is not allowed"],
    ),
    "weights of the custom image for the built-in algorithm": (
        SOURCE + "training: {algorithm: built-in, instance: {instance_type: ml.g5.xlarge}, "
        "hyperparameters: {use_pretrained_model: 1, num_layers: 50, "
        f"pretrained_model_sha256: {'a' * 64}}}}}",
        ["training: hyperparameters: pretrained_model_sha256: aaa", "use algorithm: custom"],
    ),
    "a shape without built-in weights": (
        SOURCE + "training: {algorithm: built-in, instance: {instance_type: ml.g5.xlarge}, "
        "hyperparameters: {use_pretrained_model: 1, image_shape: '3,64,64'}}",
        ["training: hyperparameters.use_pretrained_model: 1 needs image_shape to be 3,224,224"],
    ),
    "an input mode that the built-in algorithm lacks": (
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
    "frozen layers without initial weights": (
        SOURCE + "training: {hyperparameters: {fine_tune: head}}",
        ["training.hyperparameters: fine_tune: head needs use_pretrained_model: 1, because layers"],
    ),
    "frozen layers with the champion's weights only": (
        SOURCE + "training: {start_from: champion, hyperparameters: {head_epochs: 2}}",
        ["training.hyperparameters: head_epochs: 2 needs use_pretrained_model: 1", "champion"],
    ),
    "frozen layers on several instances": (
        SOURCE + "training: {instance_count: 2, hyperparameters: {use_pretrained_model: 1, "
        "fine_tune: last_stages, kv_store: dist_sync}}",
        ["training: hyperparameters.fine_tune: last_stages trains on one instance, not on inst"],
    ),
    "an average of weights on several instances": (
        SOURCE + "training: {instance_count: 2, hyperparameters: {ema_decay: 0.99, kv_store: "
        "dist_sync}}",
        ["training: hyperparameters.ema_decay: 0.99 trains on one instance, not on instance_count"],
    ),
    "frozen layers in Pipe mode": (
        SOURCE + "training: {input_mode: Pipe, hyperparameters: {use_pretrained_model: 1, "
        "fine_tune: head}}",
        ["training: hyperparameters.fine_tune: head needs input_mode: File or FastFile"],
    ),
    "frozen layers for the built-in algorithm": (
        SOURCE + "training: {algorithm: built-in, instance: {instance_type: ml.g5.xlarge}, "
        "hyperparameters: {use_pretrained_model: 1, fine_tune: head}}",
        ["training: hyperparameters: fine_tune: head: not supported by the built-in algorithm"],
    ),
    "an augmentation that the built-in algorithm lacks": (
        SOURCE + "training: {algorithm: built-in, instance: {instance_type: ml.g5.xlarge}, "
        "hyperparameters: {augmentation_type: random_resized_crop}}",
        ["training: hyperparameters: augmentation_type: random_resized_crop: not supported by"],
    ),
    "a second learning rate for the last layer": (
        SOURCE + "training: {hyperparameters: {use_pretrained_model: 1, fine_tune: head, "
        "head_learning_rate: 0.1}}",
        ["training.hyperparameters: head_learning_rate is for fine_tune: all or last_stages only"],
    ),
    "several record files for the built-in algorithm": (
        SOURCE + "conversion: {instance_count: 3}\n"
        "training: {algorithm: built-in, instance: {instance_type: ml.g5.xlarge}}",
        [
            "conversion.instance_count: 3 gives 3 record files a channel",
            "training.algorithm: custom",
        ],
    ),
    "records smaller than the image shape": (
        SOURCE + "conversion: {resize: 64}",
        ["conversion.resize: 64 is smaller than training.hyperparameters.image_shape (224)"],
    ),
    "records smaller than the training size": (
        SOURCE + "training: {hyperparameters: {training_size: 256}}\nconversion: {resize: 224}",
        ["conversion.resize: 224 is smaller than training.hyperparameters.training_size (256)"],
    ),
    "a learning rate of 0": (
        SOURCE + "training: {hyperparameters: {learning_rate: 0}}",
        ["training.hyperparameters.learning_rate: 0 is not allowed", "greater than 0"],
    ),
    "a momentum of 1": (
        SOURCE + "training: {hyperparameters: {momentum: 1}}",
        ["training.hyperparameters.momentum: 1 is not allowed", "less than 1"],
    ),
    "a boolean for a number": (
        SOURCE + "training: {hyperparameters: {epochs: true}}",
        ["training.hyperparameters.epochs: True is not allowed", "valid integer"],
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
    "a section twice": (
        SOURCE + "training: {spot: true}\nbatch: {}\ntraining: {spot: false}",
        ["training: is there twice, in line 2 and in line 4: keep one of them"],
    ),
    "a field twice, deep in the overrides": (
        SOURCE + "local:\n  training:\n    spot: true\n    spot: true",
        ["local.training.spot: is there twice, in line 4 and in line 5"],
    ),
    "an octal number": (
        SOURCE + "training: {hyperparameters: {epochs: 010}}",
        ["training.hyperparameters.epochs: 010 in line 2 is read as another number", '"010"'],
    ),
    "a base 60 number": (
        SOURCE + "training: {instance: {instance_type: ml.c5.xlarge, max_runtime_minutes: 1:30}}",
        ["training.instance.max_runtime_minutes: 1:30 in line 2 is read as another number"],
    ),
    "an epoch below 1": (
        SOURCE + "training: {hyperparameters: {lr_scheduler_step: '0,5'}}",
        ["training.hyperparameters.lr_scheduler_step: '0,5' is not allowed"],
    ),
    "a shape below the smallest": (
        SOURCE + "training: {hyperparameters: {image_shape: '3,4,4'}}",
        ["training.hyperparameters.image_shape: '3,4,4' is not allowed"],
    ),
    "weights without use_pretrained_model": (
        SOURCE + "training: {hyperparameters: {pretrained_model_uri: 's3://bucket/a', "
        f"pretrained_model_sha256: {'a' * 64}}}}}",
        ["training.hyperparameters: pretrained_model_uri is for use_pretrained_model: 1 only"],
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_names_file_field_and_what_is_allowed(
    mistake: str, write_yaml: WriteYaml
) -> None:
    check_mistake(*MISTAKES[mistake], write_yaml)
