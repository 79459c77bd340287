"""Published weights of the catalogue: found in a folder or a package, downloaded, checked, kept."""
