"""Child processes that cannot outlive the server, and free ports for them."""
