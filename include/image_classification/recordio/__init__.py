"""RecordIO files and MXNet's image lists: readers and writers."""
