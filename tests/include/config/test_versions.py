"""Content-addressed names change with their content, and with nothing else."""

import pytest

from include.config import Pipeline, find_pipeline
from include.config.versions import (
    ListingDigest,
    digest,
    recordio_version,
    source_fingerprint,
    training_fingerprint,
)
from include.sagemaker_requests import training_hyperparameters

COUNTS = {"train": 1000, "validation": 100, "classes": 10}

NAMES = {
    ("stanford_cars", None): ("ea125520a79d446d", "4ce289cbde27bb7a", "4b7304d113375332"),
    ("stanford_cars", "local"): ("ea125520a79d446d", "4ce289cbde27bb7a", "8525419fe23e84a1"),
    ("merch", None): ("02754626fd825c57", "4ce289cbde27bb7a", "28b638bc385c9899"),
    ("merch", "local"): ("02754626fd825c57", "4ce289cbde27bb7a", "52bab1be5fa35fd2"),
}
"""Source fingerprint, RecordIO version and training fingerprint by pipeline and deployment.

Those without a deployment were computed before keys of the YAML were renamed, those of `local` when
its settings last changed. A difference means that every user's next nightly run converts and trains
again, although nothing of the user's changed.
"""


def _files(state: str) -> ListingDigest:
    return ListingDigest("files", {"a.tgz": state})


@pytest.mark.parametrize(("name", "deployment"), NAMES)
def test_renamed_keys_change_no_name(name: str, deployment: str | None) -> None:
    pipeline = find_pipeline(name, deployment)
    recordio = recordio_version("0" * 16, pipeline.conversion)
    training = training_fingerprint(
        recordio,
        training_hyperparameters(pipeline, COUNTS, {}),
        "image@sha256:0",
        pipeline.training.start_from,
        pipeline.training.instance_count,
    )
    source = source_fingerprint(_files('"etag" 3'), pipeline.source, pipeline.dataset)
    assert (source, recordio, training) == NAMES[name, deployment]


def test_a_digest_does_not_depend_on_the_order_of_keys() -> None:
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert len(digest("x")) == 16


def test_a_listing_has_the_digest_of_the_whole_object() -> None:
    """Otherwise the sources of all users would be read again after an upgrade."""
    entries = {'a "b".jpg': '"1" 3', "\u00e4/\U0001f600.jpg": ["x", 1], "z": None}
    rest = {"settings": {"b": 1, "a": [True]}, "labels": "0123"}
    for files in ({}, entries):
        listing = ListingDigest("files", files)
        assert listing.digest_with(rest) == digest({"files": files, **rest})
        assert listing.count == len(files)


def test_a_recordio_version_depends_on_dataset_and_settings_but_not_on_the_instance(
    cars: Pipeline,
) -> None:
    conversion = cars.conversion
    base = recordio_version("d1", conversion)
    instance = conversion.instance.model_copy(update={"volume_gb": 99})
    assert base == recordio_version("d1", conversion.model_copy(update={"instance": instance}))
    changed = [
        recordio_version("d2", conversion),
        *(
            recordio_version("d1", conversion.model_copy(update=update))
            for update in ({"resize": 64}, {"fit": "crop"}, {"quality": 80})
        ),
    ]
    assert len({base, *changed}) == 5


def test_a_source_fingerprint_depends_on_files_and_settings(cars: Pipeline) -> None:
    files = _files('"etag" 3')
    base = source_fingerprint(files, cars.source, cars.dataset)
    assert base == source_fingerprint(_files('"etag" 3'), cars.source, cars.dataset)
    touched = source_fingerprint(_files('"other" 3'), cars.source, cars.dataset)
    stricter = cars.dataset.model_copy(update={"min_side": 99})
    assert len({base, touched, source_fingerprint(files, cars.source, stricter)}) == 3
    elsewhere = cars.source.model_copy(update={"urls": ["x"], "settle_minutes": 1})
    assert base == source_fingerprint(files, elsewhere, cars.dataset), "only the delivery changed"


def test_a_training_fingerprint_depends_on_data_settings_and_image() -> None:
    prints = {
        training_fingerprint("r1", {"epochs": "1"}, "image:1"),
        training_fingerprint("r2", {"epochs": "1"}, "image:1"),
        training_fingerprint("r1", {"epochs": "2"}, "image:1"),
        training_fingerprint("r1", {"epochs": "1"}, "image:2"),
        training_fingerprint("r1", {"epochs": "1"}, "image:1", "champion"),
        training_fingerprint("r1", {"epochs": "1"}, "image:1", drifted_champion="arn:x/1"),
    }
    assert len(prints) == 6


def test_scratch_and_pretrained_are_the_same_training_as_the_default() -> None:
    fingerprints = {
        training_fingerprint("r1", {}, "image:1", s) for s in (None, "scratch", "pretrained")
    }
    assert len(fingerprints) == 1


def test_more_instances_are_another_training() -> None:
    """Several instances make larger batches. One instance does not change the hash."""
    names = [training_fingerprint("r1", {}, "image:1", instances=count) for count in (1, 2, 3)]
    assert len(set(names)) == 3
    assert names[0] == training_fingerprint("r1", {}, "image:1")
