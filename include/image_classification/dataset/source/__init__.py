"""Raw sources: their layouts, opened as classes and a stream of photos."""
