"""Dataset versions: manifest, split, duplicates, leakage, changes, page."""
