"""From a raw source to an immutable, versioned data set."""
