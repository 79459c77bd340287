"""A session: upload the data, then run the pipeline's five DAGs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from include.config import Deployment
from include.decisions.conversion.plan import decide_conversion, plan_conversion
from include.decisions.decision import Decision
from include.decisions.endpoint.plan import decide_deployment, plan_deployment
from include.local_run.drive import new_photos
from include.local_run.drive.airflow_api import AirflowApi
from include.local_run.drive.chain import Chain, DagRunFailedError
from include.local_run.drive.clients import AwsClients
from include.local_run.drive.progress_display import ProgressDisplay
from include.local_run.drive.results import SkipReasons
from include.local_run.drive.run_follower import RunFollower
from include.local_run.drive.timings import Timings
from include.local_run.drive.upload import Mirror
from include.local_run.project_paths import ProjectPaths
from include.local_run.run_plan import RunPlan
from include.local_run.run_plan.incoming import IncomingPhotos
from include.local_run.stack.aws import BUCKET, variables

MEGABYTE = 1024 * 1024


@dataclass
class RunData:
    """Local files to upload.

    Attributes:
        source: Files of the source by their names below `source/`.
        incoming: New photos, or None if there are none.
    """

    source: dict[str, Path]
    incoming: IncomingPhotos | None


class Session:
    """Runs a pipeline on a running stack.

    Args:
        plan: The pipeline and its data.
        paths: Files and folders of the local run.
        aws: Clients of the stack.
        api: Airflow's REST API.
        display: Prints the progress.
        timings: Collects the durations.
        check: Raises if a component of the stack has failed for good.
    """

    def __init__(
        self,
        plan: RunPlan,
        paths: ProjectPaths,
        aws: AwsClients,
        api: AirflowApi,
        display: ProgressDisplay,
        timings: Timings,
        check: Callable[[], None],
    ) -> None:
        self.plan, self.pipeline = plan, plan.pipeline
        self.aws, self.display, self.timings = aws, display, timings
        self.layout = aws.layout(self.pipeline.name)
        self.reasons = SkipReasons()
        self.variables = variables(paths.root)
        self.mirror = Mirror(aws.s3, BUCKET, paths.local / "uploads.json")
        epochs = self.pipeline.training.hyperparameters.total_epochs
        follower = RunFollower(api, aws, display, check, epochs)
        self.chain = Chain(self.pipeline.name, api, follower, display, check)

    def upload(self, data: RunData) -> None:
        """Upload the source to S3; unchanged files are not sent again."""
        self._make_bucket()
        for name in self.plan.files.ignored_files:
            self.display.print_line(f"not uploaded, the pipeline does not read it: {name}")
        sent, deleted = self.mirror.mirror(
            self.layout.source,
            data.source,
            lambda sent, total: self._progress("photos", sent, total),
        )
        self.display.clear_status()
        size = sum(path.stat().st_size for path in data.source.values()) / MEGABYTE
        target = self.layout.uri(self.layout.source)
        if not sent and not deleted:
            self.display.print_line(
                f"{len(data.source)} files ({size:.1f} MB) unchanged at {target}"
            )
            return
        removed = f", deleted {deleted} objects without a local file" if deleted else ""
        files = f"{sent} of {len(data.source)} files ({size:.1f} MB in all)"
        self.display.print_line(f"uploaded {files} to {target}{removed}")

    def drive(self, data: RunData) -> None:
        """Run the five DAGs in order. A DAG without work to do is skipped, with its reason.

        The last two run at the same time: both use the champion, and neither needs the other.

        Raises:
            DagRunFailedError: A run failed; the DAGs after it were not started.
        """
        self.chain.unpause_all()
        refreshed = self.chain.run("dataset_refresh")
        self.reasons.refresh = refreshed.skipped
        self.chain.run_after_asset(
            "im2rec_conversion",
            refreshed.run if refreshed.succeeded("publish") else None,
            self._decide_conversion,
        )
        trained = self.chain.run("nightly_training")
        self.reasons.training = None if trained.succeeded("register") else trained.skipped
        self._upload_new_photos(data)
        predicted = self.chain.run_beside_asset(
            "batch_inference",
            "endpoint_update",
            trained.run if trained.succeeded("announce") else None,
            self._decide_deployment,
        )
        self.reasons.batch = None if predicted.succeeded("publish") else predicted.skipped

    def _make_bucket(self) -> None:
        known = {bucket["Name"] for bucket in self.aws.s3.list_buckets()["Buckets"]}
        if BUCKET not in known:
            self.aws.s3.create_bucket(Bucket=BUCKET)

    def _progress(self, files: str, done: int, total: int) -> None:
        self.display.show_status(
            f"uploading {files}: {done / MEGABYTE:.1f} of {total / MEGABYTE:.1f} MB"
        )

    def _decide_conversion(self) -> Decision:
        state = plan_conversion(self.aws.s3, self.layout, self.pipeline, None)
        return decide_conversion(state, False)

    def _decide_deployment(self) -> Decision:
        deployment = Deployment(
            name=self.variables["deployment"],
            bucket=BUCKET,
            role_arn=self.variables["sagemaker_role_arn"],
            image_uri=self.variables["image_uri"],
            region=self.aws.sagemaker.meta.region_name,
            endpoint_role_arn=self.variables["sagemaker_endpoint_role_arn"],
        )
        return decide_deployment(
            plan_deployment(self.aws.sagemaker, self.pipeline, deployment, None), False
        )

    def _upload_new_photos(self, data: RunData) -> None:
        target = self.layout.uri(self.layout.incoming)
        if data.incoming is not None:
            sent, _ = self.mirror.mirror(
                self.layout.incoming, data.incoming.photos,
                partial(self._progress, "new photos"), prune=False,
            )  # fmt: skip
            new_photos.add_true_labels(self.aws, self.layout, data.incoming.labels)
            self.display.print_line(
                f"{sent} of {len(data.incoming.photos)} new photos uploaded to {target}"
            )
        elif not new_photos.has_incoming(self.aws, self.layout):
            version = new_photos.current_version(self.aws, self.layout)
            copied = new_photos.copy_from_test_split(self.aws, self.layout, version)
            self.display.print_line(
                f"DATA has no photos in incoming/: the first {copied} photos of the test split "
                f"were copied to {target}, with their true classes"
            )


__all__ = ["DagRunFailedError", "RunData", "Session"]
