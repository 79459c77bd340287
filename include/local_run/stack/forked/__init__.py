"""What runs in the process that imports Airflow once, and in its forks."""
