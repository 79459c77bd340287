"""Prices are dated and sourced, the machines that pipelines train on have one, and users' count."""

import datetime
import re
from pathlib import Path

import pytest

from include.config import PipelineError, usable_pipelines
from include.config.deployment import BUILT_IN_ACCOUNTS
from include.config.discovery import PROJECT_FOLDER
from include.config.prices import FOLDER, Price, describe_unknown_price, read_prices, training_price

FILES = sorted((PROJECT_FOLDER / FOLDER).iterdir())
MINE = """
prices:
  - source: our contract
    date: 2026-01-31
    training: {%s: %s}
"""


@pytest.fixture
def mine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the file of us-east-1's prices in a user's folder of pipelines."""
    monkeypatch.setenv("IMAGE_PIPELINES_PATH", str(tmp_path))
    (tmp_path / FOLDER).mkdir()
    return tmp_path / FOLDER / "us-east-1.yaml"


def test_there_are_prices() -> None:
    assert [file.name for file in FILES] == ["us-east-1.yaml"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_price_has_a_day_and_a_source_that_can_be_looked_up(file: Path) -> None:
    """A price of unknown age, or from memory, is worse than none: it looks like a fact."""
    assert file.stem in BUILT_IN_ACCOUNTS, "named by its region"
    for table in read_prices(file).prices:
        assert datetime.date(2024, 1, 1) < table.date < datetime.date.today()
        assert len(table.source) > 40
    address = rf"https://pricing\.us-east-1\.amazonaws\.com/.*/{file.stem}/index\.json"
    assert re.search(address, file.read_text())


def test_all_sources_of_a_price_agree() -> None:
    """They were read within days of each other: two prices for one machine would be a slip."""
    for file in FILES:
        seen: dict[str, float] = {}
        for table in read_prices(file).prices:
            for machine, price in table.training.items():
                assert seen.setdefault(machine, price) == price, machine


def test_the_machines_of_the_projects_pipelines_have_a_price() -> None:
    for pipeline in usable_pipelines():
        for each in pipeline.variants:
            machine = each.training.instance.instance_type
            assert training_price(machine, "us-east-1"), (pipeline.name, machine)


def test_a_users_own_price_replaces_the_projects_and_leaves_the_others(mine: Path) -> None:
    others = training_price("ml.c5.xlarge", "us-east-1")
    mine.write_text(MINE % ("ml.g4dn.xlarge", "0.5"))
    assert training_price("ml.g4dn.xlarge", "us-east-1") == Price(0.5, datetime.date(2026, 1, 31))
    assert training_price("ml.c5.xlarge", "us-east-1") == others


def test_a_folder_of_prices_is_no_pipeline(mine: Path) -> None:
    before = [pipeline.name for pipeline in usable_pipelines()]
    mine.write_text(MINE % ("ml.g4dn.xlarge", "0.5"))
    assert [pipeline.name for pipeline in usable_pipelines()] == before


@pytest.mark.parametrize(
    ("machine", "region"), [("ml.g4dn.xlarge", "eu-west-1"), ("ml.new.xlarge", "us-east-1")]
)
def test_a_price_that_nobody_wrote_down_is_not_made_up(machine: str, region: str) -> None:
    assert training_price(machine, region) is None
    told = describe_unknown_price(machine, region)
    assert f"training on {machine} in {region}: add it to a file prices/{region}.yaml" in told


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (MINE % ("g4dn.xlarge", "0.5"), r"prices\.0\.training\.g4dn\.xlarge"),
        (MINE % ("ml.g4dn.xlarge", "0"), r"training\.ml\.g4dn\.xlarge: 0 is not allowed"),
        (MINE.replace("    date: 2026-01-31\n", "") % ("ml.x.large", "1"), r"date: is required"),
        (MINE.replace("source", "sauce") % ("ml.x.large", "1"), r"sauce: no such field"),
        ("prices: []", r"prices"),
        ("", r"the file"),
        ("a: [", r"cannot be read"),
    ],
)
def test_a_mistake_in_a_file_names_file_and_field(mine: Path, content: str, message: str) -> None:
    mine.write_text(content)
    with pytest.raises(PipelineError, match=rf"us-east-1\.yaml: .*{message}"):
        training_price("ml.g4dn.xlarge", "us-east-1")
