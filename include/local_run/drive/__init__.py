"""Run the five DAGs through Airflow's REST API, print progress, and collect the results."""
