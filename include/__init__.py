"""What the DAGs are made of, and what they run: imported as ``include`` from the project root."""
