"""Class folders: which folders are classes, and which splits their photos have."""
