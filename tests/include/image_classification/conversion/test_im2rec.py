"""The command im2rec on a dataset version; MXNet reads the records."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from include.contracts.dataset import Split
from include.image_classification.container import CommandError
from include.image_classification.conversion import convert, im2rec
from include.image_classification.conversion.encoding import Encoding, encode
from include.image_classification.dataset.version.manifest import (
    Image,
    Version,
    image_key,
    read_version,
    write_json,
    write_version,
)
from include.image_classification.mxnet_import import mx
from include.image_classification.recordio.framing import read_records
from include.image_classification.recordio.image_records import unpack_image
from tests.include.image_classification.dataset.sample_sources import photo

SPLITS: list[Split] = ["train", "train", "train", "validation", "test"]


@pytest.fixture
def base(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a job's folder with a version of two classes and an image of another version."""
    monkeypatch.setenv("SAGEMAKER_BASE_DIR", str(tmp_path))
    images = []
    for seed in range(10):
        data = photo(seed)
        sha256 = hashlib.sha256(data).hexdigest()
        key = image_key(sha256, "jpg")
        store(tmp_path, key, data)
        images.append(Image(f"{seed}", sha256, len(data), 40, 24, seed % 2, SPLITS[seed // 2], key))
    store(tmp_path, image_key("00" * 32, "jpg"), b"of another version")
    write(tmp_path, Version(images, ["cat", "dog"]))
    return tmp_path


def store(base: Path, key: str, data: bytes) -> None:
    path = base / "processing/input/images" / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def write(base: Path, version: Version) -> None:
    folder = base / "processing/input/version"
    write_version(folder, version, [], [])
    write_json(folder / "dataset.json", {"version": version.name})


def run(base: Path, *flags: str) -> dict[str, Any]:
    im2rec.main(["--resize", "16", "--num-thread", "1", *flags])
    text = (base / "processing/output/result/recordio.json").read_text()
    report: dict[str, Any] = json.loads(text)
    return report


def outputs(base: Path) -> dict[str, bytes]:
    folder = base / "processing/output"
    files = (
        path
        for path in folder.rglob("*")
        if path.is_file() and path.suffix not in (".json", ".npz")
    )
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_files_and_report_have_the_expected_paths(base: Path) -> None:
    report = run(base, "--recordio-version", "r1", "--fit", "crop")
    files = outputs(base)
    assert sorted(files) == [
        "index/train.idx", "index/train.lst", "index/validation.idx", "index/validation.lst",
        "train/train.rec", "validation/validation.rec",
    ]  # fmt: skip
    assert report["version"] == "r1"
    assert report["counts"] == {"train": 6, "validation": 2, "classes": 2}
    assert report["settings"] == {"resize": 16, "fit": "crop", "quality": 95}
    assert report["bytes"] == len(files["train/train.rec"]) + len(
        files["validation/validation.rec"]
    )


def test_each_image_becomes_one_record_with_its_label(base: Path) -> None:
    run(base)
    folder = base / "processing/output"
    rows = [line.split("\t") for line in (folder / "index/train.lst").read_text().splitlines()]
    records = [unpack_image(record) for record in read_records(folder / "train/train.rec")]
    assert [record.identifier for record in records] == list(range(6))
    assert [record.label for record in records] == [float(label) for _, label, _ in rows]
    keys = [key for _, _, key in rows]
    assert keys == sorted(keys), "the order is by content, which mixes the classes"


def test_mxnet_reads_the_records(base: Path) -> None:
    run(base)
    folder = base / "processing/output"
    batches = mx.io.ImageRecordIter(
        path_imgrec=str(folder / "train/train.rec"),
        path_imgidx=str(folder / "index/train.idx"),
        data_shape=(3, 16, 16),
        batch_size=3,
        preprocess_threads=1,
        verbose=False,
    )
    labels = [label for batch in batches for label in batch.label[0].asnumpy().tolist()]
    assert sorted(labels) == [0, 0, 0, 1, 1, 1]


def test_the_number_of_threads_does_not_change_the_files(base: Path) -> None:
    run(base)
    one = outputs(base)
    run(base, "--num-thread", "3")
    assert outputs(base) == one


def test_the_version_name_depends_on_settings_and_dataset(base: Path) -> None:
    names = {run(base, *flags)["version"] for flags in ([], ["--fit", "crop"], ["--quality", "90"])}
    assert len(names) == 3
    assert run(base)["version"] in names


def key_of_one(base: Path) -> str:
    manifest = (base / "processing/input/version/manifest.jsonl").read_text().splitlines()
    return str(json.loads(manifest[0])["key"])


def test_a_missing_image_is_named(base: Path) -> None:
    key = key_of_one(base)
    (base / "processing/input/images" / key).unlink()
    with pytest.raises(
        CommandError, match=rf"image {key} \(0\): the file does not exist; refresh the dataset"
    ):
        run(base)


def test_an_image_with_changed_bytes_is_named(base: Path) -> None:
    key = key_of_one(base)
    store(base, key, photo(99))
    with pytest.raises(CommandError, match=rf"image {key} \(0\): its content does not match"):
        run(base)


def test_a_version_without_validation_images_is_an_error(base: Path) -> None:
    """Training on an empty validation file would end in a division by zero."""
    data = photo(0)
    sha256 = hashlib.sha256(data).hexdigest()
    image = Image("0", sha256, len(data), 40, 24, 0, "train", image_key(sha256, "jpg"))
    write(base, Version([image], ["cat"]))
    with pytest.raises(CommandError, match="has no validation images"):
        run(base)


@pytest.mark.parametrize("flags", [["--fit", "stretch"], ["--quality", "101"], ["--resize", "0"]])
def test_a_wrong_flag_is_an_error(base: Path, flags: list[str]) -> None:
    with pytest.raises(CommandError, match=f"argument {flags[0]}"):
        run(base, *flags)


def next_version(base: Path, added: int) -> None:
    """Use the result as the previous conversion, and add a training image to the version."""
    records = base / "processing/output"
    previous = base / "processing/input/previous"
    for part in ("train", "validation", "index"):
        (previous / part).parent.mkdir(exist_ok=True)
        (records / part).rename(previous / part)
    old = read_version(base / "processing/input/version")
    data = photo(added)
    sha256 = hashlib.sha256(data).hexdigest()
    key = image_key(sha256, "jpg")
    store(base, key, data)
    image = Image("new", sha256, len(data), 40, 24, 1, "train", key)
    write(base, Version([*old.images, image], old.classes))


def test_the_next_version_decodes_only_new_images(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files are the same as without reuse."""
    run(base)
    next_version(base, added=50)
    decoded: list[bytes] = []

    def recording(data: bytes, encoding: Encoding) -> bytes:
        decoded.append(data)
        return encode(data, encoding)

    monkeypatch.setattr(convert, "encode", recording)
    report = run(base)
    assert decoded == [photo(50)]
    assert (report["reused"], report["counts"]["train"]) == (8, 7)
    reused = outputs(base)
    assert run(base, "--no-reuse")["reused"] == 0
    assert outputs(base) == reused


def test_records_with_other_settings_are_not_reused(base: Path) -> None:
    run(base, "--quality", "80")
    next_version(base, added=51)
    assert run(base)["reused"] == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "is not valid JSON"),
        ('{"hosts": ["algo-1"]}', "current_host None is not among"),
        (
            '{"current_host": "algo-3", "hosts": ["algo-1", "algo-2"]}',
            "'algo-3' is not among",
        ),
    ],
)
def test_an_invalid_resource_config_is_an_error(base: Path, content: str, message: str) -> None:
    (base / "config").mkdir()
    (base / "config/resourceconfig.json").write_text(content)
    with pytest.raises(CommandError, match=message):
        run(base)
