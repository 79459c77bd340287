"""What the pages read: S3 objects, the registry, the endpoint, jobs and Airflow's runs."""
