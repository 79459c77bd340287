"""The lines that the built-in algorithm and custom images write become one line for each epoch."""

import pytest

from sagemaker_jobs.jobs.epochs import EpochSummaries, epochs_of

PREFIX = "[01/02/2026 03:04:05 INFO 140] "
BUILT_IN = [
    "Epoch[0] Batch [20]#011Speed: 50.00 samples/sec#011accuracy=0.031250",
    "Epoch[0] Batch [40]#011Speed: 60.00 samples/sec#011accuracy=0.043750",
    "Epoch[0] Train-accuracy=0.051282",
    "Epoch[0] Time cost=64.7",
    "Epoch[0] Validation-accuracy=0.078125",
]
CUSTOM = [
    "Epoch[1] Batch [20]\tSpeed: 50.00 samples/sec",
    "Epoch[1] Train-accuracy=0.5",
    "Epoch[1] Train-top_k_accuracy_5=0.9",
    "Epoch[1] Train-cross-entropy=1.2",
    "Epoch[1] Time cost=8.000",
    "Epoch[1] Images per second=175.8",
    "Epoch[1] Learning rate=0.1",
    "Epoch[1] Validation-accuracy=0.25",
    "Epoch[1] Validation-top_k_accuracy_5=0.75",
]


def summaries_of(*lines: str, epochs: int | None = 30) -> list[str]:
    summaries = EpochSummaries()
    summaries.epochs = epochs
    found = [text for line in lines for text in summaries.read(PREFIX + line) or []]
    return found + summaries.finish()


def test_the_lines_of_the_built_in_algorithm() -> None:
    assert summaries_of(*BUILT_IN) == [
        "epoch 1 of 30: training accuracy 0.051, validation accuracy 0.078, 55 images per second, "
        "1 minute 5 seconds"
    ]


def test_the_lines_of_a_custom_image() -> None:
    assert summaries_of(*CUSTOM) == [
        "epoch 2 of 30: training accuracy 0.500, validation accuracy 0.250, 176 images per second, "
        "8 seconds"
    ]


def test_an_epoch_is_shown_as_soon_as_its_validation_metric_is_known() -> None:
    summaries = EpochSummaries()
    assert [bool(summaries.read(line)) for line in CUSTOM] == [False] * 7 + [True, False]


def test_several_epochs_in_order_without_their_number() -> None:
    found = summaries_of(*BUILT_IN, *CUSTOM, epochs=None)
    assert [line.split(":")[0] for line in found] == ["epoch 1", "epoch 2"]


def test_without_validation_the_next_epoch_or_the_end_completes_an_epoch() -> None:
    found = summaries_of("Epoch[0] Train-accuracy=0.1", "Epoch[1] Train-accuracy=0.2")
    assert found == [
        "epoch 1 of 30: training accuracy 0.100",
        "epoch 2 of 30: training accuracy 0.200",
    ]


def test_a_metric_of_another_name_is_shown_by_its_name() -> None:
    lines = (
        "Epoch[0] Train-mean_average_precision=0.4",
        "Epoch[0] Validation-mean_average_precision=nan",
    )
    (line,) = summaries_of(*lines)
    assert "training mean average precision 0.400, validation mean average precision nan" in line


def test_the_lines_of_a_second_host_are_not_shown_again() -> None:
    assert len(summaries_of(*BUILT_IN, *CUSTOM, *BUILT_IN, *CUSTOM)) == 2


@pytest.mark.parametrize(
    "line", ["Start", "ERROR: Epoch", "Epoch[0] Resetting Data Iterator", "Epoch[0] x=y z"]
)
def test_other_lines_are_left_alone(line: str) -> None:
    assert EpochSummaries().read(line) is None


@pytest.mark.parametrize(
    ("hyperparameters", "epochs"),
    [
        ({"epochs": "30"}, 30),
        ({"epochs": '"30"'}, 30),
        ({"epochs": "30", "head_epochs": "5"}, 35),
        ({"head_epochs": "5"}, None),
        ({"epochs": "many"}, None),
        ({}, None),
    ],
)
def test_the_number_of_epochs_is_a_hyperparameter(
    hyperparameters: dict[str, str], epochs: int | None
) -> None:
    assert epochs_of(hyperparameters) == epochs
