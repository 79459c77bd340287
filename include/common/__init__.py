"""Small modules without dependencies that the DAG side and the container share."""
