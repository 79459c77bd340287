"""Documentation of the operators' tasks of an endpoint change; see `dag_factory.job_docs`."""

_RIGHTS = """
- *AccessDenied*: give Airflow's role the right that the message names, as in
  docs/iam/airflow.json, then clear the task.
- *ValidationException*: SageMaker cannot use the role, the image or the model's data. The message
  names it. Fix it, then clear the task.
"""

_QUOTA = """\
- *ResourceLimitExceeded*: an update runs old and new instances side by side. The DAG preflight has
  the command that requests an increase. Then clear the task.
"""

ENSURE_ENDPOINT_CONFIG = f"""
Create the endpoint configuration, or use the existing one of that name.
{_RIGHTS}\
- Any other failure: fix what the message names, then clear the task.
"""

DEPLOY = f"""
Create the endpoint with the new configuration, or update it.
{_RIGHTS}{_QUOTA}\
- *Updating*: another run's update is in progress. Clear the task after it has ended.
- *since this was planned*: another run has changed what the endpoint serves. Clear `plan` and its
  downstream tasks.
- Any other failure: fix what the message names, then clear the task.
"""

TRACK_ENDPOINT = """
Wait until the endpoint serves exactly the new configuration, without holding a worker slot.

- *the timeout of this task has passed*: the update goes on, and says nothing against the model. The
  limit is two hours and the duration of `endpoint.traffic`; a retry continues to wait. After the
  last retry, clear the task.
- *next try repeats the update*: SageMaker had no capacity or an internal error. The task deploys
  again, up to three times. After that, choose another `endpoint.instance_type`, or trigger the DAG
  later.
- Any other failure: an alarm or the health check stopped the update, and the former model serves.
  See the endpoint's log for the cause. `reject_package` has rejected the package if the model is at
  fault. For other causes, such as a missing right, the package keeps its status, and `withdraw`
  logs the reason: fix it, then trigger the DAG again. If AWS did not answer, clear this task.
"""

RESTORE = f"""
Update the endpoint to the configuration that served before this run.

Until this task and `track_restore` have succeeded, the rejected model serves.
{_RIGHTS}{_QUOTA}\
- *since this was planned*: another run has deployed another model since. Nothing has to be
  restored: leave this run as it is.
- Any other failure: fix the cause at once, then clear the task and its downstream tasks.
"""

TRACK_RESTORE = """
Wait until the endpoint serves the former configuration, without holding a worker slot.

- Any failure: the rejected model may still serve. Fix the cause that the message names at once,
  then clear `restore` and its downstream tasks.
"""
