"""Parsing and validation of hyperparameters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.image_classification.container import CommandError
from include.image_classification.training.hyperparameters import parse

REQUIRED = {"num_classes": "196", "num_training_samples": "4598"}


def test_defaults_are_those_of_the_built_in_algorithm() -> None:
    settings = parse(REQUIRED)
    assert (settings.num_layers, settings.image_shape) == (152, (3, 224, 224))
    assert (settings.epochs, settings.mini_batch_size, settings.optimizer) == (30, 32, "sgd")
    assert (settings.learning_rate, settings.weight_decay) == (0.1, 0.0001)
    assert settings.augmentation_type == "none"


def test_text_is_converted_to_numbers_shapes_and_switches() -> None:
    texts = {"image_shape": "1,28,32", "lr_scheduler_step": "10,20", "early_stopping": "True"}
    settings = parse(REQUIRED | texts | {"num_layers": "20", "optimizer": '"adam"'})
    assert settings.image_shape == (1, 28, 32)
    assert settings.lr_scheduler_step == (10, 20)
    assert settings.early_stopping is True
    assert (settings.num_layers, settings.optimizer) == (20, "adam")


def test_a_network_without_num_layers_takes_published_weights() -> None:
    settings = parse(REQUIRED | {"network": "efficientnet_lite0", "use_pretrained_model": "1"})
    assert (settings.network, settings.use_pretrained_model) == ("efficientnet_lite0", 1)


@pytest.mark.parametrize(
    "reserved",
    [
        {"_tuning_objective_metric": "validation:accuracy"},
        {"sagemaker_job_name": '"a"', "sagemaker_container_log_level": "20"},
    ],
)
def test_hyperparameters_of_sagemaker_are_ignored(reserved: dict[str, str]) -> None:
    """Tuning jobs and the SageMaker SDK add hyperparameters."""
    assert parse(REQUIRED | reserved) == parse(REQUIRED)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"epoch": "3"}, "epoch is not known: did you mean epochs"),
        ({"zzz": "3"}, "zzz is not known: allowed are augmentation_type, "),
        ({"num_layers": "19"}, "num_layers is 19: .*18, 20, 32"),
        ({"num_layers": "deep"}, "num_layers is deep: Input should be 18"),
        ({"learning_rate": "2"}, "learning_rate is 2: .*less than or equal to 1"),
        ({"image_shape": "4,64,64"}, "image_shape must be C,H,W"),
        ({"image_shape": "64"}, "image_shape is 64: must be C,H,W"),
        ({"precision_dtype": "int8"}, "precision_dtype is int8: .*'float32', 'float16' or"),
        ({"use_pretrained_model": "2"}, "use_pretrained_model is 2: Input should be 0 or 1"),
        ({"resize": "0"}, "resize is 0: .*greater than 0"),
        ({"resize": "224"}, "resize must be above image_shape's longer side, 224"),
        ({"fine_tune": "body"}, "fine_tune is body: .*'all', 'last_stages' or 'head'"),
        ({"head_epochs": "-1"}, "head_epochs is -1: .*greater than or equal to 0"),
        ({"fine_tune": "head", "head_epochs": "1"}, "head_epochs is for fine_tune: all or last_s"),
        ({"network": "vgg"}, "network is vgg: .*'torchvision', 'mxnet' or 'eff"),
        (
            {"network": "efficientnet_lite0", "num_layers": "18"},
            r"num_layers is for the networks torchvision and mxnet: leave it out \(null in "
            "overrides\\), because network efficientnet_lite0 has one depth",
        ),
        (
            {"network": "efficientnet_lite0", "image_shape": "3,224,31"},
            "image_shape must be .* at least 32 for network efficientnet_lite0, not 3,224,31",
        ),
        ({"image_shape": "3,7,64"}, "H and W at least 8 for network torchvision, not 3,7,64"),
        ({"augmentation_type": "flip"}, "augmentation_type is flip: .*'crop_color_transform'"),
        ({"optimizer": "lion"}, "optimizer is lion: .*'sgd', 'adam', 'rmsprop' or 'nag'"),
        ({"momentum": "1.1"}, "momentum is 1.1: .*less than or equal to 1"),
        ({"weight_decay": "-0.1"}, "weight_decay is -0.1: .*greater than or equal to 0"),
        ({"lr_scheduler_step": "10;20"}, "lr_scheduler_step is 10;20: must be whole numbers"),
        ({"early_stopping": "maybe"}, "early_stopping is maybe: "),
        ({"early_stopping_patience": "0"}, "early_stopping_patience is 0: .*greater than 0"),
        ({"top_k": "1"}, "top_k is 1: .*greater than 1"),
        ({"mini_batch_size": "8.5"}, "mini_batch_size is 8.5: "),
        ({"label_smoothing": "1"}, "label_smoothing is 1: .*less than 1"),
        ({"top_k": "196"}, "top_k must be below num_classes"),
        ({"num_classes": "0"}, "num_classes is 0"),
        ({"pretrained_model_uri": "/a"}, "pretrained_model_uri needs pretrained_model_sha256"),
        (
            {"pretrained_model_uri": "/a", "use_pretrained_model": "1", "num_layers": "18"},
            "pretrained_model_uri needs pretrained_model_sha256",
        ),
        (
            {"pretrained_model_uri": "/a", "pretrained_model_sha256": "a" * 64},
            "pretrained_model_uri is for use_pretrained_model: 1 only",
        ),
        ({"pretrained_model_sha256": "a" * 64}, "sha256 is for use_pretrained_model: 1 only"),
        (
            {"lr_schedule": "one_cycle", "lr_scheduler_step": "3"},
            r"lr_scheduler_step is for lr_schedule: step only: leave it out \(null",
        ),
        (
            {"training_size": "300", "resize": "256"},
            "resize must be above training_size, 300",
        ),
        (
            {"training_size": "32", "image_shape": "3,64,64"},
            "training_size 32 and image_shape 3,64,64 must both be above 32 pixels, or both not",
        ),
        (
            {"pretrained_model_sha256": "abc"},
            "pretrained_model_sha256 is abc: allowed: 64 hexadecimal digits",
        ),
    ],
)
def test_an_invalid_value_is_rejected_with_the_allowed_ones(
    changes: dict[str, str], message: str
) -> None:
    with pytest.raises(CommandError, match=message):
        parse(REQUIRED | changes)


def test_a_missing_hyperparameter_is_named() -> None:
    with pytest.raises(CommandError, match="num_training_samples is missing"):
        parse({"num_classes": "2"})


def test_all_unknown_hyperparameters_are_named() -> None:
    with pytest.raises(CommandError, match=r"epoch .*; hyperparameter lr "):
        parse(REQUIRED | {"epoch": "3", "lr": "0.1"})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"checkpoint_frequency": "31"}, r"checkpoint_frequency must not be above epochs, 30"),
        ({"use_weighted_loss": "1"}, "use_weighted_loss is for multi_label 1 only"),
        ({"multi_label": "1", "top_k": "2"}, "top_k and label_smoothing are for multi_label 0"),
        ({"use_pretrained_model": "1", "num_layers": "20"}, "num_layers to be one of 18, 34, 50"),
        ({"kv_store": "nccl"}, "'dist_sync' or 'dist_async'"),
    ],
)
def test_incompatible_hyperparameters_are_rejected(changes: dict[str, str], message: str) -> None:
    with pytest.raises(CommandError, match=message):
        parse(REQUIRED | changes)


DOCUMENTED: dict[str, object] = {
    "augmentation_type": "none",
    "beta_1": 0.9,
    "beta_2": 0.999,
    "checkpoint_frequency": None,
    "early_stopping": False,
    "early_stopping_min_epochs": 10,
    "early_stopping_patience": 5,
    "early_stopping_tolerance": 0.0,
    "epochs": 30,
    "eps": 1e-8,
    "gamma": 0.9,
    "image_shape": (3, 224, 224),
    "kv_store": None,
    "learning_rate": 0.1,
    "lr_scheduler_factor": 0.1,
    "lr_scheduler_step": (),
    "mini_batch_size": 32,
    "momentum": 0.9,
    "multi_label": 0,
    "num_layers": 152,
    "optimizer": "sgd",
    "precision_dtype": "float32",
    "resize": None,
    "top_k": None,
    "use_pretrained_model": 0,
    "use_weighted_loss": 0,
    "weight_decay": 0.0001,
}
"""The optional hyperparameters of the built-in algorithm, with their defaults."""


@pytest.mark.parametrize("name", DOCUMENTED)
def test_the_built_in_algorithms_hyperparameters_have_its_defaults(name: str) -> None:
    assert getattr(parse(REQUIRED), name) == DOCUMENTED[name]


FRACTIONS = [name for name, value in DOCUMENTED.items() if isinstance(value, float)]


@given(st.sampled_from(FRACTIONS), st.floats(allow_nan=True, allow_infinity=True))
def test_a_fraction_must_be_from_0_to_1(name: str, value: float) -> None:
    if 0 <= value <= 1:
        assert getattr(parse(REQUIRED | {name: repr(value)}), name) == value
    else:
        with pytest.raises(CommandError, match=f"hyperparameter {name} is "):
            parse(REQUIRED | {name: repr(value)})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"fine_tune": "head", "frozen_stages": "2"}, "frozen_stages is for fine_tune: all only"),
        ({"fine_tune": "head", "training_size": "40"}, "training_size is for fine_tune: all only"),
        ({"fine_tune": "head", "layer_decay": "0.5"}, "layer_decay is for fine_tune: all or last"),
        ({"layer_decay": "0"}, "layer_decay is 0: .* greater than 0"),
        ({"ema_decay": "1"}, "ema_decay is 1: .* less than 1"),
        ({"frozen_stages": "5"}, "frozen_stages is 5: .* less than or equal to 4"),
        ({"training_size": "4"}, "training_size must be at least 8 for network torchvision, not 4"),
    ],
)
def test_settings_of_frozen_stages_and_smaller_images(
    changes: dict[str, str], message: str
) -> None:
    with pytest.raises(CommandError, match=message):
        parse(REQUIRED | changes)
