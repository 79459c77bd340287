"""The task that asks a person, and says in its run what came of it.

Imported only where a pipeline asks: the provider's operators take time to import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow.providers.standard.operators.hitl import ApprovalOperator

from image_families.skipping import REASON
from include.policies.approval import answered

if TYPE_CHECKING:
    from airflow.sdk import Context


class AskPerson(ApprovalOperator):
    """Asks for a yes or no; after a no what follows is skipped, and the XCom `reason` has why."""

    def execute_complete(self, context: Context, event: dict[str, Any]) -> Any:
        """Take the answer up; Airflow calls it when there is one, or when the time is over."""
        # First: a no leaves this method by an exception, which is how Airflow skips.
        if "error" not in event:
            context["ti"].xcom_push(key=REASON, value=answered(self.subject, event))
        return super().execute_complete(context, event)
