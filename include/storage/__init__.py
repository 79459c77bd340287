"""S3 keys, and the JSON records that stages exchange."""
