"""S3 keys: all in the folder of the pipeline, and no folder is a prefix of another."""

import inspect

from include.storage.layout import Layout

LAYOUT = Layout("some-bucket", "merch")


def keys() -> dict[str, str]:
    found = {}
    for name, member in inspect.getmembers(Layout):
        if name.startswith("_") or name in {"uri", "output"}:
            continue
        if isinstance(member, property):
            found[name] = getattr(LAYOUT, name)
        elif callable(member):
            count = len(inspect.signature(member).parameters) - 1
            found[name] = getattr(LAYOUT, name)(*["part"] * count)
    return found


def test_every_key_is_in_the_pipelines_folder() -> None:
    assert len(keys()) > 15
    assert all(key.startswith("merch/") for key in keys().values())
    assert all("//" not in key for key in keys().values())


def test_folders_end_in_a_slash_and_objects_do_not() -> None:
    objects = {name for name, key in keys().items() if not key.endswith("/")}
    assert objects == {
        "image",
        "label_file",
        "label_ledger_file",
        "labelled_photos",
        "labelled_manifest",
        "preflight",
        "source_seen",
        "dataset_pointer",
        "dataset_manifest",
        "dataset_page",
        "dataset_report",
        "refresh_report",
        "dataset_classes",
        "conversion_manifest",
        "split_ledger_file",
        "recordio_pointer",
        "recordio_report",
        "training_decision",
        "retraining",
        "split_manifest",
        "dataset_samples",
        "evaluation_report",
        "evaluation_page",
        "evaluation_answers",
        "evaluated_photos",
        "evaluation_verdict",
        "fetch_request",
        "last_selection",
        "approval_decision",
        "release_change",
        "selection_report",
        "batch_unreadable",
        "batch_manifest",
        "batch_plan",
        "batch_record",
        "batch_summary",
        "batch_table",
    }


def test_all_keys_differ() -> None:
    assert len(set(keys().values())) == len(keys())


def test_an_output_has_no_slash_because_sagemaker_adds_it() -> None:
    assert LAYOUT.output(LAYOUT.models) == "s3://some-bucket/merch/models"
    assert LAYOUT.uri(LAYOUT.images) == "s3://some-bucket/merch/images/"
