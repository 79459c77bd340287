"""From a raw source to an immutable, versioned dataset."""
