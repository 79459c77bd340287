"""Names of the files that jobs write and the DAG side or a later job reads."""

from __future__ import annotations

DATASET = "dataset.json"
MANIFEST = "manifest.jsonl"
CLASS_NAMES = "classes.json"
CONVERSION_MANIFEST = "conversion.manifest"
SAMPLES = "samples.json"
DATASET_PAGE = "report.html"
SPLIT_MANIFEST = "{split}.manifest"
"""The S3 manifest of a split's images."""

FETCH_REQUEST = "request.json"
FETCH_REPORT = "fetch.json"
SPLIT_LEDGER = "splits.jsonl.gz"

LABEL_LEDGER = "labels.jsonl.gz"
"""Which photo each label names that names one by its file, and the photos that joined by labels."""

LABEL_OUTCOMES = "labels.jsonl"
"""What became of the labels in a refresh, one photo a line."""

LABELLED_PHOTOS = "photos.jsonl"
"""The incoming photos that labels name, as a refresh's plan found them."""

LABELLED_MANIFEST = "photos.manifest"
"""The S3 manifest of the labelled photos that a refresh needs besides its source."""

RECORDIO = "recordio.json"
SHARDS = "shards"
"""The folder of the reports of a conversion by several instances, named by their hosts."""

PREDICTION_SUFFIX = ".out"
"""Batch transform appends this suffix to an image's key."""

EVALUATION = "evaluation.json"
EVALUATION_PAGE = "evaluation.html"
ANSWERS = "answers.csv"
"""The top-1 prediction and the true class of each image of an evaluation."""

ANSWERS_COLUMNS = ("key", "name", "predicted_name", "confidence")

EVALUATED_PHOTOS = "photos.csv"
"""The true class and the most probable classes of each image of an evaluation, for the model page.

The columns are `key`, `name`, `label`, `probability`, then `label_2`, `probability_2` and so on up
to `EVALUATED_CLASSES` classes.
"""

EVALUATED_CLASSES = 5

CONFUSION = "confusion.csv"
"""The numbers of an evaluation's images by true and predicted class, without empty pairs."""

SELECTION = "select.json"
BATCH_MANIFEST = "images.manifest"
BATCH_PLAN = "plan.json"
BATCH_RECORD = "batch.json"
BATCH_LEDGER = "ledger.parquet"
"""The images that batches have processed, beside the folders of the batches."""

BATCH_REPORT = "report.json"
UNREADABLE = "unreadable.json"
"""The photos for which the model's server returned an error, with its text, by key."""

PREDICTIONS = "predictions.csv"
TRUE_CLASSES = "labels.json"
"""The true classes of incoming images, by name; users write this file."""
