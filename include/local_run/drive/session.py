"""One whole drive: data up, five DAGs through, results gathered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from include.config import Deployment
from include.decisions.conversion.plan import decide_conversion, plan_conversion
from include.decisions.decision import Decision
from include.decisions.endpoint.plan import decide_deployment, plan_deployment
from include.local_run.drive import new_photos
from include.local_run.drive.airflow_api import AirflowApi
from include.local_run.drive.chain import Chain, RunFailed
from include.local_run.drive.clients import Aws
from include.local_run.drive.follow import Follower
from include.local_run.drive.results import Reasons
from include.local_run.drive.show import Show
from include.local_run.drive.timings import Timings
from include.local_run.drive.upload import Mirror
from include.local_run.project_paths import Places
from include.local_run.run_plan import Assignment
from include.local_run.stack.aws import BUCKET, variables
from include.local_run.stack.login import Login

MEGABYTE = 1024 * 1024


@dataclass
class Data:
    """The files of a run, once they are there."""

    source: dict[str, Path]
    incoming: dict[str, Path] | None
    labels: dict[str, str]


class Session:
    """Drives one pipeline on a running stack.

    Args:
        assignment: What to do.
        places: The project's folders.
        aws: Clients of the stack.
        ui: Airflow's address.
        login: Airflow's user and password.
        show: Where it is told.
        timings: What is measured.
        check: Raises when the stack cannot go on.
    """

    def __init__(
        self,
        assignment: Assignment,
        places: Places,
        aws: Aws,
        ui: str,
        login: Login,
        show: Show,
        timings: Timings,
        check: Callable[[], None],
    ) -> None:
        self.assignment, self.pipeline = assignment, assignment.pipeline
        self.aws, self.show, self.timings = aws, show, timings
        self.layout = aws.layout(self.pipeline.name)
        self.reasons = Reasons()
        self.variables = variables(places.root)
        self.mirror = Mirror(aws.s3, BUCKET, places.local / "uploads.json")
        api = AirflowApi(ui, login)
        epochs = self.pipeline.training.hyperparameters.epochs
        follower = Follower(api, aws, show, check, epochs)
        self.chain = Chain(self.pipeline.name, api, follower, show, check)

    def upload(self, data: Data) -> None:
        """Brings the source to S3; what is there already is not sent again."""
        self._make_bucket()
        for name in self.assignment.files.left_alone:
            self.show.line(f"left alone, the pipeline does not read it: {name}")
        sent, gone = self.mirror.mirror(
            self.layout.source, data.source, lambda done, all_: self._progress("photos", done, all_)
        )
        self.show.quiet()
        size = sum(path.stat().st_size for path in data.source.values()) / MEGABYTE
        place = self.layout.uri(self.layout.source)
        if not sent and not gone:
            self.show.line(f"{len(data.source)} files ({size:.1f} MB) unchanged at {place}")
            return
        removed = f", removed {gone} that are gone here" if gone else ""
        what = f"{sent} of {len(data.source)} files ({size:.1f} MB in all)"
        self.show.line(f"uploaded {what} to {place}{removed}")

    def drive(self, data: Data) -> None:
        """Runs the five DAGs, or says why one has nothing to do.

        Raises:
            RunFailed: A run failed; those after it did not begin.
        """
        self.chain.switch_on()
        refreshed = self.chain.run("dataset_refresh")
        self.reasons.refresh = refreshed.skipped
        self.chain.run_woken(
            "im2rec_conversion", refreshed.succeeded("publish"), self._conversion_needed
        )
        trained = self.chain.run("nightly_training")
        self.reasons.training = None if trained.succeeded("register") else trained.skipped
        self.chain.run_woken(
            "endpoint_update", trained.succeeded("announce"), self._deployment_needed
        )
        self._bring_new_photos(data)
        predicted = self.chain.run("batch_inference")
        self.reasons.batch = None if predicted.succeeded("publish") else predicted.skipped

    def _make_bucket(self) -> None:
        known = {bucket["Name"] for bucket in self.aws.s3.list_buckets()["Buckets"]}
        if BUCKET not in known:
            self.aws.s3.create_bucket(Bucket=BUCKET)

    def _progress(self, what: str, done: int, total: int) -> None:
        self.show.now(f"uploading {what}: {done / MEGABYTE:.1f} of {total / MEGABYTE:.1f} MB")

    def _conversion_needed(self) -> Decision:
        state = plan_conversion(self.aws.s3, self.layout, self.pipeline, None)
        return decide_conversion(state, False)

    def _deployment_needed(self) -> Decision:
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

    def _bring_new_photos(self, data: Data) -> None:
        place = self.layout.uri(self.layout.incoming)
        if data.incoming is not None:
            sent, _ = self.mirror.mirror(
                self.layout.incoming, data.incoming,
                lambda done, all_: self._progress("new photos", done, all_), prune=False,
            )  # fmt: skip
            new_photos.tell_truth(self.aws, self.layout, data.labels)
            self.show.line(f"{sent} of {len(data.incoming)} new photos uploaded to {place}")
        elif not new_photos.has_incoming(self.aws, self.layout):
            version = new_photos.current_version(self.aws, self.layout)
            copied = new_photos.copy_from_test_split(self.aws, self.layout, version)
            self.show.line(
                f"DATA has no folder incoming/: the first {copied} photos of the test split "
                f"were copied to {place}, with their true classes"
            )


__all__ = ["Data", "RunFailed", "Session"]
