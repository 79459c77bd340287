"""Whether a machine can run this server, and how well."""
