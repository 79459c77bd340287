"""Decisions of nightly_training before a training job: train or skip, and from which weights."""
