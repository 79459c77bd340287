"""Who may use the server: the folder's owner, the keys, and the files that lead clients here."""
