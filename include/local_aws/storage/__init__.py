"""S3: SeaweedFS as a child process, and the moves between it and disk."""
