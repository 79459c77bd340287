"""The packages behind the DAGs, and the container: imported as ``include`` from the root."""
