"""The commands of the container image: refresh, im2rec, train, serve, evaluate, report.

A command runs as `python -m include.image_classification <command>`, and in SageMaker under the
same name. This package imports neither Airflow nor anything else of `include`.
"""
