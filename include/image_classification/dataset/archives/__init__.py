"""Archives as streams of files, none of which is ever extracted."""
