"""Rules of botocore's service model: patterns, lengths, enums."""
