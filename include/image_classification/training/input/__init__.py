"""Input channels: record files, listed photos, and pipes."""
