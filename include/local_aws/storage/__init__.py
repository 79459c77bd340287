"""S3: SeaweedFS as a child process, and transfers between S3 and the disk."""
