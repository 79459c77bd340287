"""What training learns, and from what: comparisons on real photos, several seeds each."""
