"""The registry of DAG families is complete, and the only list of them."""

from pathlib import Path

import pytest

from include.config.dag_families import DEADLINES, FAMILIES, SCHEDULES, get_family, position
from include.config.sections.notifications import Deadlines
from include.config.sections.schedules import Schedules

DAGS = Path(__file__).parents[3] / "dags"


def test_each_family_has_a_dag_file_and_each_dag_file_of_pipelines_a_family() -> None:
    files = {file.stem for file in DAGS.glob("*.py") if "pipelines_for(" in file.read_text()}
    assert files == {family.name for family in FAMILIES}


def test_the_yaml_has_a_schedule_and_a_deadline_for_each_family_that_names_one() -> None:
    assert tuple(Deadlines.model_fields) == DEADLINES
    assert set(Schedules.model_fields) == {"timezone", *SCHEDULES}
    schedules = Schedules.model_validate({"training": "0 2 * * *"})
    assert schedules.cron("nightly_training") == "0 2 * * *"
    assert schedules.cron("endpoint_update") is None
    deadlines = Deadlines.model_validate({"endpoint": 90})
    assert deadlines.minutes("endpoint_update") == deadlines.minutes("endpoint_rollback") == 90
    assert deadlines.minutes("nightly_training") is None


def test_the_families_are_numbered_in_the_order_of_work() -> None:
    assert [position(family.name) for family in FAMILIES] == [1, 2, 3, 4, 5, 6]
    assert position("nightly_training") == 3
    with pytest.raises(KeyError):
        get_family("no_family")
