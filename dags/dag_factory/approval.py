"""Tasks that ask an operator whether a candidate may serve.

A DAG is built before the deployment is known, so these tasks exist where any deployment of the
pipeline has `promotion.approval: ask`. Whether a run asks is decided by the running deployment.
Imported only where a pipeline asks: the HITL operator costs every parse 30 ms.
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
from dag_factory.timeouts import TIMEOUT_MARGIN
from include.config import Pipeline
from include.decisions.promotion.approval import APPROVE, REJECT


class ApprovalQuestionOperator(HITLOperator):
    """Ask for an answer within the hours that the running deployment allows.

    Not Airflow's ApprovalOperator: that one skips what follows a no, and leaves no XCom of who
    answered.

    Args:
        response_hours: An XCom with the hours; `response_timeout` is the largest of any deployment.
        **kwargs: HITLOperator's own arguments; `assigned_users` may be an XCom, too.
    """

    template_fields = (*HITLOperator.template_fields, "response_hours", "assigned_users")

    def __init__(self, *, response_hours: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.response_hours = response_hours

    def execute(self, context: Context) -> Any:
        """Ask, and wait without a slot."""
        self.response_timeout = timedelta(hours=self.response_hours)
        return super().execute(context)


@task
def prepare_question(pipeline: str, registered: dict[str, Any]) -> dict[str, Any]:
    """Skip unless this deployment asks about this model; else notify the operators.

    Returns:
        The question's `subject` and `body`, `hours`, how long an answer is waited for, and
        `approvers`, who may answer: empty for whoever may in Airflow.
    """
    from include.decisions.promotion.approval import decide_question, question

    promotion = load_context(pipeline).pipeline.promotion
    skip_unless(decide_question(promotion.approval, registered["verdict"], registered["reason"]))
    approvers = [approver.model_dump() for approver in promotion.approvers]
    asked = question(pipeline, registered, [approver["name"] for approver in approvers])
    notify_now("approval", asked["subject"], asked["body"], "answer it there: Approve or Reject.")
    return {**asked, "hours": promotion.approval_hours, "approvers": approvers}


# Two upstream tasks: `register` and `ask_person`. A question that was skipped must not skip the
# promotion; a registration that was skipped, or a failure of either, must.
@task(trigger_rule=TriggerRule.NONE_FAILED_MIN_ONE_SUCCESS, multiple_outputs=False)
def take_answer(
    pipeline: str, registered: dict[str, Any], answer: dict[str, Any] | None
) -> dict[str, Any]:
    """Approve or reject the package in the registry, in the name of the person who answered.

    Without an answer the package stays as it is, and can still be approved in the registry. Where
    this deployment does not ask, return what was registered: then the limits alone decide.
    """
    from include.decisions.promotion.approval import decide_approval, decide_question, responder
    from include.decisions.registry.packages import approve, reject

    site, package = load_context(pipeline), registered["package"]
    approval = site.pipeline.promotion.approval
    # Not by the answer's absence: a skipped task keeps the XCom of a run before a clear.
    if not decide_question(approval, registered["verdict"], registered["reason"]).go:
        return registered
    if answer is None:
        raise RuntimeError("ask_person left no answer in its XCom: clear prepare_question")
    decision = decide_approval(answer, registered["reason"])
    if not decision.go and responder(answer):
        reject(site.sagemaker, package, decision.reason)
    skip_unless(decision)
    approve(site.sagemaker, package, decision.reason)
    return {**registered, "verdict": "promote", "reason": decision.reason}


def add_approval(pipeline: Pipeline, registered: Any) -> Any:
    """Add the tasks that ask an operator, and return the XCom of what may be announced."""
    longest = timedelta(hours=max(each.promotion.approval_hours for each in pipeline.variants))
    asked: Any = prepare_question(pipeline.name, registered)
    ask_person = ApprovalQuestionOperator(
        task_id="ask_person",
        subject=asked["subject"],
        body=asked["body"],
        options=[APPROVE, REJECT],
        defaults=REJECT,
        response_hours=asked["hours"],
        assigned_users=asked["approvers"],
        response_timeout=longest,
        execution_timeout=longest + TIMEOUT_MARGIN,
        params={"why": params.why()},
    )
    answer: Any = ask_person.output
    return take_answer(pipeline.name, registered, answer)
