"""Section `promotion`: when a candidate replaces the champion, and who approves it."""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Literal

from pydantic import Field, model_validator

from include.config.strict import Fraction, OpenFraction, Strict


class Approver(Strict):
    """An Airflow user who may approve, as Airflow's HITL operators take assigned users.

    `id` is the auth manager's id of the user: the user name with SimpleAuthManager, the user's
    number with FAB's. `name` is only displayed; default: the id.
    """

    id: Annotated[str, Field(min_length=1)]
    name: Annotated[str, Field(min_length=1)]

    @model_validator(mode="before")
    @classmethod
    def _accept_id_alone(cls, value: object) -> object:
        fields = value if isinstance(value, dict) else {"id": value}
        identity = fields.get("id")
        if type(identity) is int:
            identity = str(identity)
        return {"name": identity, **fields, "id": identity}


class Promotion(Strict):
    """Limits of the promotion decision, and its approval.

    All accuracies are shares of the evaluated images, from 0 to 1.
    """

    significance: OpenFraction = Field(
        default=0.05,
        description="The largest p value of McNemar's test at which a gain over the champion, or "
        "over always answering the most frequent class, counts as significant",
    )
    margin: Fraction = Field(
        default=0.0,
        description="How much lower the top-1 of a candidate trained on newer data may be",
    )
    minimum_top1: Fraction = 0.0
    minimum_top5: Fraction = 0.0
    class_floor: Fraction | None = Field(
        default=None, description="The minimum top-1 of each class that class_floors does not name"
    )
    class_floors: dict[str, Fraction] = Field(
        default={}, description="The minimum top-1 of single classes, by name"
    )
    maximum_calibration_error: Fraction | None = Field(
        default=None, description="The maximum expected calibration error, in 15 bins"
    )
    approval: Literal["automatic", "manual", "ask"] = Field(
        default="automatic",
        description="Who approves: the limits alone; a user in SageMaker's registry; or a user "
        "whom the run asks in Airflow",
    )
    approval_hours: Annotated[int, Field(ge=1, le=23)] = Field(
        default=12, description="With ask: how long the run waits for an answer"
    )
    approvers: list[Approver] = Field(
        default=[],
        description="With ask: the Airflow users who may answer; default: all with permission",
    )

    @model_validator(mode="after")
    def _check_approvers_are_asked(self) -> Promotion:
        if self.approvers and self.approval != "ask":
            raise ValueError(
                f"approvers is only for approval: ask, and it is {self.approval}: leave it out "
                "(approvers: [] in a deployment's overrides)"
            )
        return self

    @model_validator(mode="after")
    def _check_approvers_are_unique(self) -> Promotion:
        ids = Counter(approver.id for approver in self.approvers)
        if repeated := [name for name, count in ids.items() if count > 1]:
            raise ValueError(f"approvers: {', '.join(repeated)}: name each user once")
        return self
