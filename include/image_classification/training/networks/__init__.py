"""Network architectures, and the precision they are computed in."""
