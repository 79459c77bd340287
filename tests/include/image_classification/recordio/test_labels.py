"""Labels: one class, or one label for each class, and a multi-label training."""

import itertools
import json
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.image_classification.container import CommandError
from include.image_classification.mxnet_import import mx
from include.image_classification.recordio.framing import RecordWriter
from include.image_classification.recordio.image_records import pack_image
from include.image_classification.recordio.labels import Labelling, label_rows
from include.image_classification.recordio.record_file import RecordFile, Records
from include.image_classification.recordio.record_stream import stream_samples
from include.image_classification.training.input.batches import BatchReader
from include.image_classification.training.input.listed_images import ListedImages
from tests.include.image_classification.training.job_data import make_job, make_png, start_program

SHOWN = list(itertools.product((0.0, 1.0), repeat=3))


def write_labelled(path: Path, copies: int) -> Path:
    """Write images with a bright channel for every label that is 1."""
    with path.open("wb") as file:
        writer = RecordWriter(file)
        for number, labels in enumerate(SHOWN * copies):
            pixels = np.random.default_rng(number).integers(0, 100, (36, 36, 3), np.uint8)
            pixels += (np.array(labels[::-1]) * 150).astype(np.uint8)
            content = cv2.imencode(".png", pixels)[1].tobytes()
            writer.write(pack_image(labels, number, content))
    return path


@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=40))
def test_several_labels_become_rows(numbers: list[float]) -> None:
    label = Labelling(len(numbers), several=True).read(numbers, "image")
    assert label_rows([label], size=3).tolist() == [numbers, *[[0.0] * len(numbers)] * 2]


@pytest.mark.parametrize(
    ("numbers", "several", "message"),
    [
        ([3], False, "a has label 3, which is not in 0..2: num_classes is 3"),
        ([0.5], False, "a has label 0.5"),
        ([float("nan")], False, "a has label nan"),
        ([0, 1], False, "a has 2 labels, not one"),
        ([0, 2, 0], True, "a has label 2, which is not in 0..1: multi_label is 1"),
        ([1], True, "a has 1 labels, not 3: multi_label 1 needs a 0 or 1 for each class"),
    ],
)
def test_an_invalid_label_is_refused(numbers: list[float], several: bool, message: str) -> None:
    with pytest.raises(CommandError, match=message):
        Labelling(3, several).read(numbers, "a")


def test_records_lists_and_pipes_give_the_same_rows(tmp_path: Path) -> None:
    path = write_labelled(tmp_path / "t.rec", 1)
    records = RecordFile(path, 3, several=True)
    with path.open("rb") as stream:
        streamed = [
            sample.label for sample in stream_samples(stream, "s", Labelling(3, several=True))
        ]
    (tmp_path / "a.png").write_bytes(make_png(0, 0))
    lines = (f"{n}\t{a}\t{b}\t{c}\ta.png\n" for n, (a, b, c) in enumerate(SHOWN))
    (tmp_path / "t.lst").write_text("".join(lines))
    listed = ListedImages("train", tmp_path / "t.lst", tmp_path, Labelling(3, several=True))
    for images in (records, listed):
        assert label_rows(map(images.label, range(len(images)))).tolist() == list(map(list, SHOWN))
    assert streamed == [records.label(index) for index in range(8)]
    batches = list(BatchReader(Records([records]), (3, 32, 32), 5, threads=1).validation())
    assert [batch.labels.shape for batch in batches] == [(5, 3), (5, 3)]
    assert batches[0].labels.tolist() == list(map(list, SHOWN[:5]))


def test_one_label_is_refused_where_several_are_required(tmp_path: Path) -> None:
    with (tmp_path / "t.rec").open("wb") as file:
        RecordWriter(file).write(pack_image([1], 0, make_png(0, 0)))
    with pytest.raises(CommandError, match=r"t.rec: record 0 has 1 labels, not 3"):
        RecordFile(tmp_path / "t.rec", 3, several=True)


def test_multi_label_training_predicts_each_class_independently(
    tmp_path: Path,
) -> None:
    settings_of_job = {"multi_label": "1", "use_weighted_loss": "1", "top_k": "", "epochs": "4"}
    base = make_job(tmp_path, **settings_of_job)
    config = base / "input/config/hyperparameters.json"
    settings = json.loads(config.read_text())
    del settings["top_k"]
    config.write_text(json.dumps(settings))
    for channel, copies in (("train", 8), ("validation", 2)):
        write_labelled(base / f"input/data/{channel}/{channel}.rec", copies)
    process = start_program(base, "train")
    output, _ = process.communicate(timeout=120)
    assert process.returncode == 0, output
    accuracies = list(map(float, re.findall(r"Validation-accuracy=(\S+)", output)))
    assert len(accuracies) == 4
    assert max(accuracies) > 0.7  # of three classes, one half is chance
    best = int(next((base / "model").glob("*.params")).stem.rsplit("-", 1)[1])
    symbol, arguments, states = mx.model.load_checkpoint(
        str(base / "model/image-classification"), best
    )
    module = mx.mod.Module(symbol, label_names=["softmax_label"])
    module.bind([("data", (1, 3, 32, 32))], for_training=False)
    module.set_params(arguments, states)
    answers = []
    for value in (50, 200):
        module.forward(mx.io.DataBatch([mx.nd.full((1, 3, 32, 32), value)]), is_train=False)
        answers.append(module.get_outputs()[0].asnumpy().sum())
    assert answers[1] > answers[0]
    assert answers[1] > 1.2  # several classes at once, where a softmax would say 1
