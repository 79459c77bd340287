"""Tasks that ask a user whether a candidate may be deployed.

A DAG is built before its deployment is known, so these tasks exist if any deployment of the
pipeline has `promotion.approval: ask`. The running deployment decides whether a run asks. DAG files
import this module only if a pipeline asks: the HITL operator adds 30 ms to every parse.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Context, TriggerRule, task

from dag_factory import params
from dag_factory.notifications import notify_now
from dag_factory.run_context import load_context
from dag_factory.skipping import skip_unless
from dag_factory.timeouts import TIMEOUT_MARGIN, approval_timeout
from include.config import Pipeline
from include.decisions.promotion.approval import APPROVE, REJECT

ASK_TASK = "ask_person"

ASK_DOC = """
Ask under *Required Actions* whether the candidate may be deployed, without holding a worker slot.

- Any failure: fix what the message names, then clear `prepare_question` and its downstream tasks.
- Waits: approve or reject the candidate under *Required Actions*. Without an answer within
  `promotion.approval_hours` the downstream tasks are skipped.
- Skipped: this deployment does not ask, or the candidate was not good enough.
"""


class ApprovalQuestionOperator(HITLOperator):
    """Ask for an answer within the hours that the running deployment allows.

    Not Airflow's ApprovalOperator, which skips all downstream tasks after a rejection and pushes
    no XCom of who answered.

    Args:
        response_hours: An XCom with the hours; `response_timeout` is the largest of any deployment.
        **kwargs: HITLOperator's arguments; `assigned_users` may be an XCom, too.
    """

    template_fields = (*HITLOperator.template_fields, "response_hours", "assigned_users")

    def __init__(self, *, response_hours: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.response_hours = response_hours

    def execute(self, context: Context) -> Any:
        """Ask, and defer until a user answers."""
        self.response_timeout = timedelta(hours=self.response_hours)
        return super().execute(context)


@task
def prepare_question(pipeline: str, registered: dict[str, Any]) -> dict[str, Any]:
    """Skip unless this deployment asks about this candidate; else notify the approvers.

    Returns the question's `subject` and `body`, the `hours` until the timeout, and the `approvers`
    who may answer. An empty list means every user with the right in Airflow.

    - Any failure: fix what the message names, then clear the task.
    - Skipped: this deployment does not ask, or the candidate was not good enough. A candidate that
      was promoted without a question continues at `announce`.
    """
    from include.decisions.promotion.approval import decide_question, question

    promotion = load_context(pipeline).pipeline.promotion
    skip_unless(decide_question(promotion.approval, registered["verdict"], registered["reason"]))
    approvers = [approver.model_dump() for approver in promotion.approvers]
    asked = question(pipeline, registered, [approver["name"] for approver in approvers])
    advice = "answer it there: Approve or Reject."
    notify_now("approval", asked["subject"], asked["body"], advice, ASK_TASK)
    return {**asked, "hours": promotion.approval_hours, "approvers": approvers}


# Two upstream tasks: `register` and `ask_person`. A skipped question must not skip the promotion;
# a skipped registration, or a failure of either, must.
@task(trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS, multiple_outputs=False)
def take_answer(
    pipeline: str, registered: dict[str, Any], answer: dict[str, Any] | None
) -> dict[str, Any]:
    """Approve or reject the package in the registry, in the name of the user who answered.

    If this deployment does not ask, return what was registered: the limits alone decide.

    - *ask_person left no answer*: clear `prepare_question` and its downstream tasks.
    - Any other failure: fix what the message names, then clear the task.
    - Skipped: a user rejected the candidate, whose package is Rejected with name and reason; or
      nobody answered in time, and the package can still be approved in SageMaker's registry. The
      reason says which.
    """
    from include.decisions.promotion.approval import decide_approval, decide_question, responder
    from include.decisions.registry.packages import approve, reject

    run, package = load_context(pipeline), registered["package"]
    approval = run.pipeline.promotion.approval
    # Not by the answer's absence: a skipped task keeps the XCom from before it was cleared.
    if not decide_question(approval, registered["verdict"], registered["reason"]).go:
        return registered
    if answer is None:
        raise RuntimeError("ask_person left no answer in its XCom: clear prepare_question")
    decision = decide_approval(answer, registered["reason"])
    if not decision.go and responder(answer):
        reject(run.sagemaker, package, decision.reason)
    skip_unless(decision)
    approve(run.sagemaker, package, decision.reason)
    return {**registered, "verdict": "promote", "reason": decision.reason}


def add_approval(pipeline: Pipeline, registered: Any) -> Any:
    """Add the tasks that ask for approval; return the XCom of the candidate to announce."""
    timeout = approval_timeout(pipeline)
    asked: Any = prepare_question(pipeline.name, registered)
    ask_person = ApprovalQuestionOperator(
        task_id=ASK_TASK,
        subject=asked["subject"],
        body=asked["body"],
        options=[APPROVE, REJECT],
        defaults=REJECT,
        response_hours=asked["hours"],
        assigned_users=asked["approvers"],
        response_timeout=timeout,
        execution_timeout=timeout + TIMEOUT_MARGIN,
        params={"why": params.why()},
        doc_md=ASK_DOC,
    )
    answer: Any = ask_person.output
    return take_answer(pipeline.name, registered, answer)
