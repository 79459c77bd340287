"""What every layout of a raw source becomes: classes, and a stream of photos."""
