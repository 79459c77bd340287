"""Notifications to SNS, to webhooks and to the log, and deadlines."""
