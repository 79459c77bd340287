"""The channels that images come from: record files, listed photos, pipes."""
