"""Tasks of nightly training before its training job."""
