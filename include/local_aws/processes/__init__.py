"""Child processes that end with the server, their isolation and ports."""
