"""The sections of a pipeline's YAML, one class a section."""

from __future__ import annotations

import csv
import io
import math
from collections import Counter
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from include.config.hyperparameters import Hyperparameters
from include.config.instances import Machine, TransformMachine
from include.config.sections.web_file import WebFile
from include.config.strict import Strict
from include.contracts.limits import MOST_PIXELS


def _class_choice(value: Any) -> Any:
    """Take a class's name as it is, and its 1-based number as text."""
    if type(value) is not int:
        return value
    if value < 1:
        raise ValueError("classes are numbered from 1; a name that is a number needs quotes")
    return str(value)


# A name, or a 1-based number, which YAML may well have without quotes.
ClassChoice = Annotated[str, Field(min_length=1), BeforeValidator(_class_choice)]
ClassChoices = Annotated[
    Annotated[int, Field(ge=2), Tag("~number")]
    | Annotated[list[ClassChoice], Field(min_length=2), Tag("~list")],
    Discriminator(lambda value: "~list" if isinstance(value, list) else "~number"),
]
Share = Annotated[float, Field(gt=0, lt=1)]
Proportion = Annotated[float, Field(ge=0, le=1)]

LONGEST_ARGUMENT = 256
"""SageMaker's limit for one argument of a processing job."""

PROVISIONING = timedelta(hours=2)
"""How long an endpoint's new machines may take, from their request to their first good ping."""

SETTLE_MINUTES = 5
"""How long a source that others upload must have been left alone, unless it says otherwise."""


def _comma_separated(classes: list[str]) -> str:
    """Write names and numbers as one line, names that hold a comma in double quotes."""
    line = io.StringIO()
    csv.writer(line, lineterminator="").writerow(classes)
    # One number alone would mean so many first classes.
    return line.getvalue() + ("," if len(classes) == 1 else "")


class Source(Strict):
    """Where the raw data comes from, and in which layout it is."""

    layout: Literal["stanford_cars", "class_folders", "list"]
    uri: Annotated[str, Field(pattern=r"^s3://[a-z0-9.\-]{3,63}/.+")] | None = Field(
        default=None, description="An S3 prefix; left out, <pipeline>/source/ in our own bucket"
    )
    urls: list[WebFile] = Field(
        default=[], description="Files that are fetched into <pipeline>/source/ when they change"
    )
    complete_marker: Annotated[str, Field(pattern=r"^[^/](.*[^/])?$")] | None = Field(
        default=None, description="An object that is written last: without it nothing is read"
    )
    settle_minutes: Annotated[int, Field(ge=0, le=24 * 60)] | None = Field(
        default=None,
        description="How long a changed source must be seen unchanged before it is read",
    )
    classes: ClassChoices | None = Field(
        default=None,
        description="The first n classes, or these by name or 1-based number; left out, all",
    )
    devkit: str | None = Field(
        default=None,
        description="Where a source has several devkits: the one to use, relative to the source",
    )

    @model_validator(mode="after")
    def _one_place(self) -> Source:
        if self.uri is not None and self.urls:
            raise ValueError("uri and urls exclude each other: leave one of them out")
        return self

    @model_validator(mode="after")
    def _the_devkit_is_one_of_the_source(self) -> Source:
        if self.devkit is None:
            return self
        if self.layout != "stanford_cars":
            raise ValueError(f"devkit is only for layout stanford_cars, not for {self.layout}")
        path = PurePosixPath(self.devkit)
        if not path.name or path.is_absolute() or ".." in path.parts:
            raise ValueError(
                f"devkit: {self.devkit!r} must be a path inside the source, such as car_devkit.tgz"
            )
        return self

    @model_validator(mode="after")
    def _no_file_takes_anothers_place(self) -> Source:
        names = Counter(file.file_name for file in self.urls)
        if twice := [name for name, count in names.items() if count > 1]:
            raise ValueError(
                f"urls: {', '.join(twice)}: each file keeps its name in the source's folder, where "
                "one would take the other's place: give one of them another name"
            )
        return self

    @model_validator(mode="after")
    def _plain_http_needs_a_hash(self) -> Source:
        plain = [f.file_name for f in self.urls if f.plain_mirrors and f.sha256 is None]
        if plain:
            raise ValueError(
                f"urls: {', '.join(plain)}: a mirror has http, where anybody on the way can change "
                "the file: give its sha256, or use https"
            )
        return self

    @model_validator(mode="after")
    def _nobody_marks_what_is_fetched(self) -> Source:
        if self.urls and self.complete_marker:
            raise ValueError("complete_marker is for a source that others upload: not with urls")
        return self

    @model_validator(mode="after")
    def _classes_fit_one_argument(self) -> Source:
        if len(self.classes_argument or "") > LONGEST_ARGUMENT:
            raise ValueError(
                f"classes: the names together may have {LONGEST_ARGUMENT} characters; "
                "say the classes' 1-based numbers instead"
            )
        return self

    @property
    def classes_argument(self) -> str | None:
        """The classes as the refresh program takes them, or None for all."""
        if isinstance(self.classes, list):
            return _comma_separated(self.classes)
        return None if self.classes is None else str(self.classes)


class Dataset(Strict):
    """How a source becomes a dataset version."""

    split: Literal["ratio", "source"] = "ratio"
    train_ratio: Share = 0.8
    validation_ratio: Share = 0.1
    boxes: Literal["whole", "crop"] = "whole"
    box_margin: Annotated[float, Field(ge=0, le=1)] = 0.0
    min_side: Annotated[int, Field(ge=1)] = 16
    max_pixels: Annotated[int, Field(ge=1, le=MOST_PIXELS)] = MOST_PIXELS
    quarantine_limit: Annotated[float, Field(ge=0, le=1)] = 0.05
    machine: Machine = Machine(instance_type="ml.c5.2xlarge", volume_gb=50)

    @model_validator(mode="after")
    def _a_margin_needs_a_box(self) -> Dataset:
        if self.box_margin and self.boxes == "whole":
            raise ValueError("box_margin is only for boxes: crop")
        return self

    @model_validator(mode="after")
    def _something_is_left_to_test(self) -> Dataset:
        if self.train_ratio + self.validation_ratio >= 1:
            raise ValueError(
                "train_ratio + validation_ratio must be below 1: the rest is the test split"
            )
        return self


class Conversion(Strict):
    """How a dataset version becomes RecordIO.

    Every value is part of its version, but what it runs on: `machine` and `instance_count`.
    """

    resize: Annotated[int, Field(ge=8, le=4096)] = 224
    fit: Literal["squash", "crop"] = "squash"
    quality: Annotated[int, Field(ge=1, le=100)] = 95
    instance_count: Annotated[int, Field(ge=1, le=20)] = 1
    machine: Machine = Machine(instance_type="ml.c5.2xlarge", volume_gb=50)


class Training(Strict):
    """Which image trains, on which machine, with which hyperparameters."""

    algorithm: Literal["own", "built-in"] = "own"
    machine: Machine = Machine(instance_type="ml.c5.4xlarge", volume_gb=50, max_runtime_minutes=720)
    instance_count: Annotated[int, Field(ge=1, le=20)] = 1
    spot: bool = False
    max_wait_minutes: Annotated[int, Field(ge=1, le=2 * 40320)] | None = None
    input_mode: Literal["File", "FastFile", "Pipe"] = Field(
        default="File", description="How record files get to the machine: copied first, or streamed"
    )
    start_from: Literal["scratch", "pretrained", "champion"] | None = Field(
        default=None,
        description="What a night starts from; left out, as use_pretrained_model says. champion: "
        "the best model so far, where it is of the same network and classes, else the same",
    )
    hyperparameters: Hyperparameters = Hyperparameters()

    @property
    def patience(self) -> timedelta:
        """How long the task that follows the job waits, for a spare machine, too."""
        wait = timedelta(minutes=self.longest_wait_minutes if self.spot else 0)
        return self.machine.patience + wait

    @property
    def longest_wait_minutes(self) -> int:
        """How long a spot job may take in all."""
        return self.max_wait_minutes or 2 * self.machine.max_runtime_minutes

    @model_validator(mode="after")
    def _the_image_runs_on_the_machine(self) -> Training:
        machine = self.machine.instance_type
        if self.algorithm == "built-in" and not self.machine.has_gpu:
            raise ValueError(
                f"machine.instance_type: {machine} has no GPU, and the built-in algorithm trains "
                "on GPUs only: use ml.g4dn.* or ml.g5.*, or algorithm: own"
            )
        if self.algorithm == "own" and self.machine.has_gpu:
            raise ValueError(
                f"machine.instance_type: {machine} has a GPU, which our image cannot use: "
                "use ml.c5.* or another CPU machine, or algorithm: built-in"
            )
        return self

    @model_validator(mode="after")
    def _the_image_knows_the_hyperparameters(self) -> Training:
        if self.algorithm == "built-in" and self.hyperparameters.own:
            raise ValueError(
                f"hyperparameters: {', '.join(self.hyperparameters.own)}: the built-in algorithm "
                "does not know it: leave it out, or use algorithm: own"
            )
        return self

    @model_validator(mode="after")
    def _several_machines_know_how_to_train_together(self) -> Training:
        if self.instance_count > 1 and self.hyperparameters.kv_store is None:
            raise ValueError(
                f"instance_count: {self.instance_count} needs hyperparameters.kv_store to be "
                "dist_sync or dist_async: that says how they train together"
            )
        return self

    @model_validator(mode="after")
    def _the_image_knows_the_input_mode(self) -> Training:
        if self.algorithm == "built-in" and self.input_mode == "FastFile":
            raise ValueError(
                "input_mode: FastFile: the built-in algorithm takes File or Pipe: use one of them, "
                "or algorithm: own"
            )
        return self

    @model_validator(mode="after")
    def _it_starts_from_what_there_is(self) -> Training:
        switch = self.hyperparameters.use_pretrained_model
        if self.start_from == "scratch" and switch:
            raise ValueError(
                "start_from: scratch contradicts hyperparameters.use_pretrained_model: 1"
            )
        if self.start_from == "pretrained" and not switch:
            raise ValueError("start_from: pretrained needs hyperparameters.use_pretrained_model: 1")
        return self

    @model_validator(mode="after")
    def _pretrained_weights_are_where_the_image_finds_them(self) -> Training:
        told = self.hyperparameters
        if not told.use_pretrained_model:
            return self
        if self.algorithm == "own" and told.pretrained_model_uri is None:
            raise ValueError(
                "hyperparameters.use_pretrained_model: 1 needs pretrained_model_uri and "
                "pretrained_model_sha256: our image brings no weights, the built-in algorithm does"
            )
        if self.algorithm == "built-in" and told.image_shape != "3,224,224":
            raise ValueError(
                "hyperparameters.use_pretrained_model: 1 needs image_shape to be 3,224,224, not "
                f"{told.image_shape}"
            )
        return self

    @model_validator(mode="after")
    def _spot_waits_at_least_as_long_as_it_runs(self) -> Training:
        wait = self.max_wait_minutes
        if wait is not None and not self.spot:
            raise ValueError("max_wait_minutes is only for spot: true")
        if wait is not None and wait < self.machine.max_runtime_minutes:
            raise ValueError(
                "max_wait_minutes must be at least machine.max_runtime_minutes "
                f"({self.machine.max_runtime_minutes})"
            )
        return self


class Evaluation(Strict):
    """How a candidate is judged: raw photos of a frozen split, answered by batch transform."""

    split: Literal["test", "validation"] = "test"
    transform: TransformMachine = TransformMachine()
    machine: Machine = Machine(instance_type="ml.c5.xlarge", volume_gb=30)


class Approver(Strict):
    """An Airflow user who may answer, as Airflow's HITL operators take assigned users.

    `id` is what the auth manager calls the user: the user name with SimpleAuthManager, the number
    of the user with FAB's. `name` is only shown; left out, it is the id.
    """

    id: Annotated[str, Field(min_length=1)]
    name: Annotated[str, Field(min_length=1)]

    @model_validator(mode="before")
    @classmethod
    def _an_id_alone_is_enough(cls, value: object) -> object:
        fields = value if isinstance(value, dict) else {"id": value}
        identity = fields.get("id")
        if type(identity) is int:
            identity = str(identity)
        return {"name": identity, **fields, "id": identity}


class Promotion(Strict):
    """When a candidate replaces the champion.

    All accuracies are shares of the evaluated images, from 0 to 1.
    """

    significance: Share = Field(
        default=0.05,
        description="The largest p of McNemar's test at which a gain over the champion, or over "
        "the most frequent class, is no chance",
    )
    margin: Proportion = Field(
        default=0.0, description="How much of top-1 newer data is worth, at most"
    )
    minimum_top1: Proportion = 0.0
    minimum_top5: Proportion = 0.0
    class_floor: Proportion | None = Field(
        default=None, description="The least top-1 of each class that class_floors does not name"
    )
    class_floors: dict[str, Proportion] = Field(
        default={}, description="The least top-1 of single classes, by name"
    )
    maximum_calibration_error: Proportion | None = Field(
        default=None, description="The largest expected calibration error, in 15 bins"
    )
    approval: Literal["automatic", "manual", "ask"] = Field(
        default="automatic",
        description="Who approves: the limits; a person in SageMaker's registry; or one whom the "
        "run asks in Airflow",
    )
    approval_hours: Annotated[int, Field(ge=1, le=23)] = Field(
        default=12, description="With ask: how long an answer is waited for"
    )
    approvers: list[Approver] = Field(
        default=[],
        description="With ask: the Airflow users who may answer; empty, whoever may in Airflow",
    )

    @model_validator(mode="after")
    def _approvers_are_asked(self) -> Promotion:
        if self.approvers and self.approval != "ask":
            raise ValueError(
                f"approvers is only for approval: ask, and it is {self.approval}: leave it out "
                "(approvers: [] in a deployment's overrides)"
            )
        return self

    @model_validator(mode="after")
    def _an_approver_is_named_once(self) -> Promotion:
        ids = Counter(approver.id for approver in self.approvers)
        if twice := [name for name, count in ids.items() if count > 1]:
            raise ValueError(f"approvers: {', '.join(twice)}: name each user once")
        return self


class Traffic(Strict):
    """How an update moves an endpoint's traffic from the old machines to the new ones.

    SageMaker's BlueGreenUpdatePolicy: after each step the alarms are watched for `wait_seconds`.
    """

    shift: Literal["all_at_once", "canary", "linear"] = "all_at_once"
    step_percent: Annotated[int, Field(ge=1, le=50)] | None = Field(
        default=None, description="canary: the first share of machines; linear: that of each step"
    )
    wait_seconds: Annotated[int, Field(ge=0, le=3600)] = 300

    @property
    def steps(self) -> int:
        """In how many steps the traffic moves; a canary's second is all the rest."""
        if self.shift == "linear" and self.step_percent:
            return math.ceil(100 / self.step_percent)
        return 2 if self.shift == "canary" else 1

    @property
    def duration(self) -> timedelta:
        """How long the new machines are watched, over all steps, until the old ones go."""
        return timedelta(seconds=self.steps * self.wait_seconds)

    @model_validator(mode="after")
    def _steps_have_a_size(self) -> Traffic:
        if self.shift == "all_at_once" and self.step_percent is not None:
            raise ValueError("step_percent is only for shift: canary or linear")
        if self.shift != "all_at_once" and self.step_percent is None:
            raise ValueError(f"shift: {self.shift} needs step_percent, such as 10")
        if self.shift == "linear" and self.step_percent is not None and self.step_percent < 10:
            raise ValueError(
                f"step_percent: {self.step_percent}: a step of shift: linear is at least 10"
            )
        return self


class Endpoint(Strict):
    """The machines that serve, and how a new model is tried there."""

    instance_type: Annotated[str, Field(pattern=r"^ml\.[a-z0-9\-]+\.[a-z0-9]+$")] = "ml.c5.xlarge"
    instance_count: Annotated[int, Field(ge=1)] = 1
    smoke_images: Annotated[int, Field(ge=1, le=50)] = 5
    rollback_alarms: list[Annotated[str, Field(min_length=1, max_length=255)]] = Field(
        default=[], max_length=10, description="CloudWatch alarms that roll an update back"
    )
    traffic: Traffic = Traffic()
    maximum_latency_ms: Annotated[float, Field(gt=0)] | None = Field(
        default=None, description="The most that an answer may take in the smoke test"
    )
    maximum_slowdown: Annotated[float, Field(ge=1)] | None = Field(
        default=10.0, description="How many times as long as the model before it may take"
    )
    keep_releases: Annotated[int, Field(ge=2)] = Field(
        default=5, description="So many last approved releases keep their model and configuration"
    )

    @property
    def patience(self) -> timedelta:
        """How long the task that follows an update waits."""
        return PROVISIONING + self.traffic.duration

    @model_validator(mode="after")
    def _steps_need_machines(self) -> Endpoint:
        if self.traffic.shift != "all_at_once" and self.instance_count < 2:
            raise ValueError(
                f"traffic.shift: {self.traffic.shift} needs instance_count of at least 2: traffic "
                "moves machine by machine"
            )
        return self


class Drift(Strict):
    """How far a batch may be from what its model was judged on before people are told.

    Both distances go from 0 to 1: the total variation distance of the predicted classes, and the
    Kolmogorov-Smirnov distance of the first guesses' probabilities.
    """

    classes: Proportion | None = Field(
        default=0.5, description="The largest distance of the predicted classes' mix; null: any"
    )
    confidence: Proportion | None = Field(
        default=0.2, description="The largest distance of how certain the answers are; null: any"
    )
    significance: Share = 0.01
    minimum_images: Annotated[int, Field(ge=1)] = 100
    retrain: bool = Field(
        default=False,
        description="Whether the next night then trains on the same data, once for each champion; "
        "only where training.start_from: champion makes that another model",
    )


class Batch(Strict):
    """How new images are predicted and reported."""

    transform: TransformMachine = TransformMachine()
    machine: Machine = Machine(instance_type="ml.c5.xlarge", volume_gb=30)
    max_images: Annotated[int, Field(ge=1)] = 10_000
    uncertain_below: Proportion = Field(
        default=0.5, description="First guesses less probable than this are listed for a person"
    )
    drift: Drift = Drift()
