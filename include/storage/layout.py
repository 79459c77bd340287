"""Where everything is in S3: keys are made here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Layout:
    """The keys of one pipeline in one bucket.

    Folders are keys that end in a slash: an S3 prefix is a string prefix, and one without the
    slash would take `test_small/` along with `test`.
    """

    bucket: str
    pipeline: str

    def uri(self, key: str) -> str:
        """Return the s3:// address of a key, for an input or a single object."""
        return f"s3://{self.bucket}/{key}"

    def output(self, folder: str) -> str:
        """Return a folder's address for a job's output, to which SageMaker adds the slash."""
        return self.uri(folder).removesuffix("/")

    @property
    def root(self) -> str:
        """The folder that holds everything of this pipeline."""
        return f"{self.pipeline}/"

    @property
    def preflight(self) -> str:
        """What a preflight writes and deletes, to see whether that is allowed."""
        return f"{self.root}preflight"

    @property
    def source(self) -> str:
        """The raw data, unless the pipeline names a source elsewhere."""
        return f"{self.root}source/"

    @property
    def source_seen(self) -> str:
        """Since when the source has been in its present state, as far as anybody has looked."""
        return f"{self.root}dataset/source_seen.json"

    @property
    def fetching(self) -> str:
        """What is fetched from the web and not whole yet, one folder a file."""
        return f"{self.root}fetching/"

    @property
    def images(self) -> str:
        """The images of all dataset versions, each stored once, by content."""
        return f"{self.root}images/"

    def image(self, key: str) -> str:
        """One stored image, by its key in a manifest."""
        return f"{self.images}{key}"

    @property
    def dataset_pointer(self) -> str:
        """Which dataset version is current: written last, so it is the commit point."""
        return f"{self.root}dataset/current.json"

    @property
    def dataset_versions(self) -> str:
        """The folder of all dataset versions."""
        return f"{self.root}dataset/versions/"

    def dataset(self, version: str) -> str:
        """One dataset version's files: manifest.jsonl, classes.json, dataset.json, ..."""
        return f"{self.dataset_versions}{version}/"

    def dataset_classes(self, version: str) -> str:
        """The names of a dataset version's classes, in label order."""
        return f"{self.dataset(version)}classes.json"

    def conversion_manifest(self, version: str) -> str:
        """The S3 manifest of a dataset version's train and validation images."""
        return f"{self.dataset(version)}conversion.manifest"

    @property
    def quarantine(self) -> str:
        """The bytes of all photos that a refresh refused, each stored once, by content."""
        return f"{self.root}dataset/quarantine/"

    def dataset_page(self, version: str) -> str:
        """The page on which people look at a dataset version."""
        return f"{self.dataset(version)}report.html"

    def refresh_run(self, job_name: str) -> str:
        """What one refresh job reports about itself."""
        return f"{self.root}dataset/runs/{job_name}/"

    def split_ledger(self, job_name: str) -> str:
        """The folder of the split ledger that one refresh job wrote."""
        return f"{self.root}dataset/ledgers/{job_name}/"

    def split_ledger_file(self, job_name: str) -> str:
        """The splits of all photos that any dataset version held, up to one refresh job's."""
        return f"{self.split_ledger(job_name)}splits.jsonl.gz"

    @property
    def recordio_pointer(self) -> str:
        """Which RecordIO version is current."""
        return f"{self.root}recordio/current.json"

    def recordio(self, version: str) -> str:
        """One RecordIO version's folder, with recordio.json."""
        return f"{self.root}recordio/{version}/"

    def recordio_files(self, version: str, shards: int = 1) -> str:
        """The folder of a RecordIO version's files, as so many instances write them together.

        A conversion by another number of instances has other files: it leaves these alone, and
        none of them is ever read among the others.
        """
        folder = self.recordio(version)
        return folder if shards == 1 else f"{folder}of-{shards}/"

    def recordio_part(self, version: str, part: str, shards: int = 1) -> str:
        """The train, validation or index folder of a RecordIO version."""
        return f"{self.recordio_files(version, shards)}{part}/"

    def recordio_report(self, version: str) -> str:
        """A RecordIO version's own description; it is there when the conversion is complete."""
        return f"{self.recordio(version)}recordio.json"

    @property
    def models(self) -> str:
        """Below this, training jobs write <job>/output/model.tar.gz."""
        return f"{self.root}models/"

    @property
    def night(self) -> str:
        """What the last night decided, to train or not, and why."""
        return f"{self.models}night.json"

    @property
    def checkpoint_root(self) -> str:
        """The folder of all trainings' checkpoints."""
        return f"{self.root}checkpoints/"

    def checkpoints(self, training: str) -> str:
        """One training's checkpoints, which its attempts share; deleted once it is registered."""
        return f"{self.checkpoint_root}{training}/"

    @property
    def retraining(self) -> str:
        """Which batch asks the next night to train, and why."""
        return f"{self.root}models/retraining.json"

    def evaluation(self, training_job: str) -> str:
        """The evaluation of one candidate: evaluation.json, tables, a page."""
        return f"{self.root}evaluations/{training_job}/"

    def evaluation_manifest(self, training_job: str) -> str:
        """Which images a candidate was asked."""
        return f"{self.evaluation(training_job)}images.manifest"

    def evaluation_predictions(self, training_job: str) -> str:
        """The candidate's answers, <image's key>.out each."""
        return f"{self.evaluation(training_job)}transform/"

    def evaluation_report(self, training_job: str) -> str:
        """The candidate's figures."""
        return f"{self.evaluation(training_job)}evaluation.json"

    def evaluation_answers(self, training_job: str) -> str:
        """The candidate's first guess on each image, beside the truth."""
        return f"{self.evaluation(training_job)}answers.csv"

    def evaluation_verdict(self, training_job: str) -> str:
        """What became of the candidate, with the figures of each limit."""
        return f"{self.evaluation(training_job)}verdict.json"

    @property
    def releases(self) -> str:
        """The folder of all releases."""
        return f"{self.root}releases/"

    def release(self, version: int) -> str:
        """All deployments of one model, by its package's number."""
        return f"{self.releases}{version}/"

    def release_deployment(self, version: int, moment: str) -> str:
        """What is known of one deployment of a model: nothing below it is ever overwritten."""
        return f"{self.release(version)}{moment}/"

    @property
    def incoming(self) -> str:
        """Where users put new images for batch inference."""
        return f"{self.root}incoming/"

    @property
    def truth(self) -> str:
        """Optional folder whose labels.json maps incoming images to their true classes."""
        return f"{self.root}truth/"

    @property
    def batches(self) -> str:
        """The folder of all batches."""
        return f"{self.root}batches/"

    @property
    def batches_summary(self) -> str:
        """Which images the batches have predicted, in one object: it may be deleted."""
        return f"{self.batches}committed.jsonl.gz"

    def batch(self, batch: str) -> str:
        """One batch's folder."""
        return f"{self.batches}{batch}/"

    def batch_manifest(self, batch: str) -> str:
        """Which images a batch holds, as batch transform reads it."""
        return f"{self.batch(batch)}images.manifest"

    def batch_plan(self, batch: str) -> str:
        """Which images a batch takes and which it leaves out, with their tags."""
        return f"{self.batch(batch)}plan.json"

    def batch_predictions(self, batch: str) -> str:
        """A batch's answers, <image's key>.out each."""
        return f"{self.batch(batch)}transform/"

    def batch_report(self, batch: str) -> str:
        """A batch's predictions, its gallery, the uncertain ones, and its figures."""
        return f"{self.batch(batch)}report/"

    def batch_table(self, batch: str) -> str:
        """A batch's predictions, a row an image."""
        return f"{self.batch_report(batch)}predictions.csv"

    def batch_summary(self, batch: str) -> str:
        """A batch's figures: classes, how many are uncertain, drift."""
        return f"{self.batch_report(batch)}report.json"

    def batch_record(self, batch: str) -> str:
        """Which images a batch predicted: written last, so it is the commit point."""
        return f"{self.batch(batch)}batch.json"
