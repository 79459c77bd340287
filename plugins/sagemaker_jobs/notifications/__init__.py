"""Notifications to an SNS topic, a webhook and the log, and deadlines of runs.

Airflow Variables name the receivers of an installation: `notify_sns_topic_arn` holds the ARN of a
topic, and `notify_webhook_connection` the id of an HTTP connection.
"""
