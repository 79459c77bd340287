"""Settings arrive as strings; a mistake must be named with what is allowed."""

import pytest

from include.image_classification.container import ProgramError
from include.image_classification.training.hyperparameters import parse

NEEDED = {"num_classes": "196", "num_training_samples": "4598"}


def test_defaults_are_those_of_the_built_in_algorithm() -> None:
    settings = parse(NEEDED)
    assert (settings.num_layers, settings.image_shape) == (152, (3, 224, 224))
    assert (settings.epochs, settings.mini_batch_size, settings.optimizer) == (30, 32, "sgd")
    assert (settings.learning_rate, settings.weight_decay) == (0.1, 0.0001)
    assert settings.augmentation_type == "none"


def test_strings_become_numbers_shapes_and_switches() -> None:
    told = {"image_shape": "1,28,32", "lr_scheduler_step": "10,20", "early_stopping": "True"}
    settings = parse(NEEDED | told | {"num_layers": "20", "optimizer": '"adam"'})
    assert settings.image_shape == (1, 28, 32)
    assert settings.lr_scheduler_step == (10, 20)
    assert settings.early_stopping is True
    assert (settings.num_layers, settings.optimizer) == (20, "adam")


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"epoch": "3"}, "epoch is not known: did you mean epochs"),
        ({"zzz": "3"}, "zzz is not known: allowed are augmentation_type, "),
        ({"kv_store": "dist_sync"}, "kv_store is not supported: .*one instance"),
        ({"num_layers": "19"}, "num_layers is 19: .*18, 20, 32"),
        ({"num_layers": "deep"}, "num_layers is deep: Input should be 18"),
        ({"learning_rate": "2"}, "learning_rate is 2: .*less than or equal to 1"),
        ({"image_shape": "4,64,64"}, "image_shape must be C,H,W"),
        ({"image_shape": "64"}, "image_shape is 64: must be C,H,W"),
        ({"precision_dtype": "float16"}, "precision_dtype is float16: .*'float32' or 'bfloat16'"),
        ({"use_pretrained_model": "1"}, "use_pretrained_model is 1"),
        ({"top_k": "196"}, "top_k must be below num_classes"),
        ({"num_classes": "0"}, "num_classes is 0"),
    ],
)
def test_a_mistake_is_named_with_what_is_allowed(told: dict[str, str], message: str) -> None:
    with pytest.raises(ProgramError, match=message):
        parse(NEEDED | told)


def test_a_missing_one_is_named() -> None:
    with pytest.raises(ProgramError, match="num_training_samples is missing"):
        parse({"num_classes": "2"})


def test_all_unknown_ones_are_named_together() -> None:
    with pytest.raises(ProgramError, match=r"epoch .*; hyperparameter lr "):
        parse(NEEDED | {"epoch": "3", "lr": "0.1"})
