"""Hourly prices of instances: dated files, one per region, in the pipelines' folders."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import yaml
from pydantic import Field, ValidationError

from include.config.discovery import FOLDERS_VARIABLE, pipeline_folders
from include.config.errors import PipelineError, describe, name_file
from include.config.instances import InstanceType
from include.config.strict import Strict
from include.config.yaml_file import YamlMistakes, parse_yaml

FOLDER = "prices"

PerHour = Annotated[float, Field(gt=0)]


class PriceTable(Strict):
    """Prices from one source on one day: US dollars per hour by instance type."""

    source: Annotated[str, Field(min_length=1)]
    date: Annotated[datetime.date, Field(strict=False)]
    training: dict[InstanceType, PerHour]


class PriceFile(Strict):
    """The tables of one region; later tables override earlier ones."""

    prices: Annotated[list[PriceTable], Field(min_length=1)]


@dataclass(frozen=True)
class Price:
    """The hourly price of an instance for training, and the day of that price."""

    usd_per_hour: float
    date: datetime.date


def training_price(instance_type: str, region: str) -> Price | None:
    """Return the price of training on an instance type, or None if no file has it.

    The last file with the price counts: users' folders come after the project's folder.

    Raises:
        PipelineError: A file of prices is invalid; the text names the file and the field.
    """
    found = None
    for file in _files(region):
        for table in read_prices(file).prices:
            if instance_type in table.training:
                found = Price(table.training[instance_type], table.date)
    return found


def describe_unknown_price(instance_type: str, region: str) -> str:
    """Return a message that a price is unknown, with the fix."""
    return (
        f"no price is known for training on {instance_type} in {region}: add it to a file "
        f"{FOLDER}/{region}.yaml in your pipelines' folder ({FOLDERS_VARIABLE}), in the form of "
        "include/pipelines/prices/us-east-1.yaml"
    )


def read_prices(file: Path) -> PriceFile:
    """Read one file of prices.

    Raises:
        PipelineError: One line per mistake, with the file, the field and what is allowed.
    """
    try:
        return PriceFile.model_validate(parse_yaml(file.read_text(encoding="utf-8")))
    except YamlMistakes as error:
        raise PipelineError(name_file(error, file)) from error
    except ValidationError as error:
        raise PipelineError(describe(error, PriceFile, file, "")) from error
    except (yaml.YAMLError, OSError, UnicodeDecodeError) as error:
        raise PipelineError(f"{file}: cannot be read: {' '.join(str(error).split())}") from error


def _files(region: str) -> Iterator[Path]:
    for folder in pipeline_folders():
        file = folder / FOLDER / f"{region}.yaml"
        if file.is_file():
            yield file
