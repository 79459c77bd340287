"""Labels of users, merged into a dataset version: corrections, new photos, unusable photos."""
