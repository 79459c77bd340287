"""S3 keys of a pipeline; no other module builds keys."""

from __future__ import annotations

from dataclasses import dataclass

from include.contracts import files
from include.storage.batch_keys import BatchKeys


@dataclass(frozen=True)
class Layout(BatchKeys):
    """The keys of one pipeline in one bucket.

    Folders are keys that end in a slash: an S3 prefix is a string prefix, and `test` without the
    slash would also match `test_small/`.
    """

    bucket: str
    pipeline: str

    def uri(self, key: str) -> str:
        """Return the s3:// URI of a key, for an input or a single object."""
        return f"s3://{self.bucket}/{key}"

    def output(self, folder: str) -> str:
        """Return a folder's URI for a job's output: without the slash, which SageMaker adds."""
        return self.uri(folder).removesuffix("/")

    @property
    def root(self) -> str:
        """The folder of all objects of this pipeline."""
        return f"{self.pipeline}/"

    @property
    def preflight(self) -> str:
        """The object that preflight writes and deletes, to check the permissions."""
        return f"{self.root}preflight"

    @property
    def source(self) -> str:
        """The folder of the raw data, unless the pipeline sets `source.uri`."""
        return f"{self.root}source/"

    @property
    def source_seen(self) -> str:
        """The record of since when the source has been seen in its present state."""
        return f"{self.root}dataset/source_seen.json"

    @property
    def fetching(self) -> str:
        """The folder of unfinished downloads, with one folder per file."""
        return f"{self.root}fetching/"

    @property
    def fetch_request(self) -> str:
        """The files that a fetch job copies, with complete addresses; deleted after the job."""
        return f"{self.fetching}{files.FETCH_REQUEST}"

    @property
    def images(self) -> str:
        """The folder of the images of all dataset versions, stored once by content."""
        return f"{self.root}images/"

    def image(self, key: str) -> str:
        """A stored image, by its key in a manifest."""
        return f"{self.images}{key}"

    @property
    def dataset_pointer(self) -> str:
        """The pointer to the current dataset version: written last, as the commit point."""
        return f"{self.root}dataset/current.json"

    @property
    def dataset_versions(self) -> str:
        """The folder of all dataset versions."""
        return f"{self.root}dataset/versions/"

    def dataset(self, version: str) -> str:
        """The folder of a dataset version: manifest.jsonl, classes.json, dataset.json, ..."""
        return f"{self.dataset_versions}{version}/"

    def dataset_report(self, version: str) -> str:
        """A dataset version's dataset.json; it exists when the version is complete."""
        return f"{self.dataset(version)}{files.DATASET}"

    def dataset_manifest(self, version: str) -> str:
        """The images of a dataset version, one JSON object per line."""
        return f"{self.dataset(version)}{files.MANIFEST}"

    def dataset_classes(self, version: str) -> str:
        """The names of a dataset version's classes, in label order."""
        return f"{self.dataset(version)}{files.CLASS_NAMES}"

    def conversion_manifest(self, version: str) -> str:
        """The S3 manifest of a dataset version's train and validation images."""
        return f"{self.dataset(version)}{files.CONVERSION_MANIFEST}"

    def split_manifest(self, version: str, split: str) -> str:
        """The S3 manifest of the images of a dataset version's split."""
        return f"{self.dataset(version)}{files.SPLIT_MANIFEST.format(split=split)}"

    def dataset_samples(self, version: str) -> str:
        """The number of a dataset version's images and a few of them, by split."""
        return f"{self.dataset(version)}{files.SAMPLES}"

    @property
    def quarantine(self) -> str:
        """The folder of all photos that a refresh rejected, stored once by content."""
        return f"{self.root}dataset/quarantine/"

    def dataset_page(self, version: str) -> str:
        """The HTML page about a dataset version."""
        return f"{self.dataset(version)}{files.DATASET_PAGE}"

    def refresh_run(self, job_name: str) -> str:
        """The folder of a refresh job's report."""
        return f"{self.root}dataset/runs/{job_name}/"

    def refresh_report(self, job_name: str) -> str:
        """The dataset.json of a refresh job, which may have found the version unchanged."""
        return f"{self.refresh_run(job_name)}{files.DATASET}"

    def split_ledger(self, job_name: str) -> str:
        """The folder of the split ledger that a refresh job wrote."""
        return f"{self.root}dataset/ledgers/{job_name}/"

    def split_ledger_file(self, job_name: str) -> str:
        """The splits of all photos of all dataset versions, up to a refresh job's version."""
        return f"{self.split_ledger(job_name)}{files.SPLIT_LEDGER}"

    def label_ledger_file(self, job_name: str) -> str:
        """The photos that the labels mean, as a refresh job noted them."""
        return f"{self.split_ledger(job_name)}{files.LABEL_LEDGER}"

    def label_plan(self, fingerprint: str) -> str:
        """The folder of what a refresh's plan found for the labels in this state."""
        return f"{self.root}dataset/label_plans/{fingerprint}/"

    def labelled_photos(self, fingerprint: str) -> str:
        """The incoming photos that labels name, as the plan found them."""
        return f"{self.label_plan(fingerprint)}{files.LABELLED_PHOTOS}"

    def labelled_manifest(self, fingerprint: str) -> str:
        """The S3 manifest of the labelled photos that the refresh job needs."""
        return f"{self.label_plan(fingerprint)}{files.LABELLED_MANIFEST}"

    @property
    def recordio_pointer(self) -> str:
        """The pointer to the current RecordIO version."""
        return f"{self.root}recordio/current.json"

    def recordio(self, version: str) -> str:
        """The folder of a RecordIO version, with recordio.json."""
        return f"{self.root}recordio/{version}/"

    def recordio_files(self, version: str, shards: int = 1) -> str:
        """The folder of a RecordIO version's files, by the number of instances that write them.

        Conversions by different numbers of instances have separate folders, so that their files
        are never mixed.
        """
        folder = self.recordio(version)
        return folder if shards == 1 else f"{folder}of-{shards}/"

    def recordio_part(self, version: str, part: str, shards: int = 1) -> str:
        """The train, validation or index folder of a RecordIO version."""
        return f"{self.recordio_files(version, shards)}{part}/"

    def recordio_shards(self, version: str, shards: int) -> str:
        """The folder of the reports of a conversion by several instances."""
        return f"{self.recordio_files(version, shards)}{files.SHARDS}/"

    def recordio_report(self, version: str) -> str:
        """A RecordIO version's recordio.json; it exists when the conversion is complete."""
        return f"{self.recordio(version)}{files.RECORDIO}"

    @property
    def models(self) -> str:
        """The folder in which training jobs write <job>/output/model.tar.gz."""
        return f"{self.root}models/"

    @property
    def training_decision(self) -> str:
        """The record of the last nightly run's decision to train or not, with its reason."""
        return f"{self.models}night.json"

    @property
    def checkpoint_root(self) -> str:
        """The folder of the checkpoints of all trainings."""
        return f"{self.root}checkpoints/"

    def checkpoints(self, training: str) -> str:
        """A training's checkpoints, shared by its attempts; deleted after registration."""
        return f"{self.checkpoint_root}{training}/"

    @property
    def retraining(self) -> str:
        """The record of the batch that requests a training, with the reason."""
        return f"{self.root}models/retraining.json"

    def evaluation(self, training_job: str) -> str:
        """The folder of a candidate's evaluation: evaluation.json, tables, a page."""
        return f"{self.root}evaluations/{training_job}/"

    def evaluation_predictions(self, training_job: str) -> str:
        """The folder of a candidate's predictions, in files <image key>.out."""
        return f"{self.evaluation(training_job)}transform/"

    def evaluation_report(self, training_job: str) -> str:
        """A candidate's evaluation.json."""
        return f"{self.evaluation(training_job)}{files.EVALUATION}"

    def evaluation_page(self, training_job: str) -> str:
        """The HTML page about a candidate's evaluation."""
        return f"{self.evaluation(training_job)}{files.EVALUATION_PAGE}"

    def evaluation_answers(self, training_job: str) -> str:
        """The table of a candidate's top-1 predictions and the true classes."""
        return f"{self.evaluation(training_job)}{files.ANSWERS}"

    def evaluated_photos(self, training_job: str) -> str:
        """The table of a candidate's most probable classes for each image."""
        return f"{self.evaluation(training_job)}{files.EVALUATED_PHOTOS}"

    def evaluation_verdict(self, training_job: str) -> str:
        """A candidate's verdict, with the value and limit of each gate."""
        return f"{self.evaluation(training_job)}verdict.json"

    @property
    def releases(self) -> str:
        """The folder of all releases."""
        return f"{self.root}releases/"

    @property
    def release_change(self) -> str:
        """The record of the last change of the releases; its ETag is new after each deployment."""
        return f"{self.releases}changed.json"

    def release(self, version: int) -> str:
        """The folder of all deployments of a model, by its package's version number."""
        return f"{self.releases}{version}/"

    def release_deployment(self, version: int, moment: str) -> str:
        """The folder of the records of one deployment of a model; they are never overwritten."""
        return f"{self.release(version)}{moment}/"

    def approval_decision(self, version: int, number: int) -> str:
        """The record of a user's decision on a model package, numbered from 1."""
        return f"{self.release(version)}decisions/{number}.json"

    @property
    def incoming(self) -> str:
        """The folder into which users upload new images for batch inference."""
        return f"{self.root}incoming/"

    @property
    def truth(self) -> str:
        """An optional folder whose labels.json maps incoming images to their true classes."""
        return f"{self.root}truth/"

    @property
    def labels(self) -> str:
        """The folder of corrected and new labels, which the next refresh merges."""
        return f"{self.root}labels/"

    def label_file(self, name: str) -> str:
        """A file of labels, by its name (`label_file_name`); it is never overwritten."""
        return f"{self.labels}{name}"
