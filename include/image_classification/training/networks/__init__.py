"""Network architectures and their precision."""
