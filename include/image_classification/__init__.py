"""The container image's programs: refresh, im2rec, train, serve, evaluate, report.

Each runs by hand as `python -m include.image_classification <program>` and by SageMaker under the
same name. This package imports neither Airflow nor anything else of `include`.
"""
