"""Reports of a batch of predictions: tables, gallery, drift."""
