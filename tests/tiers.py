"""Tiers of the suite: what a test needs decides its marker, by folder or file.

A test in no other tier is `fast`. `make test-fast` runs these alone, `make test` everything.
"""

SLOW: dict[str, tuple[str, ...]] = {
    # The whole chain through Airflow and the local AWS.
    "end_to_end": ("end_to_end",),
    # Airflow's database, or a process that loads all DAGs.
    "airflow": (
        "dags/test_backfilled_nights.py",
        "dags/test_job_sweep.py",
        "dags/test_parse_cost.py",
        "dags/dag_factory/test_run_params.py",
        "dags/test_shapes.py",
        "include/local_run/stack/test_api_server.py",
        "plugins/model_page/test_in_airflow.py",
        "plugins/sagemaker_jobs/notifications/test_deadline_in_airflow.py",
        "plugins/sagemaker_jobs/test_in_airflow.py",
        "test_mwaa_bundle.py",
        "test_requirements.py",
    ),
    # The local AWS, SeaweedFS, model servers, or other programs that the test starts and awaits.
    "server": (
        "include/image_classification/selection/screening",
        "include/image_classification/fetching",
        "include/decisions/test_pointer.py",
        "include/image_classification/dataset/test_crashes.py",
        "include/image_classification/serving/test_serve.py",
        "include/image_classification/serving/test_workers.py",
        "include/image_classification/test_main.py",
        "include/local_aws/access/test_access.py",
        "include/local_aws/access/test_request_guard.py",
        "include/local_aws/access/test_second_user.py",
        "include/local_aws/api/test_registry.py",
        "include/local_aws/clients",
        "include/local_aws/containers/test_entrypoint.py",
        "include/local_aws/containers/test_pipes.py",
        "include/local_aws/containers/test_server_process.py",
        "include/local_aws/endpoints/test_endpoints.py",
        "include/local_aws/endpoints/test_updates.py",
        "include/local_aws/jobs",
        "include/local_aws/kills",
        "include/local_aws/observability/test_training_metrics.py",
        "include/local_aws/processes",
        "include/local_aws/status/test_page.py",
        "include/local_aws/storage",
        "include/local_aws/test_doctor.py",
        "include/local_aws/test_example.py",
        "include/local_aws/test_move.py",
        "include/local_aws/test_resources.py",
        "include/local_aws/test_restart.py",
        "include/local_aws/test_server.py",
        "include/local_aws/test_startup.py",
        "include/local_aws/updates",
        "include/local_run/stack/test_supervisor.py",
        "include/test_preflight.py",
        "plugins/model_page/test_morning.py",
        "plugins/sagemaker_jobs/endpoints/test_updates_under_load.py",
        "plugins/sagemaker_jobs/jobs/test_sweep.py",
        "plugins/sagemaker_jobs/test_throttling.py",
        "test_closed_stdout.py",
        "test_compose_local_aws.py",
        "test_examples.py",
        "test_makefile.py",
    ),
    # MXNet.
    "training": (
        "benchmarks/efficientnet",
        "include/image_classification/conversion/test_im2rec.py",
        "include/image_classification/conversion/test_image_list.py",
        "include/image_classification/conversion/test_list_records.py",
        "include/image_classification/dataset/source/test_image_lists.py",
        "include/image_classification/model/test_artifact.py",
        "include/image_classification/model/test_inference_graph.py",
        "include/image_classification/model/test_relu6.py",
        "include/image_classification/quantization",
        "include/image_classification/recordio",
        "include/image_classification/test_mxnet_import.py",
        "include/image_classification/training",
    ),
}
"""Folders and files below tests/, by marker."""


def tier(path: str) -> str:
    """Return the marker of a test file.

    Args:
        path: The file, relative to tests/, with forward slashes.
    """
    for marker, places in SLOW.items():
        if any(path == place or path.startswith(f"{place}/") for place in places):
            return marker
    return "fast"
