"""Downloads from the web, stored as drafts in S3 until they are complete."""
