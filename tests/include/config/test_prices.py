"""Price files: every price has a date and a source, and users' prices override the project's."""

import datetime
import re
from pathlib import Path

import pytest

from include.config import PipelineError, usable_pipelines
from include.config.deployment import BUILT_IN_ACCOUNTS
from include.config.discovery import PROJECT_FOLDER
from include.config.prices import FOLDER, Price, describe_unknown_price, read_prices, training_price

FILES = sorted((PROJECT_FOLDER / FOLDER).iterdir())
USER_PRICES = """
prices:
  - source: a contract
    date: 2026-01-31
    training: {%s: %s}
"""


@pytest.fixture
def user_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the file of us-east-1's prices in a user's folder of pipelines."""
    monkeypatch.setenv("IMAGE_PIPELINES_PATH", str(tmp_path))
    (tmp_path / FOLDER).mkdir()
    return tmp_path / FOLDER / "us-east-1.yaml"


def test_there_are_prices() -> None:
    assert [file.name for file in FILES] == ["us-east-1.yaml"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_price_has_a_date_and_a_source(file: Path) -> None:
    """A price without date and source cannot be checked."""
    assert file.stem in BUILT_IN_ACCOUNTS, "named by its region"
    for table in read_prices(file).prices:
        assert datetime.date(2024, 1, 1) < table.date < datetime.date.today()
        assert len(table.source) > 40
    address = rf"https://pricing\.us-east-1\.amazonaws\.com/.*/{file.stem}/index\.json"
    assert re.search(address, file.read_text())


def test_all_sources_of_a_price_agree() -> None:
    """The tables are a few days apart: two prices of one instance type would be a mistake."""
    for file in FILES:
        seen: dict[str, float] = {}
        for table in read_prices(file).prices:
            for instance_type, price in table.training.items():
                assert seen.setdefault(instance_type, price) == price, instance_type


def test_the_instance_types_of_the_projects_pipelines_have_a_price() -> None:
    for pipeline in usable_pipelines():
        for variant in pipeline.variants:
            instance_type = variant.training.instance.instance_type
            assert training_price(instance_type, "us-east-1"), (pipeline.name, instance_type)


def test_a_users_price_overrides_the_projects_price_only(user_file: Path) -> None:
    others = training_price("ml.c5.xlarge", "us-east-1")
    user_file.write_text(USER_PRICES % ("ml.g4dn.xlarge", "0.5"))
    assert training_price("ml.g4dn.xlarge", "us-east-1") == Price(0.5, datetime.date(2026, 1, 31))
    assert training_price("ml.c5.xlarge", "us-east-1") == others


def test_a_price_file_is_not_a_pipeline(user_file: Path) -> None:
    before = [pipeline.name for pipeline in usable_pipelines()]
    user_file.write_text(USER_PRICES % ("ml.g4dn.xlarge", "0.5"))
    assert [pipeline.name for pipeline in usable_pipelines()] == before


@pytest.mark.parametrize(
    ("instance_type", "region"), [("ml.g4dn.xlarge", "eu-west-1"), ("ml.new.xlarge", "us-east-1")]
)
def test_an_unknown_price_is_none(instance_type: str, region: str) -> None:
    assert training_price(instance_type, region) is None
    message = describe_unknown_price(instance_type, region)
    assert (
        f"training on {instance_type} in {region}: add it to a file prices/{region}.yaml" in message
    )


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (USER_PRICES % ("g4dn.xlarge", "0.5"), r"prices\.0\.training\.g4dn\.xlarge"),
        (USER_PRICES % ("ml.g4dn.xlarge", "0"), r"training\.ml\.g4dn\.xlarge: 0 is not allowed"),
        (
            USER_PRICES.replace("    date: 2026-01-31\n", "") % ("ml.x.large", "1"),
            r"date: is required",
        ),
        (USER_PRICES.replace("source", "sauce") % ("ml.x.large", "1"), r"sauce: no such field"),
        ("prices: []", r"prices"),
        ("", r"the file"),
        ("a: [", r"cannot be read"),
    ],
)
def test_a_mistake_in_a_file_names_file_and_field(
    user_file: Path, content: str, message: str
) -> None:
    user_file.write_text(content)
    with pytest.raises(PipelineError, match=rf"us-east-1\.yaml: .*{message}"):
        training_price("ml.g4dn.xlarge", "us-east-1")
