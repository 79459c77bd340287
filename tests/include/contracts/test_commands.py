"""The container parses every flag that the DAG side sends, and logs the metrics it reads."""

import logging
import re
from enum import StrEnum

import pytest

from include.config import Deployment, Pipeline
from include.contracts.commands import Command, EvaluateFlag, Im2recFlag, RefreshFlag, ReportFlag
from include.contracts.metrics import EPOCH_ACCURACY, METRICS
from include.image_classification import log_lines
from include.image_classification.__main__ import COMMANDS
from include.image_classification.conversion.flags import parse_flags
from include.image_classification.dataset.settings import parse_settings
from include.image_classification.evaluation import evaluate
from include.image_classification.reporting import report
from include.sagemaker_requests import im2rec_request, refresh_request


def arguments_of(request: object) -> list[str]:
    config = request["config"]  # type: ignore[index]
    return list(config["AppSpecification"]["ContainerArguments"])


def test_every_command_has_its_program() -> None:
    assert set(COMMANDS) == set(Command)


def test_refresh_and_im2rec_parse_the_flags_of_their_requests(
    cars: Pipeline, deployment: Deployment
) -> None:
    command, *flags = arguments_of(
        refresh_request(cars, deployment, "v1", "fingerprint", store_all=True)
    )
    settings = parse_settings(flags)
    assert (command, settings.layout, settings.store) == ("refresh", "stanford_cars", "all")
    assert settings.source_fingerprint == "fingerprint"
    command, *flags = arguments_of(im2rec_request(cars, deployment, "v1"))
    assert (command, parse_flags(flags).resize) == ("im2rec", cars.conversion.resize)


@pytest.mark.parametrize(
    ("program", "flags"),
    [
        (parse_settings, RefreshFlag),
        (parse_flags, Im2recFlag),
        (evaluate.main, EvaluateFlag),
        (report.main, ReportFlag),
    ],
)
def test_help_names_every_flag_of_the_contract(
    program: object, flags: type[StrEnum], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        program(["--help"])  # type: ignore[operator]
    text = capsys.readouterr().out
    for flag in flags:
        assert re.search(rf"{flag}\b", text)


def test_the_metrics_regular_expressions_match_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.INFO):
        log_lines.log_training(0, {"accuracy": 0.25}, 1.0, 1.0, 0.1)
        log_lines.log_validation(0, {"accuracy": 0.5})
        log_lines.log_calibration("The probabilities are calibrated", 1.25)
        log_lines.log_int8(True)
    values = {name: re.search(regex, caplog.text) for name, regex in METRICS.items()}
    assert {name: float(match[1]) for name, match in values.items() if match} == {
        "train:accuracy": 0.25,
        "validation:accuracy": 0.5,
        "calibration:temperature": 1.25,
        "int8:accepted": 1,
    }


@pytest.mark.parametrize("accuracy", [0.25, 1e-7, float("nan")])
def test_the_lines_of_an_epochs_accuracy_match_the_log(
    caplog: pytest.LogCaptureFixture, accuracy: float
) -> None:
    with caplog.at_level(logging.INFO):
        log_lines.log_training(3, {"accuracy": accuracy, "top_k": 0.9}, 1.0, 1.0, 0.1)
        log_lines.log_validation(3, {"accuracy": accuracy, "top_k": 0.9})
    text = f"{accuracy:f}"
    assert EPOCH_ACCURACY.findall(caplog.text) == [
        ("3", "Train-", text),
        ("3", "Validation-", text),
    ]
