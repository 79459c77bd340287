"""The sections of a pipeline's YAML."""
