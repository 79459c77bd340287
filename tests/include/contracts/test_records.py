"""Records: what a job writes is read back, old and new versions included."""

import pytest

from include.contracts.records import (
    BatchReport,
    DatasetReport,
    EvaluationReport,
    Record,
    RecordioReport,
    RecordProblem,
    ShardReport,
    parse_record,
)

RECORDIO: dict[str, object] = {
    "version": "r1",
    "dataset_version": "d1",
    "counts": {"train": 8, "validation": 2, "classes": 3},
}
SHARD: dict[str, object] = {
    **RECORDIO,
    "host": "algo-1",
    "hosts": 2,
    "expected": {"train": 8, "validation": 2},
    "identifiers": {"train": [0, 3], "validation": []},
    "bytes": 100,
    "seconds": 1,
}
DRIFT: dict[str, object] = {
    "images": 9,
    "reference_images": 8,
    "classes": {"distance": 0.5, "p": 0.01},
    "confidence": {"distance": 0.5, "p": 0.01, "mean": 0.5, "reference_mean": 0.6},
}

OLDEST: dict[type[Record], dict[str, object]] = {
    DatasetReport: {"version": "d1"},
    RecordioReport: RECORDIO,
    ShardReport: SHARD,
    EvaluationReport: {"dataset_version": "d1", "per_class": [{"name": "Audi", "images": 0}]},
    BatchReport: {"drift": DRIFT},
}
"""The fields that readers need; others were added later, or only people read them."""


@pytest.mark.parametrize("model", OLDEST)
def test_a_record_is_returned_as_it_was_written(model: type[Record]) -> None:
    assert parse_record(model, OLDEST[model]).as_json() == OLDEST[model]


@pytest.mark.parametrize("model", OLDEST)
def test_fields_of_newer_versions_are_kept(model: type[Record]) -> None:
    content = {**OLDEST[model], "added_later": {"by": [1, 2]}}
    assert parse_record(model, content).as_json() == content


@pytest.mark.parametrize(
    ("model", "content", "problem"),
    [
        (DatasetReport, {}, "version is missing"),
        (DatasetReport, {"version": ""}, "version is '': String should have at least 1 char"),
        (DatasetReport, {"version": "d", "counts": {"train": "8"}}, r"counts\.train is '8': "),
        (RecordioReport, {**RECORDIO, "counts": {"classes": 3}}, r"counts\.train is missing"),
        (RecordioReport, {**RECORDIO, "shards": 0}, "shards is 0: Input should be greater than"),
        (ShardReport, RECORDIO, "host is missing|bytes is missing"),
        (
            ShardReport,
            {**SHARD, "identifiers": {"train": [0, "3"]}},
            r"identifiers\.train\[1\] is '3': Input should be a valid integer",
        ),
        (BatchReport, {"drift": {**DRIFT, "images": True}}, r"drift\.images is True: "),
        (BatchReport, {"drift": {**DRIFT, "classes": {}}}, r"drift\.classes\.distance is missing"),
    ],
)
def test_a_problem_names_the_field(
    model: type[Record], content: dict[str, object], problem: str
) -> None:
    with pytest.raises(RecordProblem, match=rf"^{problem}"):
        parse_record(model, content)
