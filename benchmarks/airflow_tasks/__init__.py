"""Work of each Airflow task of a night on a worker, by the number of known images."""
