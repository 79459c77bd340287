"""A retry policy that knows what AWS's errors mean."""

from typing import Any

from airflow.sdk import ExceptionRetryPolicy, RetryDecision

from sagemaker_jobs.aws_errors import error_message, is_permanent


class AwsRetryPolicy(ExceptionRetryPolicy):
    """Fails at once what AWS refuses for good, in any task that asks AWS; else its rules count.

    boto3 has one class for all that a service answers, so a rule by class cannot tell a full quota
    from a missing right.
    """

    def evaluate(self, exception: BaseException, *args: Any, **kwargs: Any) -> RetryDecision:
        """Decide about one error."""
        if is_permanent(exception):
            return RetryDecision.fail(f"AWS refuses it for good: {error_message(exception)}")
        return super().evaluate(exception, *args, **kwargs)
