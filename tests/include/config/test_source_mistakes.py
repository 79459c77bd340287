"""Mistakes in the sections `source`, `dataset` and `conversion`."""

import pytest

from tests.include.config.mistakes import check_mistake
from tests.include.conftest import WriteYaml

SOURCE = "source: {layout: class_folders}\n"

MISTAKES = {
    "an unknown field": (
        SOURCE + "conversion: {size: 64}",
        [
            "conversion.size: no such field; allowed here: resize, fit, quality, ",
            "instance_count, instance",
        ],
    ),
    "a value of a choice": (
        SOURCE + "conversion: {fit: stretch}",
        ["conversion.fit: 'stretch' is not allowed", "'squash' or 'crop'"],
    ),
    "an address that is not in S3": (
        "source: {layout: class_folders, uri: 'https://a.b/photos'}",
        ["source.uri: 'https://a.b/photos' is not allowed: allowed: a bucket and a prefix"],
    ),
    "two sources": (
        "source: {layout: class_folders, uri: 's3://abc/d', urls: ['https://a.b/c.zip']}",
        ["source: uri and urls exclude each other"],
    ),
    "two files of one name": (
        "source: {layout: class_folders, urls: ['https://a.b/1/c.zip', 'https://a.b/2/c.zip']}",
        ["source: urls: c.zip: each file keeps its name"],
    ),
    "a mirror of another scheme": (
        "source: {layout: class_folders, urls: [{mirrors: ['ftp://a.b/c.zip']}]}",
        [
            "source.urls.0.mirrors.0: 'ftp://a.b/c.zip' is not allowed",
            "such as https://example.com/cars.zip",
        ],
    ),
    "a bad hash": (
        "source: {layout: class_folders, urls: [{mirrors: ['http://a.b/c.zip'], sha256: abc}]}",
        ["source.urls.0.sha256: 'abc' is not allowed"],
    ),
    "a file name that is a path": (
        "source: {layout: class_folders, urls: [{mirrors: ['http://a.b/c.zip'], name: ../c}]}",
        ["source.urls.0.name: '../c' is not allowed"],
    ),
    "a file without an address": (
        "source: {layout: class_folders, urls: [{name: c.zip}]}",
        ["source.urls.0.mirrors: is required"],
    ),
    "an unknown field of a file": (
        "source: {layout: class_folders, urls: [{mirrors: ['http://a.b/c.zip'], md5: abc}]}",
        ["source.urls.0.md5: no such field; allowed here: name, mirrors, size, max_bytes, sha256"],
    ),
    "a file over http without its hash": (
        "source: {layout: class_folders, urls: [{name: c, mirrors: ['https://a.b/c', 'http://a.b/c']}]}",
        ["source: urls: c: a mirror uses http", "give its sha256, or use https"],
    ),
    "a password in a URL": (
        "source: {layout: class_folders, urls: ['https://me:secret@a.b/c.zip']}",
        [
            "source.urls.0.mirrors.0: 'https://a.b/c.zip' is not allowed",
            "a user or password in the URL is not supported",
        ],
    ),
    "an invalid port": (
        "source: {layout: class_folders, urls: ['https://a.b:99999/c.zip']}",
        ["source.urls.0.mirrors.0: ", "cannot be a URL: Port out of range"],
    ),
    "a space in a URL": (
        "source: {layout: class_folders, urls: ['https://a.b/c d.zip']}",
        ["source.urls.0.mirrors.0: 'https://a.b/c d.zip' is not allowed"],
    ),
    "max_bytes of 0": (
        "source: {layout: class_folders, urls: [{mirrors: ['https://a.b/c'], max_bytes: 0}]}",
        ["source.urls.0.max_bytes: 0 is not allowed"],
    ),
    "a completion marker with urls": (
        "source: {layout: class_folders, urls: ['https://a.b/c.zip'], complete_marker: _SUCCESS}",
        ["source: complete_marker is for a source that others upload: not with urls"],
    ),
    "a devkit in another layout": (
        "source: {layout: list, devkit: car_devkit.tgz}",
        ["source: devkit is only for layout stanford_cars, not for list"],
    ),
    "a devkit outside the source": (
        "source: {layout: stanford_cars, devkit: ../car_devkit.tgz}",
        ["source: devkit: '../car_devkit.tgz' must be a path inside the source"],
    ),
    "label files in a layout without them": (
        "source: {layout: class_folders, label_files: train.csv}",
        [
            "source: label_files is only for layouts csv, json_lines, path_label, parquet, "
            "split_json, not for class_folders"
        ],
    ),
    "a label file outside the source": (
        "source: {layout: csv, label_files: [a.csv, ../b.csv]}",
        ["source: label_files: '../b.csv' must be a path inside the source"],
    ),
    "an unknown role of a column": (
        "source: {columns: {photo: image_id}}",
        ["source.columns.photo"],
    ),
    "names of columns that are too long": (
        f"source: {{columns: {{file: {'x' * 200}, label: {'y' * 200}}}}}",
        ["source: columns: the names together may have 256 characters"],
    ),
    "boxes in a layout without boxes": (
        SOURCE + "dataset: {boxes: crop}",
        ["dataset.boxes: crop needs boxes, and layout class_folders has none"],
    ),
    "no test split": (
        SOURCE + "dataset: {train_ratio: 0.9, validation_ratio: 0.1}",
        ["dataset: train_ratio + validation_ratio must be below 1"],
    ),
    "a margin without boxes": (
        SOURCE + "dataset: {box_margin: 0.1}",
        ["dataset: box_margin is only for boxes: crop"],
    ),
    "a mirror address with a token": (
        "source: {layout: class_folders, urls: ['https://a.b/c/?t0ken=1/']}",
        ["'https://a.b/c/' is not allowed"],
    ),
    "a mistake in the local overrides": (
        SOURCE + "local: {conversion: {fit: stretch}}",
        ["(with local): conversion.fit: 'stretch' is not allowed"],
    ),
    "a field of a file twice": (
        "source:\n layout: list\n urls:\n - mirrors: ['https://a.b/c']\n   size: 1\n   size: 2",
        ["source.urls.0.size: is there twice, in line 5 and in line 6"],
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_names_file_field_and_what_is_allowed(
    mistake: str, write_yaml: WriteYaml
) -> None:
    check_mistake(*MISTAKES[mistake], write_yaml)
