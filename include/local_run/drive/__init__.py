"""Drives the five DAGs over Airflow's REST API, shows what happens, and gathers the results."""
