"""A retry policy that recognizes permanent errors of AWS."""

from typing import Any

from airflow.sdk import ExceptionRetryPolicy, RetryDecision

from sagemaker_jobs.aws_errors import error_message, is_permanent


class AwsRetryPolicy(ExceptionRetryPolicy):
    """Fails a task at once on a permanent error of AWS; its rules decide about other errors.

    boto3 raises one class for all errors of a service, so a rule by class cannot distinguish
    a full quota from a missing permission.
    """

    def evaluate(self, exception: BaseException, *args: Any, **kwargs: Any) -> RetryDecision:
        """Decide whether to retry after an error."""
        if is_permanent(exception):
            return RetryDecision.fail(f"permanent error of AWS: {error_message(exception)}")
        return super().evaluate(exception, *args, **kwargs)
