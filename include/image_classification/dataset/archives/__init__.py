"""Archives, read as streams of files without extraction."""
