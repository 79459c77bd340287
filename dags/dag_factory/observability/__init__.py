"""What tasks report of models and data: lineage, metrics, and the addresses of pages."""
