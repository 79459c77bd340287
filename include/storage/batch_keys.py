"""S3 keys of batch inference, which `Layout` has, too."""

from __future__ import annotations

from include.contracts import files


class BatchKeys:
    """The keys of the batches and selections of one pipeline."""

    @property
    def root(self) -> str:
        """The folder of all objects of the pipeline."""
        raise NotImplementedError

    @property
    def batches(self) -> str:
        """The folder of all batches."""
        return f"{self.root}batches/"

    @property
    def last_selection(self) -> str:
        """The select.json of the last `select` job, which wrote it beside the ledger."""
        return f"{self.batches}{files.SELECTION}"

    def selection(self, job_name: str) -> str:
        """The folder of a `select` job's report."""
        return f"{self.root}selections/{job_name}/"

    def selection_report(self, job_name: str) -> str:
        """The select.json of a `select` job."""
        return f"{self.selection(job_name)}{files.SELECTION}"

    def batch(self, batch: str) -> str:
        """The folder of a batch."""
        return f"{self.batches}{batch}/"

    def batch_manifest(self, batch: str) -> str:
        """The S3 manifest of a batch's images, for batch transform."""
        return f"{self.batch(batch)}{files.BATCH_MANIFEST}"

    def batch_plan(self, batch: str) -> str:
        """The plan of a batch: the images that it takes and leaves out, with their ETags."""
        return f"{self.batch(batch)}{files.BATCH_PLAN}"

    def batch_predictions(self, batch: str) -> str:
        """The folder of a batch's predictions, in files <image key>.out."""
        return f"{self.batch(batch)}transform/"

    def batch_report(self, batch: str) -> str:
        """The folder of a batch's report: predictions, uncertain predictions, gallery, figures."""
        return f"{self.batch(batch)}report/"

    def batch_table(self, batch: str) -> str:
        """The table of a batch's predictions, with one row per image."""
        return f"{self.batch_report(batch)}{files.PREDICTIONS}"

    def batch_unreadable(self, batch: str) -> str:
        """The photos for which the model's server returned an error, with its text."""
        return f"{self.batch_report(batch)}{files.UNREADABLE}"

    def batch_summary(self, batch: str) -> str:
        """A batch's report.json: classes, number of uncertain predictions, drift."""
        return f"{self.batch_report(batch)}{files.BATCH_REPORT}"

    def batch_record(self, batch: str) -> str:
        """The record of a batch's predicted images: written last, as the commit point."""
        return f"{self.batch(batch)}{files.BATCH_RECORD}"
