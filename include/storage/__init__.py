"""S3 layout and the JSON records that stages write."""
