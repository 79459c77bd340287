"""Memory and time of the container's commands at a number of images: `benchmarks.scale`."""
